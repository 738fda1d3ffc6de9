"""A finished experiment as a store hands it out: two studies of 20 trials, 8 of them diverged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from tests.factories import experiment, record

from etude.advise.ending import Ending, NextStep, Reason
from etude.analyze.analysis import Analysis
from etude.analyze.registry import NOT_CHECKED
from etude.design.split import split
from etude.experiment import Experiment
from etude.experiment.change import Change
from etude.experiment.entry import Launch
from etude.finding import Recommendation, Verdict
from etude.record import POINT, Points, Record
from etude.report.inputs import Inputs
from etude.search.sobol import points
from etude.space import Real, Scalar
from etude.study import Study, derived_seed

METRICS = ("valid/error", "train/loss", "valid/loss")
STEPS = np.arange(19, 1000, 20)


def demo(**changes: object) -> Experiment:
    """Nesterov momentum or Adam, as in the demo."""
    given: dict[str, object] = {
        "name": "optimizer",
        "question": "Does Nesterov momentum or Adam reach the lower validation error?",
        "max_steps": 1000,
        "evaluations": 50,
        "seed": 3,
        "validation_examples": 1400,
        "scientific": {"optimizer": ["nesterov", "adam"]},
        "nuisance": {
            "weight_decay": Real(1e-6, 1e-2, log=True),
            "when": {
                "optimizer": {
                    "nesterov": {
                        "learning_rate": Real(1e-3, 10.0, log=True),
                        "momentum": Real(0.7, 0.999, scale="one_minus_log"),
                    },
                    "adam": {
                        "learning_rate": Real(1e-5, 3e-3, log=True),
                        "beta1": Real(0.7, 0.999, scale="one_minus_log"),
                    },
                }
            },
        },
        "fixed": {"batch_size": 64, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}},
    }
    return experiment(**{**given, **changes})


@cache
def studies() -> tuple[Study, ...]:
    """The studies of the experiment."""
    return tuple(split(demo()))


@cache
def records() -> tuple[Record, ...]:
    """The trials of both studies, all ended."""
    return tuple(
        trial(study, id=20 * place + index, index=index)
        for place, study in enumerate(studies())
        for index in range(20)
    )


def trial(study: Study, *, id: int, index: int) -> Record:
    """One trial: a bowl in the logarithms of rate and momentum, and divergence beyond a line."""
    unit_D = points(study.space.dimensions, study.seed, index + 1)[index].tolist()
    setting = study.setting(study.space.setting(unit_D))
    rng = np.random.default_rng(derived_seed(study.seed, index))
    if _diverges(setting):
        return _record(
            study, id, setting, _diverged_values(rng), status="infeasible", reason="diverged"
        )
    return _record(study, id, setting, _trained_values(_floor(setting), rng), status="completed")


def untouched(study: Study, id: int = 0) -> Record:
    """A trial that has not begun."""
    return record(study, id, index=0, seed=1)


def _effective_rate(setting: Mapping[str, object]) -> float:
    """The logarithm of the rate that momentum multiplies, with the optimum of both near 0."""
    momentum = float(str(setting.get("momentum", setting.get("beta1"))))
    adam = setting["optimizer"] == "adam"
    rate = float(str(setting["learning_rate"]))
    return math.log10(rate) + 2.6 if adam else math.log10(rate / (1 - momentum))


def _diverges(setting: Mapping[str, object]) -> bool:
    return _effective_rate(setting) > 1.25


def _floor(setting: Mapping[str, object]) -> float:
    away = _effective_rate(setting) - (0.1 if setting["optimizer"] == "nesterov" else 0.2)
    decay = math.log10(float(str(setting["weight_decay"]))) + 4
    return 0.0215 + 0.02 * away**2 + 0.0009 * decay**2


def _trained_values(floor: float, rng: np.random.Generator) -> np.ndarray:
    pace = 60 + 2500 * (floor - 0.02)
    falling = np.exp(-(STEPS + 1) / pace)
    noise = rng.normal(0, 0.06, (3, len(STEPS)))
    error = (floor + (0.88 - floor) * falling) * np.exp(noise[0] * 0.8)
    train = (0.6 * floor + 2.25 * falling) * np.exp(noise[1])
    valid = (3.2 * floor + 2.2 * falling) * np.exp(noise[2] * 0.6) * (1 + STEPS / 9000)
    return np.round(np.stack([error, train, valid]), 5)


def _diverged_values(rng: np.random.Generator) -> np.ndarray:
    length = int(rng.integers(4, 14))
    growth = np.exp(np.linspace(0, 7, length))
    return np.stack([np.full(length, 0.9), 2.3 * growth, 2.3 * growth])


def _record(
    study: Study, id: int, setting: Mapping[str, Scalar], values: np.ndarray, **ending: str
) -> Record:
    length = values.shape[1]
    rows = np.empty(3 * length, POINT)
    rows["step"] = np.tile(STEPS[:length], 3)
    rows["metric"] = np.repeat([0, 1, 2], length)
    rows["value"] = values.reshape(-1)
    return record(
        study,
        id,
        setting=setting,
        index=id % 20,
        seed=derived_seed(study.seed, id),
        steps=int(STEPS[length - 1]) + 1,
        wall_s=3.2,
        points=Points(rows, METRICS),
        **ending,
    )


def verdict() -> Verdict:
    """An answer that the evidence leaves open."""
    return Verdict(
        status="unclear",
        winner="optimizer=nesterov",
        message=(
            "`optimizer=nesterov` leads with a validation error of 0.01963 against 0.02075 of "
            "`optimizer=adam`, but a gap of 0.0011 is within what the luck of the search and 1,400 "
            "validation examples can move (Q10, A2)."
        ),
        doubts=(
            "The best trials of `optimizer=adam` lie at the high end of `learning_rate`: its space "
            "is probably not wide enough, so it is not tuned as well as the other (C1, C14).",
            "No setting was trained again with another seed, so the retraining variance is "
            "unknown (A1, A2).",
            "Everything holds for `batch_size` = 64 and, with Adam, `epsilon` = 1e-8 only (R5).",
        ),
    )


def ending(**changes: Any) -> Ending:
    """What is said first: an answer that is open, why, and what to do next."""
    given: dict[str, Any] = {
        "word": "UNCLEAR",
        "line": "`optimizer=nesterov` leads `optimizer=adam` by 2 of 1,400 wrong, within noise",
        "table": (
            ("study", "valid/error", "wrong"),
            ("optimizer=nesterov", "0.0196", "27 of 1,400"),
            ("optimizer=adam", "0.0208", "29 of 1,400"),
        ),
        "best": ("Best setting, trial 3: learning_rate = 0.1, momentum = 0.9",),
        "reasons": tuple(Reason(text=f"Reason {at}", rules=("A2",)) for at in range(5)),
        "more": "etude check optimizer",
        "steps": (
            NextStep(command="etude next optimizer", text="Redraw the space", cost="40 trainings"),
            NextStep(command="", text="Look at the data"),
        ),
    }
    return Ending(**{**given, **changes})


def recommendations() -> tuple[Recommendation, ...]:
    """One side to widen."""
    return (
        Recommendation(
            rule="C1",
            change=Change(("nuisance", "when", "optimizer", "adam", "learning_rate"), "high", 0.03),
            old=0.003,
            because="Three of the best five trials of `optimizer=adam` lie in the highest tenth.",
        ),
        Recommendation(
            rule="C2",
            change=Change(("experiment", "trials"), "", 40),
            old=20,
            because="With 20 trials the best of a study still varies by more than the gap.",
        ),
    )


def analysis(**changes: Any) -> Analysis:
    """The analysis of the experiment, or of the studies and records that are given."""
    given = {"experiment": demo(), "studies": studies(), "records": records()}
    return Analysis(**{**given, **changes})


def content(**changes: Any) -> Inputs:
    """The content of its report; other studies and records make another analysis."""
    names = ("experiment", "studies", "records")
    other = {name: changes.pop(name) for name in names if name in changes}
    if other:
        changes["analysis"] = analysis(**other)
    given: dict[str, Any] = {
        "analysis": analysis(),
        "findings": analysis().findings,
        "verdict": verdict(),
        "recommendations": recommendations(),
        "ending": ending(),
        "not_checked": NOT_CHECKED,
        "launches": (
            Launch(
                command="etude run examples/optimizer/optimizer.toml --workers 2",
                folder="~/etude",
                process=4711,
                started="2025-11-20T20:40:12+00:00",
                commit="5c48845f0e2a",
                uncommitted="--- a/train.py\n+++ b/train.py\n-    width = 16\n+    width = 32\n",
                versions={"etude": "0.1.0", "python": "3.11.9", "torch": "2.13.0"},
            ),
        ),
        "text": '[experiment]\nname = "optimizer"\n',
        "date": "20 November 2025",
    }
    return Inputs(**{**given, **changes})

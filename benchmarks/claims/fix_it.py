"""How often a hyperparameter is said to explain little, and what its interval is worth.

A study searches two to five ranges and a choice at random. The response is a sum of components of
known variance: what the first hyperparameter does alone and together with another one, what the
others do alone and two of them together, and normal noise. The true total share is the variance of
all components of a hyperparameter, as a share of the variance of the response, noise included.
The trainings on MNIST are searches of 1,000 trials, of which a study is a sample: regressions on
all of them give the learning rate a total share of 39 % of the variance of the ranks and dropout
17 % (batch size 4 %), and 42 and 23 % of the variance of the accuracies.

Axes: T trials, D hyperparameters.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from etude.analyze.checks.importance import Importance, importance
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.space import Choice, Domain, Integer, Real, Scalar
from etude.study import Study

from .cell import Cell, Row

Floats: TypeAlias = NDArray[np.float64]

METRIC = "valid/error"
SIZES = (15, 20, 30, 50)
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
# Of what the first hyperparameter does, how much it does alone.
KINDS = {"alone": 1.0, "half and half": 0.5, "together": 0.0}
# So many points tell mean and variance of a component.
REFERENCE = 4000
MNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "search" / "mnist" / "trials.csv"
MNIST_SPACE: dict[str, Domain] = {
    "activation": Choice(["relu", "sigmoid", "tanh"]),
    "batch_size": Integer(16, 256, log=True),
    "dropout_rate": Real(0.0, 0.9),
    "learning_rate": Real(1e-4, 1e-1, log=True),
}


def study_of(domains: dict[str, Domain], seed: int, *, maximize: bool = False) -> Study:
    """A study of this space."""
    question = Experiment(
        metric=METRIC, maximize=maximize, max_steps=1, trials=100, nuisance=domains
    )
    return replace(split(question)[0], seed=seed)


def judged(
    study: Study, settings: Sequence[dict[str, Scalar]], values: Sequence[float | None]
) -> Importance:
    """What is said of trials with these values, infeasible where there is none."""
    records = [
        Record(
            id=trial,
            study=study.name,
            index=trial,
            setting=setting,
            seed=trial,
            status="infeasible" if value is None else "completed",
            points=Points(
                np.array([] if value is None else [(0, 0, value)], dtype=POINT), (METRIC,)
            ),
        )
        for trial, (setting, value) in enumerate(zip(settings, values, strict=True))
    ]
    return importance(study, outcomes(study, records))


def planted(rng: np.random.Generator, trials: int, share: float, **given: Any) -> Importance:
    """What is said of a study in which `x0` has this total share.

    Args:
        given: `noise`, its share (drawn of 10 to 60 % without); `kind`, a name of KINDS (drawn);
            `axes`, how many hyperparameters (3 to 5).
    """
    axes = given.get("axes") or int(rng.integers(3, 6))
    noise = given.get("noise") or float(rng.choice([0.1, 0.3, 0.6]))
    alone = KINDS[given.get("kind") or str(rng.choice(list(KINDS)))]
    domains: dict[str, Domain] = {f"x{axis}": Real(0.0, 1.0) for axis in range(axes)}
    domains[f"x{axes - 1}"] = Choice(["a", "b", "c"])
    unit_TxD = rng.uniform(size=(trials + REFERENCE, axes))
    parts = {(0,): share * alone, (0, int(rng.integers(1, axes))): share * (1 - alone)}
    rest = (1 - share - noise) * rng.dirichlet(np.ones(axes))
    parts |= {(axis,): rest[axis] for axis in range(1, axes)} | {(1, 2): rest[0]}
    values_T = np.sqrt(noise) * rng.normal(size=trials)
    for members, variance in parts.items():
        values_T = values_T + np.sqrt(variance) * _component(rng, unit_TxD, members)[:trials]
    study = study_of(domains, int(rng.integers(2**31)))
    settings = [study.space.setting(unit_D) for unit_D in unit_TxD[:trials].tolist()]
    return judged(study, settings, values_T.tolist())


def _component(rng: np.random.Generator, unit_TxD: Floats, members: Sequence[int]) -> Floats:
    """A function of one or two hyperparameters that is orthogonal to those of fewer, variance 1."""
    value_T = np.ones(len(unit_TxD))
    for axis in members:
        shape_T = _shape(rng, unit_TxD[:, axis], listed=axis == unit_TxD.shape[1] - 1)
        value_T = value_T * _standard(shape_T)
    return _standard(value_T)


def _standard(value_T: Floats) -> Floats:
    reference_T = value_T[-REFERENCE:]
    return np.asarray((value_T - reference_T.mean()) / reference_T.std())


def _shape(rng: np.random.Generator, unit_T: Floats, *, listed: bool) -> Floats:
    """A slope, a valley, a step, a bend or a wave; one level a value on the listed axis."""
    if listed:
        return np.asarray(rng.normal(size=3)[np.minimum(2, (3 * unit_T).astype(int))])
    shapes = (
        unit_T,
        (unit_T - rng.uniform(0.3, 0.7)) ** 2,
        (unit_T > rng.uniform(0.7, 0.85)).astype(float),
        np.maximum(0.0, unit_T - rng.uniform(0.3, 0.6)) ** 2,
        np.sin(2 * np.pi * (unit_T + rng.uniform())),
    )
    return np.asarray(shapes[int(rng.integers(len(shapes)))])


@cache
def _searches() -> dict[str, list[dict[str, str]]]:
    """The trials of convolutional networks, by search."""
    with MNIST.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "cnn"]
    return {run: [row for row in rows if row["run"] == run] for run in ("1", "2", "3")}


def trained(rng: np.random.Generator, trials: int) -> Importance | None:
    """What is said of so many trainings on MNIST; None where the data is absent."""
    if not MNIST.exists():
        return None
    searches = _searches()
    search = searches[str(rng.choice(list(searches)))]
    rows = [search[place] for place in rng.choice(len(search), trials, replace=False)]
    values = [float(row["accuracy_ep8"]) if row["accuracy_ep8"] else None for row in rows]
    study = study_of(MNIST_SPACE, int(rng.integers(2**31)), maximize=True)
    return judged(study, [_setting(row) for row in rows], values)


def _setting(row: dict[str, str]) -> dict[str, Scalar]:
    return {
        "activation": row["activation"],
        "batch_size": int(row["batch_size"]),
        "dropout_rate": float(row["dropout_rate"]),
        "learning_rate": float(row["learning_rate"]),
    }


def planted_status(
    seed: Sequence[int], status: str, trials: int, share: float, **given: Any
) -> tuple[int, int]:
    """Whether `x0` gets this status: `notice` is "fix it", `ok` that it matters."""
    result = planted(np.random.default_rng(seed), trials, share, **given)
    return int(result.influences[0].status == status), 1


def trained_status(
    seed: Sequence[int], status: str, trials: int, names: Sequence[str]
) -> tuple[int, int]:
    """How many of these get this status."""
    result = trained(np.random.default_rng(seed), trials)
    if result is None:
        return 0, 0
    named = [one for one in result.influences if one.hyperparameter in names]
    return sum(one.status == status for one in named), len(named)


def covered(
    seed: Sequence[int], trials: int, share: float, *, fixed: bool, **given: Any
) -> tuple[int, int]:
    """Whether the interval of the total share holds the truth; with `fixed` of fix-its only."""
    one = planted(np.random.default_rng(seed), trials, share, **given).influences[0]
    if one.low is None or one.high is None or (fixed and one.status != "notice"):
        return 0, 0
    return int(one.low <= share <= one.high), 1


def covered_pooled(
    seed: Sequence[int], trials: int, *, fixed: bool, **given: Any
) -> tuple[int, int]:
    """The same over all shares, as often each."""
    share = SHARES[seed[-1] % len(SHARES)]
    return covered([*seed, 1], trials, share, fixed=fixed, **given)


def _false() -> list[Cell]:
    group = "fix it, of a total share of 10 % or more"
    cells = [
        Cell(
            name=f"10 %, {trials} settings",
            group=group,
            measure=partial(planted_status, status="notice", trials=trials, share=0.1),
            limit=0.05,
            repeats=400,
        )
        for trials in SIZES
    ]
    cells += [
        Cell(
            name=f"10 % {kind}, noise {noise:.0%}, {trials} settings",
            group=group,
            measure=partial(
                planted_status, status="notice", trials=trials, share=0.1, kind=kind, noise=noise
            ),
            limit=0.05,
            repeats=400,
            full=True,
        )
        for trials in SIZES
        for kind in KINDS
        for noise in (0.1, 0.3)
    ]
    return cells + [
        Cell(
            name=f"MNIST, learning rate and dropout, {trials} settings",
            group="fix it, MNIST",
            measure=partial(
                trained_status,
                status="notice",
                trials=trials,
                names=("learning_rate", "dropout_rate"),
            ),
            limit=0.05,
            repeats=400,
        )
        for trials in SIZES
    ]


def _power() -> list[Cell]:
    cells = [
        Cell(
            name=f"{share:.0%}, noise {noise:.0%}, 100 settings",
            group="fixed where the total share is 0 to 1 %",
            measure=partial(planted_status, status="notice", trials=100, share=share, noise=noise),
            limit=0.5,
            at_most=False,
        )
        for share in (0.0, 0.01)
        for noise in (0.1, 0.3)
    ]
    cells += [
        Cell(
            name=f"{share:.0%}, noise {noise:.0%}, {trials} settings",
            group="fixed, for information",
            measure=partial(
                planted_status, status="notice", trials=trials, share=share, noise=noise
            ),
            limit=None,
            full=True,
        )
        for share, noise, trials in (
            (0.0, 0.6, 100),
            (0.01, 0.6, 100),
            (0.0, 0.1, 50),
            (0.0, 0.3, 50),
        )
    ]
    cells += [
        Cell(
            name=f"{share:.0%}, {trials} settings",
            group="said to matter, for information",
            measure=partial(planted_status, status="ok", trials=trials, share=share),
            limit=None,
            full=share == 0.1,
        )
        for share in (0.1, 0.2)
        for trials in (20, 50, 100)
    ]
    return cells + [
        Cell(
            name=f"MNIST, {name}, {trials} settings",
            group="said to matter, for information",
            measure=partial(trained_status, status="ok", trials=trials, names=(name,)),
            limit=None,
            full=True,
        )
        for name in ("learning_rate", "dropout_rate")
        for trials in (20, 30, 50, 100)
    ]


def _coverage() -> list[Cell]:
    cells = [
        Cell(
            name=f"all shares, {trials} settings",
            group="the interval holds the truth",
            measure=partial(covered_pooled, trials=trials, fixed=False),
            limit=0.92,
            at_most=False,
            repeats=300,
        )
        for trials in (20, 30, 50, 100)
    ]
    return cells + [
        Cell(
            name=f"fix-its, all shares, {trials} settings",
            group="the interval holds the truth among fix-its",
            measure=partial(covered_pooled, trials=trials, fixed=True),
            limit=0.88,
            at_most=False,
            repeats=repeats,
            full=trials == 30,
        )
        for trials, repeats in ((30, 2400), (50, 900), (100, 480))
    ]


ROW = Row(
    claim='"explains at most ... Fix it" (R2), and the interval of a total share',
    cells=(*_false(), *_power(), *_coverage()),
    rests_on=("analyze",),
)

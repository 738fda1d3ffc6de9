"""Who is compared with whom: the leader that was asked for, other studies and neighbours."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import etude
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.extension.contenders import Contender, contenders
from etude.procedure.opening import Training, known_of
from etude.space import Scalar
from etude.store import open_store

BASE = Experiment(
    name="short",
    metric="valid/loss",
    max_steps=2,
    trials=6,
    evaluations=1,
    scientific={"optimizer": ["sgd", "adam", "nadam"]},
    nuisance={"lr": etude.Real(1e-3, 10.0, log=True)},
)
# The loss of each optimizer at its best rate.
ENDS: dict[Scalar, float] = {"sgd": 0.1, "adam": 0.3, "nadam": 0.5}


def train(trial: etude.Trial) -> None:
    """`sgd` is the best; the loss grows with the distance from a rate of 0.1."""
    end = ENDS.get(trial.setting.get("optimizer", "sgd"), 0.0)
    for step in trial.steps():
        trial.report(step, {"valid/loss": end + 0.01 * math.log10(trial["lr"] / 0.1) ** 2})


def deep(trial: etude.Trial) -> None:
    """A depth of 1 is the best."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": float(trial["depth"])})


def without_adam(trial: etude.Trial) -> None:
    """`adam` breaks."""
    for step in trial.steps():
        trial.report(step, {"valid/loss": math.nan if trial["optimizer"] == "adam" else 1.0})


def known_after(base: Experiment = BASE, *, function: Any = train, **given: Scalar) -> Known:
    """What is known after the short round, with what was typed behind `--set`."""
    store = open_store("memory")
    etude.run(base, function, store=store, runner="inline")
    training = Training(store=store, folder=Path.cwd(), train=function, runner="inline")
    return known_of(base, training, given=given)


def rows(known: Known, family: str) -> dict[str, Contender]:
    """The contenders of one family by name."""
    found = contenders(known, studies=4, factor=3.0)
    return {one.name: one for one in found if one.family == family}


def best_of(known: Known, optimizer: str) -> dict[str, Scalar]:
    assert known.tried is not None
    best = known.tried.best_of({f"optimizer={optimizer}"})
    assert best is not None
    return dict(best.setting)


def test_the_study_that_was_asked_for_leads_with_its_best() -> None:
    known = known_after(optimizer="adam")

    leader = rows(known, "leader")

    assert list(leader) == ["optimizer=adam"]
    assert leader["optimizer=adam"].setting == best_of(known, "adam")
    assert leader["optimizer=adam"].study == "optimizer=adam"


def test_rivals_of_the_study_that_was_asked_for_keep_their_own_best() -> None:
    known = known_after(optimizer="adam")

    rivals = {name: dict(one.setting) for name, one in rows(known, "study").items()}

    assert rivals == {
        "optimizer=sgd": best_of(known, "sgd"),
        "optimizer=nadam": best_of(known, "nadam"),
    }


def test_a_typed_rate_stands_in_place_of_the_rivals_too() -> None:
    rivals = rows(known_after(optimizer="adam", lr=0.5), "study")

    settings = [dict(one.setting) for one in rivals.values()]
    assert settings == [{"optimizer": "sgd", "lr": 0.5}, {"optimizer": "nadam", "lr": 0.5}]


def test_a_value_of_no_study_leads_under_its_own_name() -> None:
    known = known_after(optimizer="lion")

    assert list(rows(known, "leader")) == ["optimizer=lion"]
    assert list(rows(known, "study")) == ["optimizer=sgd", "optimizer=adam", "optimizer=nadam"]


def test_a_study_that_was_asked_for_leads_where_all_its_trials_broke() -> None:
    known = known_after(function=without_adam, optimizer="adam")

    assert list(rows(known, "leader")) == ["optimizer=adam"]
    assert sorted(rows(known, "study")) == ["optimizer=nadam", "optimizer=sgd"]


def test_a_share_of_a_merged_study_leads_under_its_name() -> None:
    known = known_after(replace(BASE, studies="merged", trials=18))

    assert list(rows(known, "leader")) == ["optimizer=sgd"]
    assert list(rows(known, "study")) == ["optimizer=adam", "optimizer=nadam"]


@pytest.mark.parametrize("rate", [1, 1.0])
def test_a_rate_that_is_written_as_a_whole_number_has_a_lower_neighbour(rate: float) -> None:
    base = replace(BASE, nuisance={}, fixed={"lr": rate}, trials=1)

    rates = [one.setting["lr"] for one in rows(known_after(base), "region").values()]

    assert rates == [pytest.approx(1 / 3), 3]


@pytest.mark.parametrize(("depth", "expected"), [(1, [3]), (2, [1, 6]), (9, [3, 27])])
def test_a_whole_number_has_no_neighbour_below_one(depth: int, expected: list[int]) -> None:
    depths = etude.Integer(1, 64, log=True)
    base = replace(BASE, scientific={}, nuisance={"depth": depths}, trials=20)
    known = known_after(base, function=deep, depth=depth)

    found = [one.setting["depth"] for one in rows(known, "region").values()]

    assert found == expected
    assert all(isinstance(one, int) for one in found)

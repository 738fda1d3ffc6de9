"""A cure is tuned by few seeds, and compared by seeds of its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.factories import curve

from etude.procedure.base import Known, Round, Setting, Step, listed
from etude.procedure.cures.candidate import Candidate, baseline_round, best_setting, compared, peaks
from etude.procedure.rates.diagnosis import Diagnosis
from etude.record import Record, Records

from .trainings import base

DIAGNOSIS = Diagnosis(kind="early", rate="lr", best_rate=0.1, unstable_from=0.2, held_down=True)
KNOWN = Known(base=base(), setting={"lr": 0.1, "warmup": 0, "clip": 0.0})
CURE: Setting = {**KNOWN.setting, "clip": 1.0}
CANDIDATE = Candidate(
    cure="clipping", part="clipping", title="clipping at 1", settings=(CURE,), max_steps=200
)


def played(part: str, setting: Setting, values: list[float | None]) -> Round:
    experiment = listed(KNOWN, [setting] * len(values), question="?")
    study = Round(part=part, experiment=experiment, records=Records.of([])).studies[0]
    records = [
        Record(
            id=place,
            study=study.name,
            index=place,
            setting=setting,
            seed=1000 * len(part) + place,
            status="infeasible" if value is None else "completed",
            reason="nan" if value is None else "",
            steps=200,
            points=curve([] if value is None else [value, value + 1.0], "valid/loss"),
        )
        for place, value in enumerate(values)
    ]
    return Round(part=part, experiment=experiment, records=Records.of(records))


def knowing(*rounds: Round, **given: Any) -> Known:
    return Known(base=base(), setting=KNOWN.setting, rounds=rounds, **given)


APART = [played("baseline", KNOWN.setting, [0.5, 0.52, 0.51, 0.53, 0.5])]
FAR = played("clipping-seeds", CURE, [0.2, 0.22, 0.21, 0.2, 0.23])
NEAR = played("clipping-seeds", CURE, [0.49, 0.52, 0.5, 0.51, 0.5])
BEHIND = played("clipping-seeds", CURE, [0.6, 0.52, 0.51, 0.55, 0.5])


def test_a_clear_difference_is_decided_by_five_seeds() -> None:
    tried = compared(knowing(*APART, FAR), DIAGNOSIS, CANDIDATE, CURE)

    assert not isinstance(tried, Step)
    assert tried.compared == "better"
    assert tried.by_length is tried.by_steps


def test_where_it_is_ahead_and_undecided_both_sides_get_five_more() -> None:
    first = compared(knowing(*APART, NEAR), DIAGNOSIS, CANDIDATE, CURE)

    assert isinstance(first, Step)
    assert first.part == "clipping-seeds-more"


def test_where_it_is_behind_no_seeds_are_added() -> None:
    tried = compared(knowing(*APART, BEHIND), DIAGNOSIS, CANDIDATE, CURE)

    assert not isinstance(tried, Step)
    assert tried.compared == "no_difference"


def test_where_nothing_more_can_be_trained_what_is_ahead_is_not_better() -> None:
    known = knowing(*APART, NEAR, ended="0 of 9 training steps are left.")

    tried = compared(known, DIAGNOSIS, CANDIDATE, CURE)

    assert not isinstance(tried, Step)
    assert tried.compared != "better"


def test_fewer_failures_go_before_a_lower_value() -> None:
    risky, safe = {**CURE, "lr": 0.4}, {**CURE, "lr": 0.2}
    both = [*played("x", risky, [0.1, None]).records, *played("x", safe, [0.3, 0.31]).records]
    sweep = Round(part="x", experiment=base(), records=Records.of(both))

    assert best_setting(sweep, [risky, safe]) == safe


def test_a_sweep_in_which_all_fail_has_no_best() -> None:
    assert best_setting(played("x", CURE, [None, None]), [CURE]) is None


@pytest.mark.parametrize(
    ("top", "rates"), [(0.05, [0.1]), (0.9, [0.1, 0.3, 0.9]), (2.7, [0.1, 0.3, 0.9, 2.7])]
)
def test_the_rates_begin_at_the_best_one(top: float, rates: list[float]) -> None:
    assert peaks(DIAGNOSIS, top) == pytest.approx(rates)


def test_a_longer_baseline_spends_its_steps_before_a_decay_that_keeps_its_length() -> None:
    setting = {
        "optimizer": "sgd",
        "lr": 0.1,
        "batch_size": 8,
        "schedule": "linear",
        "decay_steps": 100,
        "constant_steps": 100,
    }
    known = Known(base=base(fixed=setting, nuisance={}, names={}), setting=setting, own_loop=True)

    step = baseline_round(known, DIAGNOSIS, 220)

    fixed = step.experiment.fixed
    assert (step.part, step.experiment.max_steps) == ("baseline-220", 220)
    assert (fixed["constant_steps"], fixed["decay_steps"]) == (120, 100)

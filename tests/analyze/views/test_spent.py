from __future__ import annotations

from dataclasses import replace

import pytest
from tests.factories import experiment, record

from etude.analyze.views.spent import saved_clause, spent, spent_as_json, spent_clause
from etude.design.split import split
from etude.experiment import Resources

(STUDY,) = split(experiment(max_steps=100))
HOUR_S = 3600.0


def trial(number, **given):
    return replace(
        record(STUDY, number), **{"status": "completed", "steps": 100, "wall_s": HOUR_S, **given}
    )


def stopped(number, steps, **given):
    return trial(number, status="stopped", reason="schedule", steps=steps, **given)


CUT = [trial(0), stopped(1, 25, wall_s=0.25 * HOUR_S), stopped(2, 50, wall_s=0.5 * HOUR_S)]


@pytest.mark.rule("W10")
def test_a_schedule_saves_what_its_trials_had_left_to_train():
    known = spent(CUT, 100, Resources(cpus=2, gpus=0.5))

    assert (known.steps, known.saved_steps) == (175, 125)
    assert (known.worker_hours, known.core_hours, known.gpu_hours) == (1.75, 3.5, 0.875)
    assert known.saved_core_hours == pytest.approx(2.5)
    assert spent_clause(known) == "175 steps trained in 3.5 core hours"
    assert saved_clause(known, "asha") == ("`asha` saved 125 steps (42 %), about 2.5 core hours")


def test_a_trial_that_diverged_or_met_its_time_limit_is_not_saved_by_a_schedule():
    ended = [
        trial(0, status="infeasible", reason="nan", steps=10),
        trial(1, status="stopped", reason="time_limit", steps=40),
    ]

    known = spent(ended, 100, Resources())

    assert (known.steps, known.saved_steps) == (50, 0)
    assert saved_clause(known, "asha") == ""


@pytest.mark.rule("W10")
def test_a_population_saves_nothing_where_forks_go_on_for_those_that_were_replaced():
    members = [trial(0), stopped(1, 40), trial(2, parent=0, from_step=39)]

    known = spent(members, 100, Resources())

    assert (known.steps, known.saved_steps) == (200, 0)


@pytest.mark.parametrize(
    ("trials", "given", "why"),
    [
        (CUT, {}, "[resources] says no `cpus`"),
        ([trial(0, wall_s=0.0)], {"cpus": 1}, "not every trial has its time"),
    ],
)
def test_core_hours_that_are_not_known_are_unknown_with_the_reason(trials, given, why):
    known = spent(trials, 100, Resources(**given))

    assert spent_as_json(known)["core_hours"] is None
    assert spent_as_json(known)["unknown"] == why
    assert spent_clause(known).endswith("steps trained, core hours unknown")


def test_trials_of_a_stack_share_their_time_so_hours_are_unknown():
    known = spent(CUT, 100, Resources(cpus=1), in_stacks=True)

    assert (known.worker_hours, known.core_hours) == (None, None)
    assert known.why == "trials may have shared a worker in stacks"


def test_nothing_trained_is_nothing_spent():
    known = spent([], 100, Resources(cpus=1))

    assert (known.steps, known.core_hours, known.saved_core_hours) == (0, 0.0, None)

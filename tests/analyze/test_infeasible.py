from __future__ import annotations

import pytest

from etude.analyze.infeasible import findings, infeasible

from .trials import RATE, at_units, one_study, record


def values(feasible: int, lost: int) -> list[float | None]:
    return [0.1 * k for k in range(feasible)] + [None] * lost


def line(count: int) -> list[list[float]]:
    return [[(k + 0.5) / count] for k in range(count)]


@pytest.mark.parametrize(
    ("feasible", "lost", "status"),
    [
        (20, 0, "ok"),
        (19, 1, "notice"),
        (15, 5, "notice"),
        (14, 6, "problem"),
        (0, 20, "problem"),
        (2, 2, "unclear"),
        (0, 0, "unclear"),
    ],
)
def test_the_fraction_decides_the_status(feasible, lost, status):
    study = one_study({"learning_rate": RATE})
    records = at_units(study, line(feasible + lost), values(feasible, lost))

    assert infeasible(study, records).status == status


def test_reasons_are_counted_most_frequent_first():
    study = one_study({"learning_rate": RATE})
    reasons = ["nan", "diverged", "diverged", "error"]
    records = [
        record(study, k, None, {"learning_rate": 0.01}, reason=reason)
        for k, reason in enumerate(reasons)
    ]

    assert list(infeasible(study, records).reasons.items()) == [
        ("diverged", 2),
        ("error", 1),
        ("nan", 1),
    ]


def test_the_place_of_infeasible_trials_is_named_where_it_is_no_chance():
    study = one_study({"learning_rate": RATE})
    records = at_units(study, line(20), values(14, 6))

    found = findings(infeasible(study, records))[0]

    assert "All 6 lie from learning_rate = 0.01496 upward, where 6 of 6 break." in found.message


def test_no_place_is_named_for_infeasible_trials_everywhere():
    study = one_study({"learning_rate": RATE})
    scattered = [None if k % 3 == 0 else 0.1 for k in range(20)]

    found = infeasible(study, at_units(study, line(20), scattered))

    assert (found.places, found.cause) == ((), "scattered")


def test_a_trial_that_ended_without_a_value_counts_as_infeasible():
    study = one_study({"learning_rate": RATE})
    records = [record(study, 0, float("nan"), {"learning_rate": 0.01})]

    assert infeasible(study, records).reasons == {"no_value": 1}


def test_trials_that_the_time_limit_ended_are_neither():
    study = one_study({"learning_rate": RATE})
    records = [
        record(study, k, 0.1, {"learning_rate": 0.01}, status="stopped", reason="time_limit")
        for k in range(2)
    ]

    found = findings(infeasible(study, records))[0]

    assert found.evidence["stopped"] == [0, 1]
    assert "2 more were ended by the time limit; they are neither" in found.message


def test_a_running_trial_does_not_count():
    study = one_study({"learning_rate": RATE})
    records = [record(study, 0, 0.1, {"learning_rate": 0.01}, status="running")]

    assert infeasible(study, records).ended == 0

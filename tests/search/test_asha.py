import math
from dataclasses import replace

import pytest
from tests.factories import played
from tests.search.world import World, a_trial, descent

from etude.design.split import split
from etude.errors import RunError
from etude.move import Resume, Start, Stop
from etude.record import Records
from etude.search import search_of
from etude.search.asha import at_one_length, first_rungs, rungs
from etude.search.quasi_random import QuasiRandom
from etude.study import Prior

ASHA = {"schedule": "asha", "schedule_options": {"eta": 3, "min_steps": 1}}


def asha_study(**given):
    (study,) = split(descent(**{**ASHA, **given}))
    return study


def moves(records, free=1, **given):
    return search_of(asha_study(**given)).moves(asha_study(**given), Records.of(records), free)


def resumed(records, free=9, **given):
    return [one.trial_id for one in moves(records, free, **given) if isinstance(one, Resume)]


def test_a_trial_begins_until_the_first_rung():
    (start,) = moves([])

    assert start == Start(QuasiRandom().moves(asha_study(), Records.of([]), 1)[0].searched, 1)


def test_the_best_third_is_promoted():
    trials = [a_trial(0, 0.1), a_trial(1, 0.2), a_trial(2, 0.3)]

    assert moves(trials) == [Resume(0, until_step=3)]


def test_the_higher_rung_goes_first_and_the_last_one_leads_to_the_end():
    low = [a_trial(number, 0.1 * number) for number in range(4, 10)]
    high = [a_trial(number, 0.9, 0.1 * number, 0.5, until=3) for number in range(1, 4)]

    assert moves([*high, *low])[0] == Resume(1, until_step=None)


def test_fewer_than_a_third_promote_nobody():
    assert resumed([a_trial(0, 0.1), a_trial(1, 0.2)]) == []


def test_who_went_on_before_leaves_no_place():
    ahead = a_trial(0, 0.1, until=3, status="running")

    assert resumed([ahead, a_trial(1, 0.2), a_trial(2, 0.3)]) == []


def test_equal_trials_are_promoted_in_the_order_in_which_they_began():
    assert resumed([a_trial(number, 0.5) for number in range(6)]) == [0, 1]


def test_higher_is_better_where_the_metric_is_maximized():
    trials = [a_trial(0, 0.1), a_trial(1, 0.2), a_trial(2, 0.3)]

    assert resumed(trials, maximize=True) == [2]


def test_the_best_value_up_to_the_rung_counts_not_the_last():
    trials = [
        a_trial(0, 0.9, 0.1, 0.8, until=3),
        a_trial(1, 0.9, 0.7, 0.2, until=3),
        a_trial(2, 0.9, 0.6, 0.6, until=3),
    ]

    assert resumed(trials)[0] == 0


def test_an_infeasible_trial_is_the_worst_of_its_rung_and_counts_in_it():
    broken = [a_trial(n, math.nan, status="infeasible", reason="nan") for n in (0, 1)]

    assert resumed([*broken, a_trial(2, 0.3)]) == [2]


def test_a_trial_that_diverges_later_is_no_competitor_any_more():
    broke = a_trial(0, 0.1, math.inf, until=3, status="infeasible", reason="nan")

    assert resumed([broke, a_trial(1, 0.2), a_trial(2, 0.3)]) == [1]


def test_where_all_are_infeasible_nobody_is_promoted():
    broken = [a_trial(n, math.nan, status="infeasible", reason="nan") for n in range(10)]

    assert moves(broken, free=9) == []


def test_a_study_too_small_to_fill_its_rungs_ends_with_one_complete_trial():
    records = played(descent(**ASHA, trials=2), World())

    assert sorted(one.status for one in records) == ["completed", "stopped"]


def test_who_was_stopped_when_the_study_was_over_holds_no_place_where_it_grows():
    before = [a_trial(k, 0.1 + k / 100, until=3, status="completed") for k in range(3)]
    over = [a_trial(k, 0.1 + k / 100, status="stopped", reason="schedule") for k in range(3, 9)]
    new = [a_trial(k, 0.5 + k / 100) for k in range(9, 27)]

    assert resumed([*before, *over, *new], trials=27) == [9, 10, 11, 12, 13, 14]


def test_what_still_pauses_at_the_end_is_stopped_and_censored():
    records = played(descent(**ASHA), World())

    stopped = [one for one in records if one.status == "stopped"]
    assert {one.reason for one in stopped} == {"schedule"}
    assert {one.steps for one in stopped} <= {1, 3}


def test_most_of_the_steps_are_saved_and_the_best_trial_is_found():
    whole, halved = World(), World()
    best = min(played(descent(), whole), key=loss)

    found = min(played(descent(**ASHA), halved), key=loss)

    assert found.setting == best.setting
    assert halved.trained < whole.trained / 2


def loss(record):
    best = record.best("valid/loss", maximize=False)
    return math.inf if best is None or record.status == "infeasible" else best.value


def test_without_checkpoints_a_trial_that_does_not_lead_is_stopped():
    runs = a_trial(1, 0.2, 0.2, status="running")

    assert moves([a_trial(0, 0.1, 0.1, status="running"), runs], free=0) == [Stop(1)]


def test_no_trial_is_stopped_before_anybody_can_tell_that_it_cannot_pause():
    runs = a_trial(1, 0.2, status="running")

    assert moves([a_trial(0, 0.1), runs], free=0) == []


@pytest.mark.parametrize("slots", [1, 64])
def test_without_checkpoints_the_best_trial_is_found_all_the_same(slots):
    world = World(slots, checkpoints=False)
    records = played(descent(**ASHA), world)

    assert loss(min(records, key=loss)) == loss(min(played(descent(), World()), key=loss))
    assert world.trained < 0.8 * 90


@pytest.mark.parametrize(
    ("eta", "min_steps", "lengths"),
    [
        (3, None, [1, 3]),
        (3, 2, [2, 6]),
        (2, None, [2, 3, 5]),
        (4, 2, [2, 8]),
        (3, 8, [8]),
        (100, None, [1]),
    ],
)
def test_rungs_lie_at_evaluations_and_by_default_none_below_a_tenth(eta, min_steps, lengths):
    assert rungs(asha_study(), eta, min_steps) == lengths


def test_rungs_move_up_to_the_next_evaluation():
    assert rungs(asha_study(max_steps=900, evaluations=3), 3, 100) == [300]


def test_trials_that_evaluate_only_at_their_end_have_no_rungs():
    with pytest.raises(RunError, match="with evaluations = 1 the next value"):
        rungs(asha_study(evaluations=1), 3, 1)


def test_trials_of_one_step_have_no_rungs():
    with pytest.raises(RunError, match="compares trials at 1 of 1 steps"):
        rungs(replace(asha_study(), max_steps=1), 3, None)


def test_longer_brackets_get_more_trials_and_any_first_trials_are_shared_out():
    feet = first_rungs(3, 3, 3.0, 30)

    assert [feet.count(foot) for foot in (0, 1, 2)] == [18, 8, 4]
    assert first_rungs(3, 3, 3.0, 12) == feet[:12]


def test_brackets_compare_only_their_own_trials():
    feet = first_rungs(2, 2, 3.0, 10)
    records = played(
        descent(schedule="asha", schedule_options={"min_steps": 1, "brackets": 2}), World()
    )

    first = [record.until_step if record.until_step else 9 for record in records]
    assert min(length for foot, length in zip(feet, first, strict=True) if foot) == 3


@pytest.mark.rule("W3")
def test_a_search_that_learns_is_shown_all_trials_at_one_length():
    far = [a_trial(n, 0.5, 0.4, 0.3, until=3) for n in range(4)]
    near = [a_trial(n, 0.9) for n in (4, 5)]
    broken = a_trial(6, math.nan, status="infeasible")
    new = a_trial(7, status="pending")

    seen = at_one_length(asha_study(), [*far, *near, broken, new], [1, 3])

    assert [one.status for one in seen] == ["stopped"] * 6 + ["infeasible", "pending"]
    assert [len(one.points.rows_P) for one in seen] == [3, 3, 3, 3, 1, 1, 1, 0]


def test_earlier_rounds_at_full_length_are_no_measure_of_what_stands_at_a_rung():
    study = asha_study(search="bayesian")
    whole = [Prior({"learning_rate": 0.1, "momentum": 0.9}, 0.001)] * 9
    after = replace(study, prior=tuple(whole))

    begun = search_of(after).moves(after, Records.of([]), 3)

    assert begun == search_of(study).moves(study, Records.of([]), 3)


def test_until_enough_are_through_a_search_is_shown_the_first_rung():
    seen = at_one_length(
        asha_study(), [a_trial(0, 0.5, 0.4, 0.3, until=3), a_trial(1, 0.9)], [1, 3]
    )

    assert [len(one.points.rows_P) for one in seen] == [1, 1]

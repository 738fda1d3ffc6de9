import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.factories import curve, played
from tests.search.world import World, a_trial, descent

from etude.design.split import split
from etude.errors import RunError
from etude.move import Fork, Resume, Start, Stop
from etude.record import Checkpoint, Records
from etude.search import search_of
from etude.search.pbt import generation_ends
from etude.search.perturbation import perturbation, step
from etude.space import Choice, Integer, Real, Space

OPTIONS = {"interval": 3}
PBT = {"schedule": "pbt", "schedule_options": OPTIONS, "trials": 8}


@pytest.fixture(scope="module")
def records():
    return played(descent(**PBT), World(3))


def member(number, loss, **given):
    """A member at the first comparison; a worse one was better once."""
    rate = 0.01 * (number + 1)
    setting = {"learning_rate": rate, "momentum": 0.9}
    held = (Checkpoint(2, loss),)
    plain = {"until": 3, "setting": setting, "checkpoints": held}
    return a_trial(number, 1.0, 0.01 * (9 - number), loss, **{**plain, **given})


HEALTHY = [member(number, 0.1 * (number + 1)) for number in range(8)]
BROKEN = {"status": "infeasible", "reason": "nan", "checkpoints": ()}


def asked(records, free=64, **options):
    (study,) = split(descent(**{**PBT, "schedule_options": {**OPTIONS, **options}}))
    return search_of(study).moves(study, Records.of(records), free)


def of(kind, moves):
    return [one for one in moves if isinstance(one, kind)]


def test_all_members_begin_before_anybody_is_compared():
    (study,) = split(descent(**PBT))

    begun = search_of(study).moves(study, Records.of([]), 64)

    assert [(type(one), one.until_step) for one in begun] == [(Start, 3)] * 8


@pytest.mark.rule("W4")
@pytest.mark.parametrize(
    ("options", "stopped"),
    [({}, [7, 6, 5, 4]), ({"quantile": 0.25}, [7, 6]), ({"parents": 0.5}, [7, 6, 5, 4])],
)
def test_the_worst_half_is_stopped_by_its_last_value_and_replaced(options, stopped):
    moves = asked(HEALTHY, **options)

    assert [one.trial_id for one in of(Stop, moves)] == stopped
    assert len(of(Fork, moves)) == len(stopped)


def test_the_share_that_is_copied_from_can_be_set_by_itself():
    half, best = (of(Fork, asked(HEALTHY, parents=share)) for share in (0.5, 0.0))

    assert {one.parent for one in half} <= {0, 1, 2, 3}
    assert {one.parent for one in best} == {0}


def test_members_that_diverged_are_replaced_first_however_many_they_are():
    one, three = (asked([*HEALTHY[:-n], *broken(n)], quantile=0.25) for n in (1, 3))

    assert [each.trial_id for each in of(Stop, one)] == [6]
    assert len(of(Fork, one)) == 2
    assert of(Stop, three) == []
    assert len(of(Fork, three)) == 3


def broken(count):
    return [member(8 - count + place, math.nan, **BROKEN) for place in range(count)]


def test_a_fork_begins_at_the_checkpoint_of_one_of_the_best_quarter():
    forks = of(Fork, asked(HEALTHY))

    assert {one.parent for one in forks} <= {0, 1}
    assert {(one.from_step, one.until_step) for one in forks} == {(2, 6)}


def test_all_others_go_on_until_the_next_comparison():
    resumed = of(Resume, asked(HEALTHY))

    assert resumed == [Resume(number, until_step=6) for number in range(4)]


def test_forks_come_before_their_parents_go_on_and_no_more_than_are_free():
    kinds = [type(one) for one in asked(HEALTHY, free=5)]

    assert kinds == [Stop] * 4 + [Fork] * 4 + [Resume]


def test_nobody_goes_on_before_all_are_there():
    late = member(7, 0.8, status="running")

    assert asked([*HEALTHY[:-1], late]) == []


def test_a_member_that_begins_anew_is_waited_for():
    """Its checkpoint was torn: it trains again to where it was compared, and where it is to be."""
    ahead = [member(k, 0.1 * (k + 1), until=6, status="paused") for k in range(1, 4)]
    there = [replace(one, points=curve([0.9] * 6, "valid/error", spacing=1)) for one in ahead]
    losers = [member(k, 0.1 * (k + 1), status="stopped", reason="schedule") for k in range(4, 8)]
    forks = [
        replace(one, id=k, index=k, parent=1)
        for one, k in zip([there[0]] * 4, range(8, 12), strict=True)
    ]
    again = a_trial(0, 0.1, until=6, status="running", setting=HEALTHY[0].setting)

    assert asked([again, *there, *losers, *forks]) == []


def test_equal_members_are_ranked_by_who_began_first():
    moves = asked([member(number, 0.5) for number in range(8)])

    assert [one.trial_id for one in of(Stop, moves)] == [7, 6, 5, 4]


def test_the_population_keeps_its_size_and_ends_complete(records):
    assert [one.status for one in records].count("completed") == 8
    assert {one.reason for one in records if one.status == "stopped"} == {"schedule"}


def test_a_fork_carries_on_with_its_parents_weights(records):
    fork = next(one for one in records if one.parent is not None and one.status != "infeasible")
    parent = records[fork.parent]
    steps_P, values_P = parent.series("valid/loss").steps_P, parent.series("valid/loss").values_P
    handed_on = float(values_P[steps_P == fork.from_step][0])

    begin = fork.series("valid/loss")
    assert int(begin.steps_P[0]) == fork.from_step + 1
    assert handed_on * 0.6 < float(begin.values_P[0]) < handed_on


def test_slots_change_when_things_happen_but_not_what_becomes_of_them(records):
    assert family(played(descent(**PBT), World(1))) == family(records)
    assert family(played(descent(**PBT), World(64))) == family(records)


def family(records):
    return [(dict(one.setting), one.parent, one.from_step, one.status) for one in records]


def test_another_seed_has_another_population(records):
    assert family(played(descent(**PBT, seed=1), World(3))) != family(records)


def test_the_best_of_the_population_is_no_worse_than_its_first_settings(records):
    alone = played(descent(trials=8), World(8))

    assert best(records) <= best(alone)


def best(records):
    found = [
        one.best("valid/loss", maximize=False) for one in records if one.status != "infeasible"
    ]
    return min(one.value for one in found if one)


def test_where_all_members_diverge_the_study_is_over():
    hot = {"learning_rate": Real(0.5, 1.0), "momentum": Real(0.5, 0.99)}
    records = played(descent(**PBT, nuisance=hot), World(2))

    assert [one.status for one in records] == ["infeasible"] * 8


def test_a_loop_without_checkpoints_is_told_at_its_first_pause():
    world = World(1, checkpoints=False)

    with pytest.raises(RunError, match=r"trial 0 went past step 3 without one.*checkpoint="):
        played(descent(**PBT), world)
    assert world.trained == 4


@pytest.mark.parametrize(
    ("interval", "ends"), [(3, [3, 6]), (None, [1, 2, 3, 4, 5, 6, 7, 8]), (4, [4, 8]), (8, [8])]
)
def test_members_are_compared_at_evaluations(interval, ends):
    (study,) = split(descent(**PBT))

    assert generation_ends(study, interval) == ends


def test_trials_that_evaluate_only_at_their_end_are_never_compared():
    (study,) = split(descent(**PBT, evaluations=1))

    with pytest.raises(RunError, match="with evaluations = 1 the next value"):
        generation_ends(study, 3)


# --- settings near another one


SPACE = Space(
    {
        "rate": Real(1e-4, 1.0, log=True),
        "momentum": Real(0.5, 0.999, scale="one_minus_log"),
        "depth": Integer(1, 20),
        "size": Choice([16, 32, 64], ordered=True),
        "kind": Choice(["a", "b", "c"]),
    }
)
HERE = {"rate": 0.01, "momentum": 0.9, "depth": 5, "size": 32, "kind": "b"}


def near(seed, **given):
    random = np.random.default_rng(seed)
    return perturbation(SPACE, HERE, random, **{"factor": 1.25, "resample": 0.0, **given})


def test_without_drawing_anew_every_value_is_one_step_away():
    found = [near(seed) for seed in range(40)]

    assert {one["rate"] for one in found} == {0.0125, 0.008}
    assert {one["momentum"] for one in found} == {0.92, 0.875}
    assert {one["depth"] for one in found} == {7, 4}
    assert {one["size"] for one in found} == {16, 64}
    assert {one["kind"] for one in found} == {"b"}


def test_drawn_anew_values_come_from_the_whole_domain():
    found = [near(seed, resample=1.0) for seed in range(60)]

    assert {one["kind"] for one in found} == {"a", "b", "c"}
    assert min(one["rate"] for one in found) < 0.001 < 0.1 < max(one["rate"] for one in found)


def test_nothing_leaves_its_bounds():
    domain = Real(0.0, 1.0)

    assert step(domain, 0.95, 1.2, up=True) == 1.0
    assert step(Integer(1, 4), 1, 1.2, up=False) == 1
    assert step(Integer(0, 5), 0, 1.2, up=True) == 1  # no factor leads away from 0
    assert step(Integer(-5, 5), 0, 1.2, up=False) == -1
    assert step(Choice([1, 2], ordered=True), 2, 1.2, up=True) == 2


def test_a_value_below_zero_moves_up_when_it_is_to_move_up():
    assert step(Real(-4.0, 4.0), -2.0, 2.0, up=True) == -1.0


def test_constraints_hold_where_they_can_and_else_nothing_changes():
    tight = Space({"a": Real(0.0, 1.0), "b": Real(0.0, 1.0)}, constraints=("a < 2 * b",))
    never = Space({"a": Real(0.0, 1.0)}, constraints=("a == 0.123",))
    random = np.random.default_rng(0)
    here = {"a": 0.5, "b": 0.26}

    found = [perturbation(tight, here, random, factor=1.5, resample=0.25) for _ in range(50)]

    assert all(tight.admits(one) for one in found)
    assert perturbation(never, {"a": 0.123}, random, factor=1.5, resample=0.0) == {"a": 0.123}


def test_a_step_up_and_a_step_down_lead_back():
    steps = [step(SPACE.domains["rate"], 0.01, 1.25, up=up) for up in (True, False)]

    assert math.prod(steps) == pytest.approx(1e-4)
    assert all(one < other for one, other in pairwise(sorted(steps)))

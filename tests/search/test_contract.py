"""What every search promises, whatever it does; a new member joins by one line."""

from dataclasses import replace

import pytest

from etude.record import Record, Records
from etude.search import SEARCHES, search_of
from etude.space import Choice, Real, Space
from etude.study import Study

SPACE = Space({"learning_rate": Real(1e-4, 1.0, log=True), "momentum": Real(0.5, 0.99)})
LISTED = tuple({"learning_rate": 0.1 / (k + 1), "momentum": 0.9} for k in range(40))
# Every search that has moves: for what ran elsewhere there are none.
MOVING = sorted(SEARCHES.keys() - {"imported"})
# What a search needs of a study beside a space.
NEEDS = {"quasi_random": {}, "listed": {"listed": LISTED}, "imported": {}}


# Configurations are not sampled, so no merged study lists them.
SAMPLING = sorted(SEARCHES.keys() - {"listed", "imported"})


def a_study(search):
    return Study(
        name="all",
        scientific={},
        space=SPACE,
        fixed={},
        max_trials=20,
        seed=3,
        search=search,
        metric="valid/loss",
        maximize=False,
        max_steps=10,
        evaluations=2,
        **NEEDS[search],
    )


@pytest.fixture(params=MOVING)
def study(request):
    return a_study(request.param)


def history(starts, status="pending"):
    return Records.of(
        [
            Record(id=n, study="all", index=n, setting=one.searched, seed=n, status=status)
            for n, one in enumerate(starts)
        ]
    )


def moves(study, starts=(), free=1000, status="pending"):
    return search_of(study).moves(study, history(starts, status), free)


def test_every_setting_lies_in_the_space(study):
    units = [study.space.unit(start.searched) for start in moves(study)]

    assert len(units) == 20
    assert all(0.0 <= unit <= 1.0 for unit_D in units for unit in unit_D)


def test_a_longer_study_begins_with_the_shorter_one(study):
    assert moves(replace(study, max_trials=40))[:20] == moves(study)


@pytest.mark.parametrize(("begin", "free"), [(0, 3), (7, 5), (18, 9), (20, 3), (5, 0)])
def test_at_most_what_is_free_and_left(study, begin, free):
    whole = moves(study)

    assert moves(study, whole[:begin], free) == whole[begin : begin + free]


@pytest.mark.parametrize("status", ["running", "completed", "infeasible"])
def test_what_does_not_adapt_looks_at_no_result(study, status):
    whole = moves(study)

    assert moves(study, whole[:9], status=status) == whole[9:]


# --- merged studies: what a search that could run one must keep


MERGED = Space({**SPACE.domains, "depth": Choice([1, 2, 3]), "norm": Choice(["none", "layer"])})


@pytest.fixture(params=SAMPLING)
def merged(request):
    return replace(a_study(request.param), space=MERGED, merged=("depth", "norm"))


@pytest.mark.parametrize("count", [1, 5, 6, 7, 13, 20])
def test_scientific_values_have_equal_shares_of_any_first_trials(merged, count):
    starts = [one.searched for one in moves(merged)[:count]]
    dealt = [(one["depth"], one["norm"]) for one in starts]
    shares = [dealt.count((depth, norm)) for depth in (1, 2, 3) for norm in ("none", "layer")]

    assert max(shares) - min(shares) <= 1


def test_a_longer_merged_study_begins_with_the_shorter_one(merged):
    assert moves(replace(merged, max_trials=43))[:20] == moves(merged)


def test_a_merged_study_goes_on_where_it_stood(merged):
    whole = moves(merged)

    assert moves(merged, whole[:7], free=4) == whole[7:11]

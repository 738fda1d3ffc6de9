"""A search that adapts begins with what earlier rounds found, where it is comparable."""

from contextlib import closing
from dataclasses import replace

import pytest
from tests.factories import minimal

import etude
from etude import Real
from etude.round.prior import earlier_rounds, with_trials_of
from etude.round.result import load
from etude.search import search_of
from etude.store import open_store

FIRST = minimal(
    name="first",
    metric="loss",
    max_steps=2,
    evaluations=1,
    nuisance={"x": Real(0.0, 1.0), "y": Real(0.0, 1.0)},
    fixed={"width": 8},
)
LATER = replace(
    FIRST, name="later", parent="first", search="bayesian", nuisance={**FIRST.nuisance}, seed=1
)


def train(trial):
    if trial["x"] > 0.8:
        trial.log(0, {"train/loss": float("nan")})
    trial.report(1, {"loss": (trial["x"] - 0.3) ** 2 + (trial["y"] - 0.6) ** 2})


def dying(trial):
    if trial.id == 3:
        raise KeyboardInterrupt
    train(trial)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    place = "memory" if request.param == "memory" else tmp_path / "etude.db"
    with closing(open_store(place)) as held:
        etude.run(FIRST, train, store=held)
        yield held


def prior(store, later):
    from etude.design.studies import studies

    (study,) = studies(later)
    return with_trials_of(earlier_rounds(store, later), study, store).prior


def test_the_trials_of_the_round_before_are_known_and_the_infeasible_ones_as_such(store):
    known = prior(store, LATER)

    assert len(known) == FIRST.trials
    assert all((one.value is None) == (one.setting["x"] > 0.8) for one in known)


@pytest.mark.parametrize(
    "changed",
    [
        {"parent": None},
        {"max_steps": 4},
        {"fixed": {"width": 16}},
        {"fixed": {"width": 8, "depth": 2}},
        {"nuisance": {"x": Real(0.0, 1.0)}},
        {"train": "other.py:train"},
    ],
    ids=lambda changed: " ".join(changed),
)
def test_trials_that_could_not_be_its_own_tell_nothing(store, changed):
    assert prior(store, replace(LATER, **changed)) == ()


def test_rounds_before_the_round_before_count_too(store):
    etude.run(replace(FIRST, name="second", parent="first", seed=2), train, store=store)

    assert len(prior(store, replace(LATER, parent="second"))) == 2 * FIRST.trials


def test_bayesian_search_goes_on_where_the_round_before_ended(store):
    result = etude.run(LATER, train, store=store)

    alone = etude.run(replace(LATER, name="alone", parent=None), train)
    assert result.records[0].setting != alone.records[0].setting  # no quasi-random start again
    assert sum(record.status == "infeasible" for record in result.records) <= 1
    assert result.best.best("loss", maximize=False).value < 0.01


def test_of_a_round_that_adapted_only_the_start_spreads_evenly(store):
    etude.run(replace(LATER, parent=None, name="chosen"), train, store=store)
    etude.run(replace(LATER, parent="chosen", name="after"), train, store=store)

    known = prior(store, replace(LATER, parent="after", name="last"))

    assert [one.even for one in known] == [True, True, *[False] * 14]


def test_settings_that_a_person_listed_spread_over_no_space(store):
    """All beyond their crowd would look like a failure, and the start would be taken as done."""
    rows = [{"x": 0.3 + 0.01 * k, "y": 0.6} for k in range(6)]
    hand = replace(FIRST, name="hand", search="listed", nuisance={}, configurations=rows, trials=6)
    etude.run(hand, train, store=store)

    known = prior(store, replace(LATER, parent="hand"))

    assert [one.even for one in known] == [False] * 6


def test_what_is_left_to_gain_is_judged_with_what_earlier_rounds_found(store):
    etude.run(LATER, train, store=store)

    (study,) = load(store, "later").studies

    assert study.prior == prior(store, LATER)
    assert load(store, "first").studies[0].prior == ()


def test_started_again_a_round_knows_what_it_knew(store):
    with pytest.raises(KeyboardInterrupt):
        etude.run(LATER, dying, store=store)

    again = etude.run(LATER, train, store=store)
    never = etude.run(replace(LATER, name="never"), train, store=store)

    assert [one.setting for one in again.records] == [one.setting for one in never.records]


@pytest.mark.parametrize("search", ["quasi_random", "bayesian"])
def test_a_parent_that_grows_does_not_change_its_child(store, search):
    middle = replace(LATER, name="middle", search=search, seed=3)
    child = replace(LATER, parent="middle", seed=4)
    etude.run(middle, train, store=store)
    never = etude.run(replace(child, name="never"), train, store=store)

    with pytest.raises(KeyboardInterrupt):
        etude.run(child, dying, store=store)
    etude.run(replace(middle, trials=2 * middle.trials), train, store=store)
    again = etude.run(child, train, store=store)

    assert [one.setting for one in again.records] == [one.setting for one in never.records]
    assert again.studies[0].prior == never.studies[0].prior


def test_a_parent_that_begins_later_tells_its_child_nothing(store):
    child = replace(LATER, parent="middle")
    alone = etude.run(replace(child, name="alone", parent=None), train)
    with pytest.raises(KeyboardInterrupt):
        etude.run(child, dying, store=store)

    etude.run(replace(FIRST, name="middle", seed=3), train, store=store)
    again = etude.run(child, train, store=store)

    assert [one.setting for one in again.records] == [one.setting for one in alone.records]


def test_an_extended_child_knows_what_it_began_with(store):
    etude.run(LATER, train, store=store)

    etude.run(replace(FIRST, trials=2 * FIRST.trials), train, store=store)
    longer = etude.run(replace(LATER, trials=LATER.trials + 1), train, store=store)

    assert len(longer.studies[0].prior) == FIRST.trials


def test_a_search_that_does_not_adapt_is_told_nothing(store):
    same = replace(LATER, search="quasi_random")
    result = etude.run(same, train, store=store)

    alone = etude.run(replace(same, name="alone", parent=None), train)
    assert [one.setting for one in result.records] == [one.setting for one in alone.records]
    assert not search_of(result.studies[0]).adapts

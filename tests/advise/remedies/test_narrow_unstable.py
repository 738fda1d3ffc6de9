"""C3: a range ends where training breaks, or is searched by orders of magnitude."""

from __future__ import annotations

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes, context_of
from tests.factories import RATE, experiment, record

from etude.advise.remedies.narrow_unstable import narrow_unstable, use_log_scale
from etude.design.studies import studies
from etude.space import Choice, Integer, Real

WIDE = Real(0.001, 1.0)
CHOICE = {"activation": Choice(["relu", "gelu", "tanh"]), "learning_rate": RATE}


def test_a_range_is_cut_where_everything_beyond_breaks():
    ((path, part, new),) = changes(narrow_unstable(rounds.cliff(experiment())))

    assert (path, part) == ("nuisance.learning_rate", "high")
    assert RATE.value(0.6) < new < RATE.value(0.7)


def test_a_range_is_not_cut_where_one_trial_beyond_trains():
    question = experiment()
    (study,) = studies(question)
    beyond = record(study, 40, 0.5, {"learning_rate": RATE.value(0.999), "share": 0.5})

    context = context_of(question, [*rounds.broken_above(study, 0.6), beyond])

    assert len(context.of("infeasible", "C3", "problem")) == 1
    assert narrow_unstable(context) == []


@pytest.mark.parametrize(("beyond", "cuts"), [(2, 0), (3, 1)])
def test_a_cut_needs_three_trials_beyond(beyond, cuts):
    assert len(narrow_unstable(rounds.cliff_with_beyond(beyond))) == cuts


@pytest.mark.parametrize(
    ("make", "question"),
    [
        (rounds.breaks_anywhere, experiment()),
        (rounds.few_break, experiment()),
    ],
)
def test_few_or_scattered_infeasible_trials_cut_nothing(make, question):
    assert narrow_unstable(make(question)) == []


def test_a_range_is_cut_where_everything_beyond_never_learns():
    context = rounds.learns_nothing_above(experiment())
    (finding,) = context.of("infeasible", "C3", "problem")

    (remedy,) = narrow_unstable(context)
    ((path, part, new),) = changes([remedy])

    assert " upward never learn, and none" in remedy.edits[0].because
    assert "never learned, all from `learning_rate`" in finding.headline
    assert (path, part) == ("nuisance.learning_rate", "high")
    assert RATE.value(0.6) < new < RATE.value(0.7)


@pytest.mark.parametrize(
    ("low", "high", "breaks", "edits"),
    [
        (1, 6, (5, 6), [("nuisance.depth", "high", 4)]),
        (1, 3, (3,), [("nuisance.depth", "high", 2)]),
        (2, 4, (2,), [("nuisance.depth", "low", 3)]),
        (1, 2, (2,), [("fixed.depth", "", 1), ("nuisance.depth", "", None)]),
    ],
)
def test_a_whole_number_that_breaks_is_left_out(low, high, breaks, edits):
    question = experiment(nuisance={"depth": Integer(low, high), "learning_rate": RATE})
    (study,) = studies(question)
    depths = [low + k % (high - low + 1) for k in range(36)]
    records = [
        record(
            study,
            k,
            None if depth in breaks else 0.2 + 0.01 * (k % 5),
            {"depth": depth, "learning_rate": RATE.value((k + 0.5) / 36)},
        )
        for k, depth in enumerate(depths)
    ]

    assert changes(narrow_unstable(context_of(question, records))) == edits


def test_a_value_at_which_every_trial_breaks_leaves_the_choice():
    context = rounds.breaks_at_a_value(experiment(nuisance=CHOICE))

    assert changes(narrow_unstable(context)) == [
        ("nuisance.activation", "values", ["relu", "gelu"])
    ]


def test_a_choice_of_one_value_is_held_there():
    question = experiment(nuisance={**CHOICE, "activation": Choice(["relu", "square"])})
    context = rounds.breaks_at_a_value(question, above=0.5)

    assert changes(narrow_unstable(context)) == [
        ("fixed.activation", "", "relu"),
        ("nuisance.activation", "", None),
    ]


def test_a_value_at_which_one_trial_trains_stays():
    question = experiment(nuisance=CHOICE)
    (study,) = studies(question)
    trains = record(study, 40, 0.5, {"activation": "tanh", "learning_rate": 0.01})
    broken = rounds.breaks_at_a_value(question).analysis.records

    assert narrow_unstable(context_of(question, [*broken, trains])) == []


@pytest.mark.parametrize("make", [rounds.edge, rounds.cliff])
def test_a_linear_range_over_decades_is_searched_in_its_logarithm(make):
    context = make(experiment(nuisance={"learning_rate": WIDE}))

    assert changes(use_log_scale(context)) == [
        ("nuisance.learning_rate", "", Real(0.001, 1.0, log=True))
    ]


@pytest.mark.parametrize(
    ("make", "domain"),
    [
        (rounds.edge, Real(0.1, 1.0)),
        (rounds.cliff, Real(0.1, 1.0)),
        (rounds.cliff, Real(0.0, 1.0)),
        (rounds.edge, RATE),
        (rounds.cliff, RATE),
    ],
)
def test_a_range_of_few_decades_or_in_its_logarithm_stays(make, domain):
    context = make(experiment(nuisance={"learning_rate": domain}))

    assert context.has_problem
    assert use_log_scale(context) == []

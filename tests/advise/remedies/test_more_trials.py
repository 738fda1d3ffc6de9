"""C2, Q10: more trials, where nothing but their number keeps the answer open."""

from __future__ import annotations

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes
from tests.factories import experiment, two_optimizers

from etude.advise.remedies.more_trials import more_trials
from etude.analyze.checks.infeasible import infeasible
from etude.space import Real

ROWS = [{"learning_rate": 10.0**-k} for k in range(6)]


@pytest.mark.parametrize(
    ("question", "count", "trials"), [(experiment(), 12, 28), (rounds.SIX_AXES, 10, 60)]
)
def test_a_sparse_study_gets_the_trials_it_lacks(question, count, trials):
    context = rounds.sparse(question, count=count)

    assert changes(more_trials(context)) == [("experiment.trials", "", trials)]


def test_an_open_verdict_gets_as_many_again():
    context = rounds.valleys(two_optimizers(), [0.1, 0.1])

    assert context.verdict.status == "unclear"
    assert changes(more_trials(context)) == [("experiment.trials", "", 40)]


@pytest.mark.parametrize("make", [rounds.cliff, rounds.overfits, rounds.edge])
def test_more_of_the_same_amends_no_other_problem(make):
    context = make(experiment(), count=15)

    assert context.has_problem
    assert more_trials(context) == []


def test_a_dense_study_gets_no_more_trials():
    assert more_trials(rounds.dense(experiment())) == []


def test_a_list_of_configurations_has_no_number_to_raise():
    question = two_optimizers(trials=0, nuisance={}, configurations=ROWS)
    context = rounds.by_value([0.1] * 6, [0.1] * 6, question=question)

    assert context.verdict.status == "unclear"
    assert more_trials(context) == []


def test_a_grid_that_is_complete_gets_no_more_trials():
    nuisance = {"learning_rate": Real(0.001, 1.0, log=True)}
    question = two_optimizers(
        trials=20, nuisance=nuisance, search="grid", search_options={"points": 6}
    )
    context = rounds.by_value([0.1] * 6, [0.1] * 6, question=question)

    assert context.verdict.status == "unclear"
    assert more_trials(context) == []


def test_lost_trials_are_replaced_where_no_range_can_be_cut():
    context = rounds.breaks_anywhere(experiment(), count=20)
    (lost,) = context.of("infeasible", "C3", "problem")
    result = context.result(lost, infeasible)

    ((path, _, trials),) = changes(more_trials(context))

    assert path == "experiment.trials"
    assert trials == -(-20 * 20 // (20 - len(result.trials)))


@pytest.mark.parametrize("reason", ["error", "out_of_memory", "killed"])
def test_what_the_code_or_the_machine_breaks_is_not_trained_again(reason):
    context = rounds.breaks_anywhere(experiment(), count=20, reason=reason)

    (remedy,) = more_trials(context)

    assert not remedy.edits
    assert remedy.words.startswith("Find out why ")
    assert "; with " in remedy.words
    assert "about 20 would train" in remedy.words
    assert len(remedy.words.split()) <= 20


def test_where_nearly_all_break_the_number_is_told_and_not_trained():
    values = [0.1 if k in (3, 11, 17) else None for k in range(20)]

    (remedy,) = more_trials(rounds.by_value(values, question=experiment()))

    assert not remedy.edits
    assert "17 of 20 trials of `all` break" in remedy.words
    assert "with 134 about 20 would train" in remedy.words


def test_where_all_break_no_more_are_trained():
    assert more_trials(rounds.by_value([None] * 20, question=experiment())) == []

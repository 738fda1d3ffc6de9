"""R2: what does not matter is fixed, what is behind is dropped, what is good is searched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes, context_of, only, with_status
from tests.factories import RATE, SHARE, experiment, record, two_optimizers

from etude.advise.policy import advice
from etude.advise.remedies.refine import drop_behind, fix_idle, narrow_to_good
from etude.design.studies import studies
from etude.experiment.change import applied
from etude.space import Real

THREE = experiment(
    scientific={"optimizer": ["adam", "nesterov", "sgd"]},
    nuisance={"when": {"optimizer": {"sgd": {"momentum": SHARE}}}, "learning_rate": RATE},
)


def test_what_does_not_matter_is_held_where_the_best_trial_has_it():
    context = rounds.only_rate_matters(experiment())
    best = context.best_first(context.studies[0])[0].record.setting["share"]

    assert changes(fix_idle(context)) == [("fixed.share", "", best), ("nuisance.share", "", None)]


def test_what_explains_little_is_not_left_out_where_none_was_best():
    question = experiment(nuisance={"learning_rate": RATE, "dropout": Real(0.0, 0.5)})
    context = rounds.only_rate_matters(question)
    best = context.best_first(context.studies[0])[0].record.setting["dropout"]

    assert changes(fix_idle(context))[0] == ("fixed.dropout", "", best)


def test_what_is_unclear_is_not_held():
    context = rounds.only_rate_matters(experiment())
    share = only(context, "importance", "R2", "notice", hyperparameter="share")

    assert fix_idle(with_status(context, share, "unclear")) == []


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (rounds.dense, {}),
        (rounds.nothing_matters, {}),
        (rounds.only_rate_matters, {"bottom": -0.2}),
        (rounds.only_rate_matters_and_breaks, {}),
    ],
    ids=["all matter", "nothing matters", "a side is open", "training breaks"],
)
def test_nothing_is_held_on_less_evidence(make, given):
    assert fix_idle(make(experiment(), **given)) == []


def test_what_matters_in_one_of_two_studies_is_not_held():
    question = two_optimizers()
    adam, nesterov = studies(question)
    records = [
        *rounds.trained(adam, count=40, bottom={"learning_rate": 0.5}),
        *rounds.trained(nesterov, count=40, begin=40),
    ]
    context = context_of(question, records)

    assert only(context, "importance", "R2", "notice", hyperparameter="share").subject == {
        "study": "optimizer=adam",
        "hyperparameter": "share",
    }
    assert fix_idle(context) == []


def test_a_dense_study_is_narrowed_around_what_is_good():
    edits = changes(narrow_to_good(rounds.dense(experiment())))

    sides = {(path, part): new for path, part, new in edits}
    assert 0.0001 < sides["nuisance.learning_rate", "low"] < 0.003
    assert 0.1 > sides["nuisance.learning_rate", "high"] > 0.003


@pytest.mark.parametrize(
    ("make", "given"),
    [(rounds.sparse, {"count": 12}), (rounds.edge, {"count": 40})],
    ids=["sparse", "open side"],
)
def test_a_study_that_is_not_dense_or_whose_side_is_open_is_not_narrowed(make, given):
    assert narrow_to_good(make(experiment(), **given)) == []


def test_a_study_whose_density_is_doubtful_is_not_narrowed():
    context = rounds.dense(experiment())
    density = only(context, "coverage", "C2", "ok")

    assert narrow_to_good(with_status(context, density, "notice")) == []


def test_what_lies_within_the_noise_of_retraining_is_not_narrowed():
    question = experiment()
    (study,) = studies(question)
    noisy = [
        record(study, 100 + k, value, {"learning_rate": 0.01, "share": 0.5})
        for k, value in enumerate([0.2, 0.9, 0.5])
    ]
    context = context_of(question, [*rounds.trained(study, count=40), *noisy])
    density = only(context, "coverage", "C2", "ok", "notice", "problem")

    assert narrow_to_good(with_status(context, density, "ok")) == []


def test_a_value_clearly_behind_leaves_with_what_exists_only_there():
    context = rounds.valleys(THREE, [0.1, 0.1, 0.6])

    assert changes(drop_behind(context)) == [
        ("scientific.optimizer", "values", ["adam", "nesterov"]),
        ("nuisance.when.optimizer.sgd.momentum", "", None),
    ]


def test_a_value_behind_leaves_though_nothing_read_what_exists_only_there():
    context = rounds.valleys(THREE, [0.1, 0.1, 0.6])
    unread = [
        replace(one, unread=("momentum",)) if one.study == "optimizer=sgd" else one
        for one in context.analysis.records
    ]

    plan = advice(context_of(THREE, unread))

    assert plan.goal == "drop what is behind"
    assert [one.path for one in plan.recommendations] == [
        "scientific.optimizer",
        "nuisance.when.optimizer.sgd.momentum",
    ]


def test_what_was_said_of_a_name_leaves_with_it():
    nuisance = {"when": {"optimizer": {"sgd": {"gizmo": SHARE}}}, "learning_rate": RATE}
    names = {"gizmo": "momentum", "nll": "valid/loss"}
    question = replace(THREE, nuisance=nuisance, names=names)
    context = rounds.valleys(question, [0.1, 0.1, 0.6])

    (remedy,) = drop_behind(context)

    assert applied(question, [edit.change for edit in remedy.edits]).names == {"nll": "valid/loss"}


def test_a_value_that_luck_may_hold_back_stays():
    assert drop_behind(rounds.valleys(THREE, [0.1, 0.1, 0.1])) == []


def test_a_value_that_draws_may_hold_back_stays():
    # Four of the best four belong to one study: in 6.1 % of draws from equal studies, one has them.
    best = [0.1, 0.1, 0.1, 0.1, 0.9, 0.9]
    behind = [0.3, 0.301, 0.302, 0.303, 0.304, 0.305]

    context = rounds.by_value(best, best, behind, question=THREE)

    assert [lead.low > 0 for lead in context.verdict.leads] == [False, True]
    assert drop_behind(context) == []


def test_of_two_values_none_leaves():
    context = rounds.valleys(two_optimizers(), [0.1, 0.6])

    assert [lead.holds for lead in context.verdict.leads] == [True]
    assert drop_behind(context) == []

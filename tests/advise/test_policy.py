"""The order of the steps, the file that they make, and the same advice from the same round."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of, only, with_status
from tests.factories import RATE, SHARE, experiment

from etude.advise.edits import applied
from etude.advise.policy import EXPLOITATION, EXPLORATION, advice, caused_findings, order
from etude.design.checks import findings as of_design
from etude.design.studies import studies
from etude.experiment.change import Change
from etude.finding import Recommendation
from etude.record import Points
from etude.space import Integer, Real

WIDE = Real(0.001, 1.0)
THREE = {
    "scientific": {"optimizer": ["adam", "nesterov", "sgd"]},
    "nuisance": {"when": {"optimizer": {"sgd": {"momentum": SHARE}}}, "learning_rate": RATE},
}


@pytest.mark.rule("D11")
def test_optimization_is_repaired_before_all_else_and_the_others_wait():
    warmup = {"warmup_steps": Integer(1, 100, log=True)}
    question = experiment(
        max_steps=2000,
        nuisance={"learning_rate": RATE, "share": SHARE, **warmup},
        fixed={"dropout": 0.0},
    )

    advised = advice(rounds.everything_is_wrong(question, count=60))

    assert advised.goal == "repair optimization"
    assert [waiting.partition(":")[0] for waiting in advised.waiting] == [
        "Regularize",
        "Train longer",
    ]


@pytest.mark.parametrize("search", ["quasi_random", "bayesian"])
@pytest.mark.parametrize("make", [rounds.breaks_early, rounds.breaks_later])
def test_trouble_told_in_words_holds_all_but_cures(make, search):
    context = make(experiment(search=search, **rounds.LONG))

    for order_ in (EXPLORATION, EXPLOITATION):
        advised = advice(context, order_)
        assert len(advised.unrepaired) == 1
        assert advised.goal in ("", "redraw the space")


def test_trouble_told_in_words_lets_the_space_be_cut_and_widened():
    widened = rounds.breaks_early(experiment(**rounds.LONG), bottom=rounds.LOW)

    assert len(advice(widened).unrepaired) == 1
    assert advice(widened).goal == "redraw the space"


def test_a_cure_that_nothing_read_holds_the_steps_after_it_too():
    context = rounds.breaks_early(experiment(**SHORT_WARMUPS))
    records = [replace(one, unread=("warmup_steps",)) for one in context.analysis.records]

    advised = advice(context_of(context.experiment, records))

    assert advised.unrepaired == (
        "`warmup_steps` stays: nothing read it, so let the training read it first (W8).",
    )
    assert advised.goal in ("", "redraw the space")


@pytest.mark.rule("D11")
def test_a_cure_that_design_speaks_against_holds_the_steps_after_it_too(monkeypatch):
    context = rounds.breaks_early(experiment(**SHORT_WARMUPS))
    assert advice(context).goal == "repair optimization"
    against = replace(context.findings[0], rule="R9", status="notice")
    monkeypatch.setattr("etude.advise.policy.caused_findings", lambda *_: [against])

    advised = advice(context)

    assert advised.unrepaired == (
        "A change of `nuisance.warmup_steps` is left to you: R9 speaks against it (D6).",
    )
    assert advised.goal == ""


def test_a_rate_at_the_edge_is_a_sign_that_holds_nothing_back():
    advised = advice(rounds.rate_held_down(experiment()))

    assert advised.unrepaired == ()
    assert advised.words[0].startswith("Try 5 and 10 times that rate")


def test_what_never_learned_holds_nothing_back():
    context = rounds.never_learns(experiment(trials=12))

    assert advice(context).unrepaired == ()


def test_the_order_is_said():
    assert all(step.goal in order() for step in EXPLORATION)


def test_a_range_that_changes_its_scale_is_not_widened_in_the_same_round():
    advised = advice(rounds.edge(experiment(nuisance={"learning_rate": WIDE})))

    assert [(edit.rule, edit.part) for edit in advised.recommendations] == [("C3", "")]


SHORT_WARMUPS = {
    "nuisance": {
        "learning_rate": RATE,
        "share": SHARE,
        "warmup_steps": Integer(1, 100, log=True),
    },
    "max_steps": 2000,
}
ROUNDS = [
    (rounds.breaks_early, SHORT_WARMUPS, "repair optimization"),
    (rounds.breaks_later, {"fixed": {"gradient_clip": 0.0}}, "repair optimization"),
    (rounds.cliff, {}, "redraw the space"),
    (rounds.edge, {}, "redraw the space"),
    (rounds.edge, {"nuisance": {"learning_rate": WIDE}}, "redraw the space"),
    (rounds.overfits, {"fixed": {"weight_decay": 0.0}}, "regularize"),
    (rounds.improves_late, {}, "train longer"),
    (rounds.sparse, {}, "add trials"),
    (rounds.saturates, {}, "train shorter"),
    (rounds.only_rate_matters, {}, "refine the space"),
    (rounds.dense, {}, "refine the space"),
    (partial(rounds.valleys, heights=(0.1, 0.1, 0.6)), THREE, "drop what is behind"),
]


@pytest.mark.parametrize(("make", "given", "goal"), ROUNDS)
def test_no_proposed_file_has_a_finding_that_the_advice_caused(make, given, goal):
    question = experiment(**given)

    advised = advice(make(question))

    assert advised.goal == goal
    assert advised.recommendations
    assert caused_findings(question, advised.recommendations) == []


@pytest.mark.parametrize(
    ("make", "search"), [(rounds.edge, "quasi_random"), (rounds.dense, "bayesian")]
)
def test_no_file_that_exploits_has_a_finding_that_the_advice_caused(make, search):
    question = experiment(search=search)

    advised = advice(make(question), EXPLOITATION)

    assert advised.goal == "exploit"
    assert caused_findings(question, advised.recommendations) == []


def test_an_edit_that_a_rule_speaks_against_is_told_in_words():
    question = experiment(nuisance={"learning_rate": RATE, "beta1": Real(0.7, 0.99)})

    plain = rounds.only_rate_matters(question)
    doubtful = with_status(plain, only(plain, "coverage", "C2", "ok"), "notice")

    advised = advice(doubtful)

    assert advised.recommendations == ()
    assert advised.words == (
        "A change of `nuisance.beta1` is left to you: R7 speaks against it (R2).",
    )


def test_more_trials_stand_against_no_rule_for_what_they_could_tune_too():
    few = experiment(trials=4, nuisance={"learning_rate": RATE}, fixed={"beta1": 0.9})
    change = Change(("experiment", "trials"), "", 20)
    more = Recommendation(rule="C2", change=change, old=4, because="Too few.")
    many = applied(few, [more])

    of_many = of_design(many, studies(many))

    assert "R7" in {finding.rule for finding in of_many}
    assert caused_findings(few, [more]) == []


def test_an_acknowledged_rule_speaks_against_no_edit():
    question = experiment(nuisance={"learning_rate": RATE, "beta1": Real(0.7, 0.99)})
    (fixed, gone) = (Change(("fixed", "beta1"), "", 0.9), Change(("nuisance", "beta1"), "", None))
    edits = [Recommendation(rule="R2", change=one, old=None, because="-") for one in (fixed, gone)]

    before = caused_findings(question, edits)

    assert [finding.rule for finding in before] == ["R7"]
    assert caused_findings(replace(question, acknowledge=("R7",)), edits) == []


@pytest.mark.parametrize(("make", "given", "goal"), ROUNDS)
def test_the_same_round_gives_the_same_advice(make, given, goal):
    question = experiment(**given)

    assert advice(make(question)) == advice(make(question))


def test_the_order_of_trials_and_findings_changes_no_advice():
    question = experiment()
    (study,) = studies(question)
    records = rounds.broken_above(study, 0.6)

    same, turned = context_of(question, records), context_of(question, records[::-1])

    assert advice(same).recommendations
    assert advice(turned).recommendations == advice(same).recommendations
    assert (
        advice(replace(turned, findings=same.findings[::-1])).recommendations
        == advice(same).recommendations
    )


def measured_otherwise(context, factor):
    """The same round with its metric in another unit; of a negative one, larger is better."""
    question = replace(context.experiment, maximize=factor < 0)
    records = []
    for one in context.analysis.records:
        rows_P = one.points.rows_P.copy()
        rows_P["value"] *= factor
        records.append(replace(one, points=Points(rows_P, one.points.metrics)))
    return context_of(question, records)


@pytest.mark.parametrize("factor", [1000.0, -1.0])
@pytest.mark.parametrize(
    "make",
    [
        rounds.cliff,
        rounds.edge,
        partial(rounds.breaks_anywhere, count=20),
        rounds.sparse,
        rounds.only_rate_matters,
    ],
)
def test_neither_unit_nor_sign_of_the_metric_changes_the_next_file(make, factor):
    context = make(experiment())

    plain, other = advice(context), advice(measured_otherwise(context, factor))

    assert plain.recommendations
    assert [edit.change for edit in other.recommendations] == [
        edit.change for edit in plain.recommendations
    ]


def test_a_rate_by_another_name_gets_the_same_advice():
    question = experiment()
    (study,) = studies(question)
    renamed = experiment(nuisance={"lr": RATE, "share": SHARE})
    records = rounds.broken_above(study, 0.6)
    others = [
        replace(one, setting={"lr": one.setting["learning_rate"], "share": one.setting["share"]})
        for one in records
    ]

    plain, other = advice(context_of(question, records)), advice(context_of(renamed, others))

    assert plain.goal == other.goal == "redraw the space"
    assert [edit.new for edit in other.recommendations] == [
        edit.new for edit in plain.recommendations
    ]

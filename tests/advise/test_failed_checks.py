"""A failed check keeps a verdict open where its repair could change the order, and else not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.analyze.trials import valley
from tests.factories import RATE, SHARE, experiment, record, two_optimizers

from etude.advise.failed_checks import blocking, harmless
from etude.advise.ranking import ranking
from etude.advise.verdict import verdict
from etude.design.split import split
from etude.finding import Finding
from etude.record import Record
from etude.search.sobol import points
from etude.space import Real

LEADER, BEHIND = "optimizer=adam", "optimizer=nesterov"
INSIDE = [0.5, 0.5]


def lead(**given):
    """Adam leads by far; both are best well inside."""
    question = two_optimizers(**given)
    adam, nesterov = split(question)
    return context_of(
        question, [*valley(adam, INSIDE), *valley(nesterov, INSIDE, height=0.5, begin=20)]
    )


def problem(check, rule, study, **subject):
    subject = {**({"study": study} if study else {}), **subject}
    return Finding(rule=rule, check=check, status="problem", subject=subject, message="It fails.")


def status_with(context, *findings):
    return verdict(context.analysis, [*context.findings, *findings]).status


@pytest.mark.parametrize(
    ("check", "rule", "subject"),
    [
        ("boundary", "C1", {"hyperparameter": "learning_rate", "side": "high"}),
        ("coverage", "C2", {}),
        ("infeasible", "C3", {}),
        ("roles", "R7", {"hyperparameter": "learning_rate"}),
        ("switches", "R9", {"hyperparameter": "dropout"}),
    ],
)
def test_what_only_betters_the_leader_keeps_nothing_open_and_of_who_is_behind_it_does(
    check, rule, subject
):
    context = lead()
    assert context.verdict.status == "leads"

    found = [status_with(context, problem(check, rule, one, **subject)) for one in (LEADER, BEHIND)]

    assert found == ["leads", "unclear"]


@pytest.mark.rule("C14")
@pytest.mark.parametrize(
    ("check", "rule", "study"),
    [
        ("unread", "R4", LEADER),
        ("code", "K3", LEADER),
        ("a_check_of_tomorrow", "C5", LEADER),
        ("step_variance", "C8", LEADER),
        ("training_loss_rises", "C11", LEADER),
        ("roles", "S3", ""),
        ("roles", "R6", ""),
        ("roles", "T4", LEADER),
    ],
)
def test_what_may_falsify_the_leader_or_is_of_all_keeps_it_open(check, rule, study):
    assert status_with(lead(), problem(check, rule, study)) == "unclear"


def test_what_keeps_nothing_open_stands_beside_the_answer_and_says_why():
    context = lead()
    found = problem("boundary", "C1", LEADER, hyperparameter="learning_rate", side="high")

    answer = verdict(context.analysis, [*context.findings, found])

    (reason,) = [one for one in answer.caveats if found in one.findings]
    assert reason.text.endswith(": a repair only betters the leader")
    assert answer.headline.startswith(f"`{LEADER}` leads")
    assert "failed check" not in answer.headline
    assert answer.blocking == ()


def test_a_failed_check_of_a_trial_that_is_not_compared_keeps_nothing_open():
    context = lead()
    worst = context.best_first(context.studies[1])[-1].trial

    assert status_with(context, problem("overfitting", "C6", BEHIND, trial=worst)) == "leads"


@pytest.mark.parametrize(("place", "status"), [(0, "leads"), (1, "unclear")])
def test_whose_best_overfits_decides(place, status):
    question = two_optimizers()
    records = []
    for at, study in enumerate(split(question)):
        records += [
            replace(one)
            for one in rounds.trained(
                study,
                lambda spot, at=at: (
                    (
                        rounds.overfitting(spot)
                        if at == place
                        else rounds.course(spot, rounds.FALLS_E)
                    )
                    | {
                        rounds.METRIC: spot.height + rounds.FALLS_E + 0.5 * at,
                    }
                ),
                begin=20 * at,
            )
        ]
    context = context_of(question, records)
    fails = [one for one in context.relevant_findings if one.status == "problem"]
    assert {one.rule for one in fails} == {"C6"}

    assert context.verdict.status == status


@pytest.mark.parametrize(("kind", "status"), [(0.0, "unclear"), (0.7, "unclear")])
def test_a_leader_whose_best_training_broke_may_have_a_false_value(kind, status):
    question = two_optimizers(max_steps=2000)
    adam, nesterov = split(question)
    breaks_E = np.where(np.arange(200) < 200 * kind + 1, 0.0, 3.0)
    falls_E = np.exp(-8.0 * (np.arange(200) + 1) / 200)

    def broken(spot):
        return rounds.course(spot, breaks_E if spot.is_best else 0.3 + falls_E, 0.005)

    def plain(spot):
        return rounds.course(spot, 1.0 + falls_E, 0.005)

    records = [*rounds.trained(adam, broken), *rounds.trained(nesterov, plain, begin=20)]
    context = context_of(question, records)

    assert context.verdict.winner == LEADER
    assert context.verdict.status == status
    assert {one.check for one in context.verdict.blocking} >= {"stability"}


# --- what breaks


def breaking(*, bottom, trials=40, scattered=False, height=0.5, breaks=(1,), cliff=0.65):
    """Two valleys; from the cliff of the rate on, training breaks, or as often anywhere."""
    question = two_optimizers(trials=trials, nuisance={"learning_rate": RATE, "share": SHARE})
    records: list[Record] = []
    for place, study in enumerate(split(question)):
        unit_TxD = points(2, study.seed, trials)
        broken_T = unit_TxD[:, 0] > cliff
        if scattered:
            broken_T = np.random.default_rng(0).permutation(broken_T)
        lowest = (bottom if place in breaks else 0.4, 0.5)
        for unit_D, broken in zip(unit_TxD, broken_T, strict=True):
            loss = float(((unit_D - lowest) ** 2).sum()) + height * place + 0.01
            value = None if broken and place in breaks else loss
            setting = study.space.setting(unit_D.tolist())
            records.append(record(study, len(records), value, setting))
    return context_of(question, records)


@pytest.mark.parametrize("breaks", [(0,), (1,), (0, 1)])
def test_what_breaks_far_from_the_best_keeps_nothing_open(breaks):
    context = breaking(bottom=0.25, breaks=breaks)
    fails = [one for one in context.findings if one.status == "problem"]
    assert {one.rule for one in fails} == {"C3"}

    assert context.verdict.status == "leads"


@pytest.mark.parametrize(
    "given", [{"bottom": 0.75}, {"bottom": 0.62}, {"bottom": 0.25, "scattered": True}]
)
def test_what_breaks_near_the_best_of_who_is_behind_or_anywhere_keeps_it_open(given):
    context = breaking(**given)

    assert context.verdict.status == "unclear"
    assert {one.rule for one in context.verdict.blocking} >= {"C3"}


def test_the_lead_must_hold_among_the_trials_that_train():
    context = breaking(bottom=0.25, height=0.02, trials=20)

    assert context.verdict.status == "unclear"


def test_two_hundred_trials_answer_although_many_break_far_off():
    context = breaking(bottom=0.25, trials=100, breaks=(0, 1))

    assert context.verdict.status == "leads"
    assert any("far from its best" in one.text for one in context.verdict.caveats)


@pytest.mark.parametrize("maximize", [False, True])
def test_neither_sign_nor_order_changes_what_keeps_it_open(maximize):
    context = lead(maximize=maximize)
    studies = ranking(context.analysis)
    names = [one.study.name for one in studies]
    found = [
        problem("boundary", "C1", one, hyperparameter="learning_rate", side="high") for one in names
    ]

    kept = blocking(context.analysis, studies, found[::-1])

    assert [one.subject["study"] for one in kept] == [names[1]]


def test_the_fewest_trials_of_the_leader_are_no_reason_to_wait():
    context = lead()
    studies = ranking(context.analysis)
    unequal = problem("budget", "R13", "")
    more = [studies[0], replace(studies[1], study=replace(studies[1].study, max_trials=40))]
    fewer = [studies[0], replace(studies[1], study=replace(studies[1].study, max_trials=10))]

    assert harmless(context.analysis, more, unequal)
    assert not harmless(context.analysis, fewer, unequal)


def test_one_study_alone_has_no_order_to_change():
    context = rounds.edge(experiment(nuisance={"learning_rate": Real(0.1, 1.0)}))
    studies = ranking(context.analysis)

    fails = [one for one in context.findings if one.status == "problem"]

    assert blocking(context.analysis, studies, fails) == tuple(fails)

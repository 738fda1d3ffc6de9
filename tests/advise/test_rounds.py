"""Each round is what it says: the checks find in it what is wrong, and of what kind."""

from __future__ import annotations

import pytest
from tests.advise import rounds
from tests.advise.contexts import only
from tests.factories import RATE, experiment, two_optimizers

from etude.analyze.checks.best_step import best_step
from etude.analyze.checks.infeasible import infeasible
from etude.analyze.checks.stability import stability
from etude.space import Choice

CHOICE = {"activation": Choice(["relu", "gelu", "tanh"]), "learning_rate": RATE}


@pytest.mark.parametrize("make", [rounds.healthy, rounds.dense])
def test_nothing_is_wrong_with_a_healthy_or_dense_round(make):
    context = make(experiment())

    assert not context.has_problem
    assert len(context.of("coverage", "C2", "ok")) == 1
    assert len(context.of("boundary", "C1", "ok")) == 4


@pytest.mark.parametrize(
    ("make", "kind", "early"),
    [
        (rounds.breaks_early, "diverged", True),
        (rounds.breaks_later, "diverged_recovered", False),
        (rounds.never_learns, "never_learned", False),
    ],
)
def test_the_best_trial_breaks(make, kind, early):
    context = make(experiment(fixed={"warmup_steps": 0}, **rounds.LONG))

    finding = only(context, "stability", "D1", "problem")

    result = context.result(finding, stability)
    (trial,) = [one for one in result.trials if one.trial == finding.subject["trial"]]
    assert (trial.kind, trial.early) == (kind, early)


def test_another_than_the_best_trial_breaks_early():
    context = rounds.another_breaks_early(experiment(fixed={"warmup_steps": 0}, **rounds.LONG))

    assert context.of("stability", "D1", "problem") == []
    (trial,) = [
        trial
        for trial in context.analysis.result(context.studies[0], stability).trials
        if trial.status == "problem"
    ]
    assert trial.early


@pytest.mark.parametrize("make", [rounds.healthy, rounds.breaks_later])
def test_the_90th_percentile_of_the_norms_is_known(make):
    (finding,) = make(experiment()).of("gradient_norm", "D9", "ok")

    assert finding.evidence["threshold"] == pytest.approx(2.31, abs=0.001)


@pytest.mark.parametrize(
    ("make", "given", "check", "rule", "status"),
    [
        (rounds.rate_held_down, {}, "stability", "D3", "notice"),
        (rounds.edge, {}, "boundary", "C1", "problem"),
        (rounds.best_trains_least, {}, "overfitting", "C7", "notice"),
        (rounds.jumps, {}, "step_variance", "C8", "notice"),
        (rounds.sparse, {}, "coverage", "C2", "notice"),
        (rounds.sparse, {"question": rounds.SIX_AXES, "count": 10}, "coverage", "C2", "problem"),
        (
            rounds.jumps_between_studies,
            {"question": two_optimizers()},
            "step_variance",
            "C8",
            "problem",
        ),
    ],
)
def test_one_thing_is_wrong_with_a_study(make, given, check, rule, status):
    context = make(**{"question": experiment(), **given})

    findings = context.of(check, rule, status)

    assert [one for one in findings if "trial" not in one.subject] == findings[:1]


@pytest.mark.parametrize(
    ("make", "given", "check", "rule", "status"),
    [
        (rounds.spikes, {}, "gradient_norm", "D9", "notice"),
        (rounds.overfits, {}, "overfitting", "C6", "problem"),
        (rounds.saturates, {}, "saturated", "C10", "notice"),
        (rounds.saturates, {"share": 0.6}, "saturated", "C10", "ok"),
    ],
)
def test_one_thing_is_wrong_with_the_best_trial(make, given, check, rule, status):
    assert "trial" in only(make(experiment(), **given), check, rule, status).subject


@pytest.mark.parametrize(
    ("make", "question", "status", "cause", "sides"),
    [
        (rounds.cliff, experiment(), "problem", "cliff", ["high"]),
        (rounds.few_break, experiment(), "notice", "cliff", ["high"]),
        (rounds.breaks_anywhere, experiment(), "problem", "scattered", []),
        (rounds.breaks_at_a_value, experiment(nuisance=CHOICE), "problem", "choice", [""]),
    ],
)
def test_training_breaks_somewhere(make, question, status, cause, sides):
    context = make(question)

    result = context.result(only(context, "infeasible", "C3", status), infeasible)

    assert result.cause == cause
    assert [region.side for region in result.regions] == sides


@pytest.mark.parametrize("beyond", [2, 3])
def test_a_cliff_begins_before_the_last_trial_that_trains(beyond):
    context = rounds.cliff_with_beyond(beyond)

    assert context.result(only(context, "infeasible", "C3", "problem"), infeasible).cause == "cliff"


@pytest.mark.parametrize(
    ("make", "best_improves", "steps"),
    [
        (rounds.improves_late, "notice", "late"),
        (rounds.only_best_improves, "notice", "mixed"),
        (rounds.improves_in_noise, "unclear", "late"),
        (rounds.others_improve, "ok", "late"),
        (rounds.improves_little, "notice", "late"),
        (rounds.best_steps_early, "ok", "early"),
        (rounds.lowest_late_by_luck, "ok", "early"),
    ],
)
def test_the_length_is_wrong(make, best_improves, steps):
    context = make(experiment())

    assert len(context.of("still_improving", "C9", best_improves)) == 1
    assert len(context.of("still_improving", "T1", best_improves)) == 1
    result = context.analysis.result(context.studies[0], best_step)
    assert result.status == ("ok" if steps == "mixed" else "notice")
    assert (result.early == result.judged) == (steps == "early")
    assert (result.late >= 0.8 * result.judged) == (steps == "late")


@pytest.mark.parametrize(
    ("make", "given", "statuses"),
    [
        (rounds.dense, {}, ["ok", "ok"]),
        (rounds.only_rate_matters, {}, ["ok", "notice"]),
        (rounds.only_rate_matters, {"bottom": -0.2}, ["ok", "notice"]),
        (rounds.only_rate_matters_and_breaks, {}, ["ok", "notice"]),
        (rounds.nothing_matters, {}, ["notice", "notice"]),
    ],
)
def test_what_matters_is_seen(make, given, statuses):
    context = make(experiment(), **given)

    findings = [one for one in context.findings if one.check == "importance"]

    assert [one.status for one in findings if "hyperparameter" in one.subject] == statuses


def test_one_of_three_studies_is_clearly_behind():
    names = ["adam", "nesterov", "sgd"]
    context = rounds.valleys(two_optimizers(scientific={"optimizer": names}), [0.1, 0.1, 0.6])

    assert [(lead.over, lead.holds) for lead in context.verdict.leads] == [
        ("optimizer=adam", False),
        ("optimizer=sgd", True),
    ]


def test_everything_is_wrong():
    context = rounds.everything_is_wrong(experiment())

    assert len(context.of("stability", "D3", "notice")) == 1
    assert len(context.of("infeasible", "C3", "problem")) == 1
    assert len(context.of("overfitting", "C6", "problem")) == 1
    assert len(context.of("best_step", "T5", "notice")) == 1
    assert len(context.of("still_improving", "C9", "notice")) == 1

"""A gain against the complexity it adds; ties keep the simpler."""

from __future__ import annotations

import math

import pytest
from tests.factories import experiment, record

from etude.advise.adoption import Candidate, adoption, candidates
from etude.advise.complexity import Cost, complexity
from etude.advise.follow_up import prunings, retraining_experiment
from etude.analyze.analysis import Analysis
from etude.analyze.comparison.retrainings import Retrainings
from etude.design.studies import studies

PLAIN = {"learning_rate": 0.1, "dropout": 0.0}
RICH = {"learning_rate": 0.1, "dropout": 0.2}
LOW, HIGH = [0.10, 0.11, 0.10, 0.11, 0.105], [0.30, 0.31, 0.30, 0.31, 0.305]
NOISY = [0.30, 0.20, 0.25, 0.35, 0.28, 0.22, 0.31, 0.27]
ALIKE = [0.29, 0.21, 0.26, 0.34, 0.28, 0.23, 0.30, 0.26]


def setting(values, given=None, trial=0, **cost):
    return Candidate(
        trial=trial,
        setting=given or PLAIN,
        trainings=Retrainings(name=f"all:{trial}", values=tuple(values)),
        loss=sum(values) / len(values),
        cost=Cost(**cost),
    )


def decided(candidate, baseline, **given):
    return adoption([candidate], baseline, metric="valid/error", **given)


def test_the_first_baseline_needs_no_comparison():
    decision = decided(setting(LOW), None)

    assert (decision.decision, decision.comparison) == ("adopt", None)
    assert "Nothing was compared" in decision.message


def test_what_is_better_is_adopted_with_what_it_adds():
    decision = decided(setting(LOW, RICH, 1), setting(HIGH))

    assert decision.decision == "adopt"
    assert decision.complexity.adds == ("`dropout` = 0.2",)
    assert "adds `dropout` = 0.2 (A4)" in decision.message


def test_higher_is_better_where_the_metric_says_so():
    assert decided(setting(HIGH, RICH, 1), setting(LOW), maximize=True).decision == "adopt"
    assert decided(setting(HIGH, RICH, 1), setting(LOW)).decision == "keep"


def test_what_ties_with_the_best_and_the_baseline_hides_no_gain():
    def around(mean):
        return [mean + 0.01 * step for step in (-1.26, -0.63, 0.0, 0.63, 1.26)]

    richest = {**RICH, "gradient_clip": 1.0}
    best, simpler = setting(around(0.18), richest, 1), setting(around(0.19), RICH, 2)

    decision = adoption([best, simpler], setting(around(0.2)), metric="valid/error")

    assert (decision.decision, decision.candidate) == ("adopt", best)


def test_two_lucky_trainings_are_no_rival_of_five():
    lucky, known = (
        setting([0.10, 0.14], RICH, 1),
        setting([0.125, 0.12, 0.13, 0.125, 0.125], RICH, 2),
    )

    decision = adoption(
        [lucky, known], setting([0.2, 0.205, 0.195, 0.2, 0.2]), metric="valid/error"
    )

    assert (decision.decision, decision.candidate) == ("adopt", known)


@pytest.mark.rule("A4")
def test_a_gain_below_what_a_part_must_bring_is_not_adopted():
    decision = decided(setting(LOW, RICH, 1), setting(HIGH), worth=0.5)

    assert decision.decision == "keep"
    assert "asks for a gain of 0.5" in decision.message


@pytest.mark.parametrize(
    ("candidate", "baseline", "expected"), [(PLAIN, RICH, "adopt"), (RICH, PLAIN, "keep")]
)
def test_of_two_that_tie_the_simpler_one_holds(candidate, baseline, expected):
    decision = decided(setting(ALIKE, candidate, 1), setting(NOISY, baseline))

    assert (decision.comparison.answer, decision.decision) == ("no_difference", expected)


@pytest.mark.rule("R1", "A4")
@pytest.mark.parametrize(("candidate", "baseline"), [([0.1], HIGH), (LOW, [0.3])])
def test_one_training_tells_nothing_of_chance(candidate, baseline):
    decision = decided(setting(candidate, RICH, 1), setting(baseline))

    assert (decision.decision, decision.comparison) == ("keep", None)
    assert "was trained once" in decision.message


def test_changes_that_can_go_without_loss_are_dropped():
    both = {**RICH, "weight_decay": 0.01}
    decision = adoption(
        [setting(LOW, both, 1), setting(LOW, RICH, 2)],
        setting(HIGH, {**PLAIN, "weight_decay": 0.0}),
        metric="valid/error",
    )

    assert decision.candidate.trial == 2
    assert decision.pruned == ("weight_decay",)


def test_changes_that_carry_the_gain_are_kept():
    both = {**RICH, "weight_decay": 0.01}
    decision = adoption(
        [setting(LOW, both, 1), setting(HIGH, RICH, 2)],
        setting(HIGH, {**PLAIN, "weight_decay": 0.0}),
        metric="valid/error",
    )

    assert (decision.candidate.trial, decision.pruned) == (1, ())


@pytest.mark.parametrize(
    ("before", "after", "adds", "drops"),
    [
        ({"dropout": 0.0}, {"dropout": 0.1}, 1, 0),
        ({"dropout": 0.3}, {"dropout": 0.1}, 0, 0),
        ({"learning_rate": 0.1}, {"learning_rate": 0.2}, 0, 0),
        ({}, {"mixup_alpha": 0.2}, 1, 0),
        ({"use_dropout": False}, {"use_dropout": True}, 1, 0),
        ({"width": 64}, {"width": 128}, 1, 0),
        ({"width": 128, "dropout": 0.1}, {"width": 64, "dropout": 0.0}, 0, 2),
        ({"activation": "relu"}, {"activation": "gelu"}, 0, 0),
    ],
)
def test_parts_regularizers_and_size_are_counted(before, after, adds, drops):
    difference = complexity(before, after)
    turned = complexity(after, before)

    assert (len(difference.adds), len(difference.drops)) == (adds, drops)
    assert (len(turned.adds), len(turned.drops)) == (drops, adds)


def test_time_and_parameters_are_counted_where_they_are_known():
    cheap = Cost(steps_s=(0.9, 1.0, 1.1), parameters=100)
    dear = Cost(steps_s=(1.4, 1.5, 1.6), parameters=300)

    assert complexity({}, {}, costs=(cheap, dear)).adds == (
        "1.5 times the time per step",
        "3 times the parameters",
    )
    assert complexity({}, {}, costs=(cheap, Cost())).adds == ()


@pytest.mark.parametrize(
    "steps_s",
    [
        (1.0, 1.6, 1.7),  # one of them was as quick: a machine that did other things too
        (1.5, 1.6),  # two are no evidence
        (1.15, 1.2, 1.2),  # so little is none either
    ],
)
def test_time_that_may_be_the_machines_is_no_complexity(steps_s):
    before, after = Cost(steps_s=(0.9, 1.0, 1.1)), Cost(steps_s=steps_s)

    assert complexity({}, {}, costs=(before, after)).adds == ()


def test_trainings_of_one_setting_are_one_candidate_and_failures_stand_behind():
    question = experiment(nuisance={}, fixed={}, configurations=[{"a": 1}, {"a": 2}] * 3, trials=0)
    (study,) = studies(question)
    values = [0.3, 0.1, 0.3, 0.1, 0.3, None]
    records = [record(study, k, value, {"a": 1 + k % 2}) for k, value in enumerate(values)]

    first, second = candidates(Analysis(question, [study], records))

    assert (first.setting, first.trainings.values) == ({"a": 1}, (0.3, 0.3, 0.3))
    assert math.isnan(second.trainings.values[-1])


def test_a_retraining_gives_every_setting_its_seeds():
    question = retraining_experiment(experiment(), [PLAIN, RICH], name="again", seeds=3)

    assert question.fixed == {"learning_rate": 0.1}
    assert [row["dropout"] for row in question.configurations] == [0.0, 0.2] * 3
    assert question.parent == "experiment"


def test_a_single_setting_is_trained_as_a_study_in_which_only_seeds_differ():
    question = retraining_experiment(experiment(), [PLAIN], name="again", seeds=3)

    assert (question.trials, question.configurations, question.fixed) == (3, (), PLAIN)


def test_pruning_takes_every_change_back_by_itself():
    before, after = {"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 2, "c": 1}

    assert prunings(before, after) == [after, {"a": 1, "b": 2, "c": 1}, {"a": 2, "b": 1, "c": 1}]
    assert prunings(before, {**before, "a": 2}) == [{"a": 2, "b": 1, "c": 1}]


@pytest.mark.rule("A2", "A4")
def test_the_best_of_several_must_be_surer_than_one_alone():
    best, holds = [0.24, 0.30, 0.27, 0.33, 0.26], [0.30, 0.36, 0.33, 0.39, 0.32]
    rivals = [
        setting([value + 0.06 for value in best], {**RICH, "dropout": 0.1 * k}, k)
        for k in range(3, 12)
    ]
    alone, baseline = setting(best, RICH, 1), setting(holds)

    among = adoption([alone, *rivals], baseline, metric="valid/error")

    assert decided(alone, baseline).decision == "adopt"
    assert (among.decision, among.comparison.answer) == ("keep", "better")
    assert "one of 10 settings, which share the 5 %: each must hold at 0.005" in among.message

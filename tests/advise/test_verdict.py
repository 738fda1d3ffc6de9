from __future__ import annotations

import re
from dataclasses import replace
from math import comb

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of, only, with_status
from tests.analyze.trials import at_units, valley
from tests.factories import RATE, experiment, record, two_optimizers

from etude.advise.verdict import verdict
from etude.analyze.views.rates import is_rate
from etude.design.split import split
from etude.experiment import Experiment
from etude.finding import Verdict
from etude.record import Record

INSIDE = [0.5, 0.5]


def judged(question: Experiment, records: list[Record]) -> Verdict:
    return context_of(question, records).verdict


def two_valleys(question: Experiment, adam: float, nesterov: float) -> list[Record]:
    """Valleys of 0.1 above these heights, their lowest points inside the space."""
    first, second = split(question)
    return [
        *valley(first, INSIDE, height=adam),
        *valley(second, INSIDE, height=nesterov, begin=20),
    ]


def test_a_clear_difference_is_better():
    question = two_optimizers()

    answer = judged(question, two_valleys(question, 0.1, 0.5))

    assert (answer.status, answer.winner) == ("better", "optimizer=adam")
    assert "95 % of resampled studies, mirrored" in answer.message
    assert "interval" not in answer.message
    assert answer.evidence["leads"]["optimizer=nesterov"]["chance"] < 0.05


@pytest.mark.parametrize("seed", range(10))
def test_two_equal_studies_are_unclear(seed):
    question = two_optimizers(seed=seed)

    assert judged(question, two_valleys(question, 0.1, 0.1)).status == "unclear"


def test_the_highest_wins_where_higher_is_better():
    question = two_optimizers(maximize=True)
    first, second = split(question)
    units = [[(k + 0.5) / 20, ((7 * k) % 20 + 0.5) / 20] for k in range(20)]
    values = [0.9 - 0.01 * abs(k - 10) for k in range(20)]
    lower = [value - 0.4 for value in values]

    answer = judged(
        question, [*at_units(first, units, lower), *at_units(second, units, values, 20)]
    )

    assert (answer.status, answer.winner) == ("better", "optimizer=nesterov")


def test_few_validation_examples_leave_open_what_the_search_alone_would_decide():
    few, many = two_optimizers(validation_examples=20), two_optimizers(validation_examples=20_000)
    records = two_valleys(few, 0.2, 0.3)

    assert (judged(few, records).status, judged(many, records).status) == ("unclear", "better")


def test_no_mistake_among_the_examples_is_no_certainty():
    question = two_optimizers(validation_examples=100)
    units = [[(k + 0.5) / 20, ((7 * k) % 20 + 0.5) / 20] for k in range(20)]
    first, second = split(question)
    values = [0.0, *([0.001] * 19)]
    worse = [0.011, *([0.012] * 19)]

    answer = judged(
        question, [*at_units(first, units, values), *at_units(second, units, worse, 20)]
    )

    assert answer.evidence["studies"]["optimizer=adam"]["standard_error"] > 0
    assert answer.status == "unclear"


def lists(question: Experiment, first: list[float], second: list[float]) -> list[Record]:
    """Trials of both studies with these values, all over the space."""
    adam, nesterov = split(question)
    units = [[(k + 0.5) / 20, ((7 * k) % 20 + 0.5) / 20] for k in range(20)]
    begin = len(first)
    return [
        *at_units(adam, units[:begin], first),
        *at_units(nesterov, units[: len(second)], second, begin),
    ]


def test_the_luckier_half_of_equal_draws_is_not_better():
    question = two_optimizers(trials=6)
    # Four of the best four belong to one study: in 6.1 % of draws from equal studies, one has them.
    records = lists(
        question, [0.1, 0.1, 0.1, 0.1, 0.9, 0.9], [0.3, 0.301, 0.302, 0.303, 0.304, 0.305]
    )

    answer = judged(question, records)

    assert answer.status == "unclear"
    assert (
        "but only the best 4 trials of both are all `optimizer=adam`'s: were both alike, "
        "either would have them all in 6.1 % of draws"
    ) in answer.message


def test_better_says_how_seldom_equal_studies_look_so():
    question = two_optimizers(trials=6)
    records = lists(question, [0.1] * 5 + [0.9], [0.3, 0.301, 0.302, 0.303, 0.304, 0.305])

    answer = judged(question, records)

    assert answer.status == "better"
    assert "the best 5 trials of both are all `optimizer=adam`'s" in answer.message
    assert answer.evidence["leads"]["optimizer=nesterov"]["chance"] == pytest.approx(12 / 792)


@pytest.mark.parametrize(("trials", "others"), [(6, 6), (20, 20), (6, 20), (20, 7)])
def test_the_chance_is_that_of_all_assignments_of_the_trials(trials, others):
    question = two_optimizers()
    low, high = [0.1 + 0.001 * k for k in range(trials)], [0.2 + 0.001 * k for k in range(others)]
    low[4:] = [0.9] * (trials - 4)

    answer = judged(question, lists(question, low, high)).evidence["leads"]["optimizer=nesterov"]

    total = comb(trials + others, 4)
    assert answer["run"] == 4
    assert answer["chance"] == pytest.approx((comb(trials, 4) + comb(others, 4)) / total)


def test_a_tie_with_the_best_of_the_other_ends_the_run():
    question = two_optimizers()
    records = lists(question, [0.1, 0.2, *[0.2] * 18], [0.2, *[0.3] * 19])

    answer = judged(question, records).evidence["leads"]["optimizer=nesterov"]

    assert answer["run"] == 1


def test_studies_that_tune_nothing_compare_means():
    question = two_optimizers(nuisance={})
    first, second = split(question)
    records = [
        *(record(first, k, 0.1 + 0.01 * (k % 3), {}) for k in range(6)),
        *(record(second, 6 + k, 0.5 + 0.01 * (k % 3), {}) for k in range(6)),
    ]

    answer = judged(question, records)

    assert answer.status == "unclear"
    assert "0.11 for `optimizer=adam` (standard deviation 0.0089, 6 trials)" in answer.message
    assert answer.evidence["means"]["optimizer=nesterov"]["mean"] == pytest.approx(0.51)


def test_a_crowd_of_studies_is_counted():
    names = ["adam", "nesterov", "sgd", "lion", "muon", "adagrad"]
    question = two_optimizers(scientific={"optimizer": names})
    records = [
        one
        for place, study in enumerate(split(question))
        for one in valley(study, INSIDE, height=0.1 + 0.4 * place, begin=20 * place)
    ]

    answer = judged(question, records)

    assert answer.status == "better"
    assert "`optimizer=adam` reaches" in answer.message
    assert "for `optimizer=nesterov`" in answer.message
    assert answer.message.endswith("4 others are further behind.")


def test_a_crowd_of_equal_studies_names_the_nearest():
    names = ["adam", "nesterov", "sgd", "lion", "muon", "adagrad"]
    question = two_optimizers(scientific={"optimizer": names})
    records = [
        one
        for place, study in enumerate(split(question))
        for one in valley(study, INSIDE, begin=20 * place)
    ]

    assert "4 others are behind, 4 of them as open." in judged(question, records).message


def test_the_same_problem_of_many_studies_is_one_doubt():
    question = two_optimizers(nuisance={"learning_rate": RATE})
    first, second = split(question)

    answer = judged(question, [*valley(first, [1.2]), *valley(second, [1.2], begin=20)])

    (doubt,) = [text for text in answer.doubts if text.startswith("C1:")]
    assert "in 2 studies" in doubt


@pytest.mark.parametrize("maximize", [False, True])
def test_a_doubt_runs_from_low_to_high(maximize):
    question = two_optimizers(maximize=maximize)
    values = [0.8 - 0.01 * k for k in range(20)]

    answer = judged(question, lists(question, values, values))

    doubt = next(text for text in answer.doubts if text.startswith("Q10: by the luck"))
    low, high = re.search(r"`optimizer=adam` ([\d.]+) to ([\d.]+)", doubt).groups()
    assert float(low) < float(high)


def test_the_luck_of_few_trials_is_not_known():
    question = two_optimizers(trials=1)

    answer = judged(question, lists(question, [0.3], [0.4]))

    doubt = next(text for text in answer.doubts if text.startswith("Q10: by the luck"))
    assert "`optimizer=adam` not known (1 trial)" in doubt


def test_trials_out_of_time_are_a_doubt():
    question = two_optimizers()
    first, second = split(question)
    setting = {"learning_rate": 0.01, "share": 0.5}
    slow = record(first, 40, 0.2, setting, status="stopped", reason="time_limit")

    answer = judged(question, [slow, *valley(first, INSIDE, 19), *valley(second, INSIDE, begin=20)])

    doubt = next(text for text in answer.doubts if text.startswith("T4"))
    assert doubt.startswith("T4: 1 trial was ended by the time limit (`optimizer=adam` 1)")


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ("valid/error", True),
        ("valid/error_rate", True),
        ("accuracy", True),
        ("valid/top1_error", True),
        ("valid/top_5_accuracy", True),
        ("valid_accuracy", True),
        ("valid/mean_squared_error", False),
        ("valid/mean_absolute_error", False),
        ("balanced_accuracy", False),
        ("relative_error", False),
        ("word_error_rate", False),
        ("valid/terror", False),
    ],
)
def test_only_a_share_of_examples_has_a_binomial_error(metric, share):
    assert is_rate(metric) is share


def test_a_problem_forbids_an_answer():
    question = two_optimizers(nuisance={"learning_rate": RATE})
    first, second = split(question)
    records = [*valley(first, [1.2]), *valley(second, [0.5], height=5.0, begin=20)]

    answer = judged(question, records)

    assert (answer.status, answer.winner) == ("unclear", "optimizer=adam")
    assert "C1" in answer.message
    assert "C14" in answer.message


def test_one_study_answers_no_question():
    question = experiment()

    answer = judged(question, valley(split(question)[0], INSIDE))

    assert answer.status == "no_question"
    assert "trial" in answer.message


@pytest.mark.parametrize("make", [experiment, two_optimizers])
def test_no_trials_are_unclear(make):
    answer = judged(make(), [])

    assert (answer.status, answer.winner) == ("unclear", "")


def test_all_infeasible_is_unclear():
    question = two_optimizers()
    first, second = split(question)

    answer = judged(
        question, at_units(first, [INSIDE] * 5, [None] * 5) + at_units(second, [INSIDE], [None], 5)
    )

    assert (answer.status, answer.winner) == ("unclear", "")
    assert "None of 6 ended trials is feasible" in answer.message


def test_a_study_without_a_feasible_trial_leaves_it_open():
    question = two_optimizers()
    first, second = split(question)

    answer = judged(
        question, [*valley(first, INSIDE), *at_units(second, [INSIDE] * 20, [None] * 20, 20)]
    )

    assert (answer.status, answer.winner) == ("unclear", "optimizer=adam")
    assert answer.evidence["leads"]["optimizer=nesterov"]["low"] is None


def test_one_trial_each_is_too_few_to_know_the_luck():
    question = two_optimizers(trials=1)
    first, second = split(question)

    answer = judged(
        question, at_units(first, [INSIDE], [0.1]) + at_units(second, [INSIDE], [0.9], 1)
    )

    assert answer.status == "unclear"
    assert "too few feasible trials" in answer.message


def test_exact_ties_are_unclear():
    question = two_optimizers()
    first, second = split(question)
    records = at_units(first, [INSIDE] * 20, [0.0] * 20)

    answer = judged(question, records + at_units(second, [INSIDE] * 20, [0.0] * 20, 20))

    assert answer.status == "unclear"
    assert "same best" in answer.message


@pytest.mark.parametrize(
    "part",
    [
        "A1, A2: each setting was trained with one seed",
        "Q10: by the luck of the search, in 95 % of resampled studies",
        "set `validation_examples`",
        "A1: each best value was picked on the validation data itself",
        "R5: this holds only for what was fixed: batch_size = 64.",
    ],
)
def test_the_doubts_are_named(part):
    question = two_optimizers()

    answer = judged(question, two_valleys(question, 0.1, 0.5))

    assert any(part in doubt for doubt in answer.doubts)


def test_the_standard_error_is_named_where_it_is_known():
    question = two_optimizers(validation_examples=1400)

    answer = judged(question, two_valleys(question, 0.1, 0.5))

    assert any("on 1400 validation examples" in doubt for doubt in answer.doubts)


def test_unequal_numbers_of_feasible_trials_are_a_doubt():
    question = two_optimizers()
    first, second = split(question)
    lost = record(first, 40, None, {"learning_rate": 0.1, "share": 0.5})

    answer = judged(question, [*valley(first, INSIDE, 19), *valley(second, INSIDE, begin=20), lost])

    assert any("R15: the studies have unequal" in doubt for doubt in answer.doubts)


def test_one_is_spoken_of_in_the_singular():
    question = two_optimizers(trials=1, validation_examples=1)

    doubts = " ".join(judged(question, lists(question, [0.3], [])).doubts)

    assert "1 of 2 trials has ended" in doubts
    assert "from 1 evaluation of 1 trial in all" in doubts
    assert "on 1 validation example the" in doubts
    assert "had more chances to find a good setting" in doubts


def test_trials_that_have_not_ended_are_a_doubt():
    question = two_optimizers()

    answer = judged(question, valley(split(question)[0], INSIDE))

    assert any("20 of 40 trials have ended" in doubt for doubt in answer.doubts)


def test_the_leader_must_beat_every_other():
    question = two_optimizers(scientific={"optimizer": ["adam", "nesterov", "sgd"]})
    first, second, third = split(question)
    records = [
        *valley(first, INSIDE, height=0.1),
        *valley(second, INSIDE, height=0.5, begin=20),
        *valley(third, INSIDE, height=0.1, begin=40),
    ]

    assert judged(question, records).status == "unclear"


def test_what_varies_by_chance_is_no_doubt_where_settings_were_trained_again():
    question = two_optimizers()
    records = two_valleys(question, 0.1, 0.5)
    again = [replace(one, id=one.id + 100, seed=one.seed + 1_000) for one in records]

    answer = judged(question, [*records, *again])

    assert not [doubt for doubt in answer.doubts if doubt.startswith("A1, A2")]


@pytest.mark.parametrize("status", ["problem", "unclear", "ok"])
def test_what_is_said_of_a_study_is_not_said_again_of_its_best_trial(status):
    context = rounds.jumps_between_studies(two_optimizers())
    study = only(context, "step_variance", "C8", "problem")
    trial = only(context, "step_variance", "C8", "notice")

    findings = with_status(context, study, status).findings
    doubts = verdict(context.analysis, findings).doubts

    assert trial.subject["study"] == study.subject["study"]
    assert sum(doubt.startswith("C8:") for doubt in doubts) == 1

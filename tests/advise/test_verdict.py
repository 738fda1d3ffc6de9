from __future__ import annotations

import re
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of, only, with_status
from tests.analyze.trials import at_units, valley
from tests.factories import RATE, curve, experiment, record, two_optimizers
from tests.form import (
    MAX_HEADLINE_WORDS,
    MAX_SENTENCES,
    long_numbers,
    long_sentences,
    sentences,
    words,
)

from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.analyze.views.rates import is_rate
from etude.design.split import split
from etude.experiment import Experiment
from etude.finding import Verdict
from etude.record import NO_POINTS, Record

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


def test_a_clear_difference_by_one_training_a_setting_leads():
    question = two_optimizers()

    answer = judged(question, two_valleys(question, 0.1, 0.5))

    assert (answer.status, answer.winner) == ("leads", "optimizer=adam")
    assert answer.headline == (
        "`optimizer=adam` leads `optimizer=nesterov` by 0.4, by one training a setting"
    )
    assert answer.message.endswith("what other seeds give is not known.")
    assert answer.evidence["leads"]["optimizer=nesterov"]["chance"] < 0.05


@pytest.mark.rule("Q10", "X1")
def test_a_search_that_follows_its_results_leads_by_no_draws():
    question = two_optimizers(search="bayesian")

    answer = judged(question, two_valleys(question, 0.1, 0.5))

    assert answer.status == "unclear"
    assert answer.headline.endswith("by 0.4, by a search that follows its results")
    assert answer.evidence["leads"]["optimizer=nesterov"]["chance"] is None


@pytest.mark.rule("Q10")
def test_trials_that_say_nothing_of_their_study_are_no_failures_of_it():
    question = two_optimizers()
    first, second = split(question)
    unsaid = [
        replace(one, points=NO_POINTS) for one in valley(second, INSIDE, height=0.5, begin=30)[:14]
    ]
    few = valley(second, INSIDE, height=0.11, begin=20)[:6]

    known = judged(question, [*valley(first, INSIDE, height=0.1), *few])
    answer = judged(question, [*valley(first, INSIDE, height=0.1), *few, *unsaid])

    one, other = (each.evidence["leads"]["optimizer=nesterov"] for each in (known, answer))
    assert (one["run"], one["chance"]) == (other["run"], other["chance"])


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

    assert (answer.status, answer.winner) == ("leads", "optimizer=nesterov")


def test_few_validation_examples_leave_open_what_the_search_alone_would_decide():
    few, many = two_optimizers(validation_examples=20), two_optimizers(validation_examples=20_000)
    records = two_valleys(few, 0.2, 0.3)

    assert (judged(few, records).status, judged(many, records).status) == ("unclear", "leads")


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


def test_the_luckier_half_of_equal_draws_does_not_lead():
    question = two_optimizers(trials=6)
    # Four of the best four belong to one study: in 6.1 % of draws from equal studies, one has them.
    records = lists(
        question, [0.1, 0.1, 0.1, 0.1, 0.9, 0.9], [0.3, 0.301, 0.302, 0.303, 0.304, 0.305]
    )

    answer = judged(question, records)

    assert answer.status == "unclear"
    assert answer.headline.endswith("by 0.2, within the luck of the search")
    assert (
        "The best 4 trials of both are all its own, which 6.1 % of equal searches show."
    ) in answer.message


def test_a_lead_says_how_seldom_equal_studies_look_so():
    question = two_optimizers(trials=6)
    records = lists(question, [0.1] * 5 + [0.9], [0.3, 0.301, 0.302, 0.303, 0.304, 0.305])

    answer = judged(question, records)

    assert answer.status == "leads"
    assert "The best 5 trials of both are all its own, which 1.5 % of equal" in answer.message
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


def test_sampling_error_leaves_a_lead_open():
    question = two_optimizers(validation_examples=1397)

    answer = judged(question, two_valleys(question, 27 / 1397, 35 / 1397))

    assert answer.status == "unclear"
    assert answer.headline.endswith("within the sampling error of 1,397 examples")
    assert [row.count for row in answer.rows] == [round(1397 * row.value) for row in answer.rows]
    assert all(row.low < row.value < row.high for row in answer.rows)


def retrainings(question: Experiment, first: list[float], second: list[float]) -> list[Record]:
    """Trainings of studies that tune nothing; an infeasible one is None."""
    adam, nesterov = split(question)
    return [
        *(record(adam, k, value, {}) for k, value in enumerate(first)),
        *(record(nesterov, len(first) + k, value, {}) for k, value in enumerate(second)),
    ]


UNTUNED = two_optimizers(nuisance={})
LOW, HIGH = [0.10, 0.11, 0.12, 0.11, 0.10], [0.50, 0.51, 0.52, 0.51, 0.50]


@pytest.mark.parametrize(
    ("first", "second", "status", "words"),
    [
        (LOW, HIGH, "better", "is better than `optimizer=nesterov` by 0.4 in 5 trainings of each"),
        (LOW[:3], HIGH[:3], "leads", "leads `optimizer=nesterov` by 0.4 in 3 trainings of each"),
        (LOW, LOW, "unclear", "within the noise of 5 trainings each"),
        (LOW[:2], HIGH[:2], "unclear", "2 trainings each are too few"),
        ([0.1, 0.12, 0.14, 0.16, 0.18], [0.13, 0.15, 0.17, 0.2, 0.22], "unclear", "trainings each"),
        ([*LOW, None], [*HIGH, 0.5], "better", "by 0.4 in 6 trainings of each"),
    ],
)
def test_retrainings_say_what_settings_are_worth(first, second, status, words):
    answer = judged(UNTUNED, retrainings(UNTUNED, first, second))

    assert (answer.status, answer.winner) == (status, "optimizer=adam")
    assert words in answer.headline


def share_that_leads(trials: int, pairs: int = 40) -> float:
    """In how many rounds the better of two noisy searches leads."""
    question = two_optimizers(trials=trials)
    answers = []
    for pair in range(pairs):
        rng = np.random.default_rng(pair)
        units = [rng.random((trials, 2)).tolist() for _ in range(2)]
        noise = [rng.normal(0.5 + up, 0.1, trials).tolist() for up in (0.0, 0.4)]
        records = [
            one
            for place, study in enumerate(split(question))
            for one in at_units(study, units[place], noise[place], place * trials)
        ]
        answer = verdict(Analysis(question, split(question), records), [])
        answers.append((answer.status, answer.winner) == ("leads", "optimizer=adam"))
    return float(np.mean(answers))


def test_more_trials_find_a_lead_no_less():
    few, more, many = map(share_that_leads, (10, 20, 40))

    slack = 2 * (2 * 0.25 / 40) ** 0.5
    assert few - slack <= more
    assert more - slack <= many
    assert more >= 0.9


@pytest.mark.parametrize(
    ("first", "second"),
    [(LOW, HIGH), (LOW[:3], HIGH[:3]), (LOW, LOW), (LOW[:1], HIGH[:1]), ([*LOW, None], HIGH)],
)
def test_the_words_of_retrainings_are_few(first, second):
    assert_short(judged(UNTUNED, retrainings(UNTUNED, first, second)))


@pytest.mark.parametrize(("adam", "nesterov"), [(0.1, 0.5), (0.1, 0.1), (0.02, 0.021)])
@pytest.mark.parametrize("examples", [None, 1397])
def test_the_words_of_searches_are_few(adam, nesterov, examples):
    question = two_optimizers(validation_examples=examples)

    assert_short(judged(question, two_valleys(question, adam, nesterov)))


def assert_short(answer: Verdict) -> None:
    assert 0 < words(answer.headline) <= MAX_HEADLINE_WORDS
    assert len(sentences(answer.message)) <= MAX_SENTENCES
    assert not long_sentences(answer.message)
    assert not long_numbers(answer.headline + answer.message)


def test_a_row_of_retrainings_has_their_mean_and_its_interval():
    answer = judged(UNTUNED, retrainings(UNTUNED, LOW, HIGH))

    row = answer.rows[0]
    assert (row.study, row.retrained) == ("optimizer=adam", 5)
    assert row.value == pytest.approx(0.108)
    assert row.low == pytest.approx(0.108 - 2.776 * 0.00837 / 5**0.5, abs=1e-4)
    assert answer.evidence["means"]["optimizer=nesterov"]["mean"] == pytest.approx(0.508)


def trained_again(records: list[Record], study: str, values: list[float]) -> list[Record]:
    """The best setting of a study with these values of other seeds, and what was there."""
    best = min(
        (one for one in records if one.study == study),
        key=lambda one: one.series("valid/error").values_P[0],
    )
    again = [
        replace(
            record(next(two for two in split(two_optimizers()) if two.name == study), 0, value),
            id=1000 + len(records) + k,
            setting=best.setting,
            seed=10_000 + k,
        )
        for k, value in enumerate(values)
    ]
    return [*records, *again]


@pytest.mark.parametrize(
    ("adam", "nesterov", "status", "winner"),
    [
        (
            [0.11 + 0.001 * k for k in range(5)],
            [0.51 + 0.001 * k for k in range(5)],
            "better",
            "adam",
        ),
        ([0.31 + 0.01 * k for k in range(5)], [0.31 + 0.01 * k for k in range(5)], "unclear", ""),
        ([0.9 + 0.001 * k for k in range(5)], [0.51 + 0.001 * k for k in range(5)], "", "nesterov"),
        ([0.11, 0.111], [0.51, 0.511], "leads", "adam"),
    ],
)
def test_retrainings_of_the_best_settings_overrule_the_searches(adam, nesterov, status, winner):
    question = two_optimizers()
    records = two_valleys(question, 0.1, 0.5)
    records = trained_again(records, "optimizer=adam", adam)
    records = trained_again(records, "optimizer=nesterov", nesterov)

    answer = judged(question, records)

    assert answer.winner.endswith(winner)
    assert answer.status.startswith(status)


@pytest.mark.parametrize("examples", [None, 1397])
def test_few_trainings_that_contradict_the_searches_leave_it_open(examples):
    question = two_optimizers(validation_examples=examples)
    records = two_valleys(question, 0.1, 0.5)
    records = trained_again(records, "optimizer=adam", [0.9, 0.901])
    records = trained_again(records, "optimizer=nesterov", [0.51, 0.511])

    answer = judged(question, records)

    assert (answer.status, answer.winner) == ("unclear", "optimizer=adam")
    assert "ahead of `optimizer=nesterov` by 0.39, but `optimizer=nesterov` is" in answer.headline
    assert "reaches the lowest valid/error, 0.104" in answer.message
    assert "Trained 2 times, `optimizer=nesterov` has a mean valid/error of 0.51" in answer.message


def test_a_better_mean_that_fails_more_often_says_so():
    records = retrainings(UNTUNED, [0.10, None, None, None, None], [0.12] * 4 + [0.121])

    answer = judged(UNTUNED, records)

    assert answer.status == "unclear"
    assert answer.headline.endswith("by 0.02, but fails more often")


def test_what_the_searches_could_find_is_said_apart():
    question = two_optimizers()
    records = two_valleys(question, 0.1, 0.5)
    for study, value in (("optimizer=adam", 0.11), ("optimizer=nesterov", 0.51)):
        records = trained_again(records, study, [value + 0.001 * k for k in range(5)])

    answer = judged(question, records)

    assert answer.message.startswith("Trained 5 times, `optimizer=adam` has a mean valid/error of")
    assert "What the searches could find is another question" in answer.message


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_scale_direction_and_order_change_no_word(maximize, factor):
    question = two_optimizers(maximize=maximize)
    sign = -factor if maximize else factor
    plain = two_valleys(two_optimizers(), 0.1, 0.5)
    scaled = [
        replace(one, points=curve([sign * one.series("valid/error").values_P[0]]))
        for one in reversed(plain)
    ]

    answer = judged(question, scaled)

    assert (answer.status, answer.winner) == ("leads", "optimizer=adam")
    assert answer.headline == judged(two_optimizers(), plain).headline.replace(
        "0.4", f"{0.4 * factor:g}"
    )


def test_a_crowd_of_studies_is_counted():
    names = ["adam", "nesterov", "sgd", "lion", "muon", "adagrad"]
    question = two_optimizers(scientific={"optimizer": names})
    records = [
        one
        for place, study in enumerate(split(question))
        for one in valley(study, INSIDE, height=0.1 + 0.4 * place, begin=20 * place)
    ]

    answer = judged(question, records)

    assert answer.status == "leads"
    assert answer.headline.startswith("`optimizer=adam` leads 5 others by 0.4")
    assert "of `optimizer=nesterov`" in answer.message


def test_a_crowd_of_equal_studies_names_the_nearest():
    names = ["adam", "nesterov", "sgd", "lion", "muon", "adagrad"]
    question = two_optimizers(scientific={"optimizer": names})
    records = [
        one
        for place, study in enumerate(split(question))
        for one in valley(study, INSIDE, begin=20 * place)
    ]

    answer = judged(question, records)

    assert answer.headline.endswith("within the luck of the search")
    assert len(answer.rows) == 6


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

    doubt = next(text for text in answer.doubts if text.startswith("Q10: nine in ten"))
    low, high = re.search(r"`optimizer=adam` ([\d.]+) to ([\d.]+)", doubt).groups()
    assert float(low) < float(high)


def test_the_luck_of_few_trials_is_not_known():
    question = two_optimizers(trials=1)

    answer = judged(question, lists(question, [0.3], [0.4]))

    doubt = next(text for text in answer.doubts if text.startswith("Q10: nine in ten"))
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


@pytest.mark.rule("C14")
def test_a_problem_forbids_an_answer():
    question = two_optimizers(nuisance={"learning_rate": RATE})
    first, second = split(question)
    records = [*valley(first, [0.5]), *valley(second, [1.2], height=5.0, begin=20)]

    answer = judged(question, records)

    assert (answer.status, answer.winner) == ("unclear", "optimizer=adam")
    assert "failed check (C1) comes first" in answer.headline
    assert "must be amended and run again" in answer.message


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
    assert "Only the best trial of both is its own" in answer.message


def test_exact_ties_are_unclear():
    question = two_optimizers()
    first, second = split(question)
    records = at_units(first, [INSIDE] * 20, [0.0] * 20)

    answer = judged(question, records + at_units(second, [INSIDE] * 20, [0.0] * 20, 20))

    assert answer.status == "unclear"
    assert "same best" in answer.headline


@pytest.mark.parametrize(
    "part",
    [
        "A1, A2: each setting was trained with one seed",
        "Q10: nine in ten other searches of the same size would end between these",
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


def test_an_error_below_one_percent_is_not_taken_for_a_share():
    question = two_optimizers(validation_examples=1400)
    percents = [
        replace(one, points=curve([90.0, *one.series("valid/error").values_P]))
        for one in two_valleys(question, 0.1, 0.5)
    ]

    answer = judged(question, percents)

    needs = "`validation_examples` needs a rate from 0 to 1; `valid/error` is told in percent"
    assert any(needs in doubt for doubt in answer.doubts)


@pytest.mark.rule("A1", "A2")
def test_the_trial_that_is_named_is_of_the_setting_that_was_judged():
    question = two_optimizers()
    first, second = split(question)
    steady, lucky = [0.15] * 6, [0.12, *[0.3] * 5]
    records = [
        *(record(first, k, value, {"learning_rate": 0.01}) for k, value in enumerate(steady)),
        *(record(first, 6 + k, value, {"learning_rate": 0.02}) for k, value in enumerate(lucky)),
        *(record(second, 12 + k, 0.5 + k / 100, {"learning_rate": 0.01}) for k in range(6)),
    ]

    answer = judged(question, records)

    assert answer.winner == first.name
    assert answer.rows[0].value == pytest.approx(0.15)
    assert answer.rows[0].trial in range(6)


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
    others = two_valleys(question, 0.1001, 0.5001)
    again = [replace(one, id=one.id + 100, seed=one.seed + 1_000) for one in others]

    answer = judged(question, [*records, *again])

    assert not [doubt for doubt in answer.doubts if doubt.startswith("A1, A2")]


@pytest.mark.parametrize("status", ["problem", "unclear", "ok"])
def test_what_is_said_of_a_study_is_not_said_again_of_its_best_trial(status):
    context = rounds.jumps_between_studies(two_optimizers())
    study = only(context, "step_variance", "C8", "problem")
    of_best = {"study": study.subject["study"], "trial": study.evidence["trials"][0]}
    # Its study's finding speaks of it.
    trial = only(context, "step_variance", "C8", "ok", **of_best)

    noticed = with_status(context, trial, "notice")
    findings = with_status(noticed, study, status).findings
    doubts = verdict(context.analysis, findings).doubts

    assert sum(doubt.startswith("C8:") for doubt in doubts) == 1


@pytest.mark.parametrize(("check", "is_aside"), [("periodicity", True), ("saturated", False)])
def test_an_open_period_is_no_doubt_that_people_read_second(check, is_aside):
    context = rounds.improves_late(experiment())
    best = context.best_first(context.studies[0])[0].trial
    findings = [
        replace(one, status="unclear", kind="too_short")
        if one.check == check and one.subject.get("trial") == best
        else replace(one, status="ok")
        for one in context.findings
    ]

    reasons = verdict(context.analysis, findings).caveats

    (rule,) = {one.rule for one in findings if one.status == "unclear"}
    weights = {one.rules: one.weight for one in reasons}
    assert (weights[(rule,)] < weights[("Q10",)]) == is_aside


def test_a_rate_in_percent_is_told_so_where_its_examples_are_said():
    question = two_optimizers(metric="valid/error", validation_examples=540)
    context = rounds.by_value([9.4] * 4, [9.9] * 4, question=question)

    (told,) = (one.text for one in context.verdict.caveats if "validation_examples" in one.text)

    assert told == "`validation_examples` needs a rate from 0 to 1; `valid/error` reaches 9.9"

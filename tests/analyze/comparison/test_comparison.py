from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from etude.analyze.comparison import comparison
from etude.analyze.comparison.failure_rate import (
    failure_rate,
    separating_threshold,
)
from etude.analyze.comparison.message import message, plan_line
from etude.analyze.comparison.sequential import power, sequential_plan
from etude.analyze.comparison.superiority import superiority
from etude.analyze.statistics.two_sample import difference

SEEDS = Path(__file__).parents[4] / "shared" / "data" / "seeds"
NAN = math.nan
LOW = [0.31, 0.33, 0.30, 0.32, 0.34, 0.31]
HIGH = [0.41, 0.43, 0.40, 0.42, 0.44, 0.41]


def drawn(seed, size, *, by=0.0, failing=0.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(by, 1.0, size)
    return np.where(rng.random(size) < failing, NAN, values).tolist()


def share(answers, wanted):
    return sum(one in wanted for one in answers) / len(answers)


@pytest.mark.rule("A2")
@pytest.mark.parametrize(("a", "b", "answer"), [(HIGH, LOW, "better"), (LOW, HIGH, "worse")])
def test_a_clear_difference_is_told_with_its_direction(a, b, answer):
    found = comparison(a, b)

    assert (found.answer, found.more_seeds) == (answer, 0)


def test_where_higher_is_better_the_answer_turns():
    assert comparison(LOW, HIGH, maximize=True).answer == "better"


def test_to_change_sides_turns_the_answer_and_the_probability():
    one = comparison(LOW, [*HIGH[:4], 0.32, 0.33])
    other = comparison([*HIGH[:4], 0.32, 0.33], LOW)

    assert one.difference.by == pytest.approx(-other.difference.by)
    assert one.difference.p == other.difference.p
    assert one.chance.probability == pytest.approx(1 - other.chance.probability)
    assert one.chance.low == pytest.approx(1 - other.chance.high, abs=1e-6)


def test_the_order_of_trainings_changes_nothing():
    a, b = drawn(0, 7), drawn(1, 7, by=1.3)

    assert comparison(a[::-1], b[::-1]).difference.p == pytest.approx(comparison(a, b).difference.p)


@pytest.mark.parametrize(("factor", "offset"), [(1000.0, 0.0), (1e-6, 0.0), (1.0, 100.0)])
def test_units_and_offsets_change_nothing_but_the_difference(factor, offset):
    a, b = drawn(0, 8), drawn(1, 8, by=1.0)
    plain = comparison(a, b)

    moved = comparison([factor * x + offset for x in a], [factor * x + offset for x in b])

    assert (moved.answer, moved.more_seeds) == (plain.answer, plain.more_seeds)
    assert moved.difference.by == pytest.approx(factor * plain.difference.by)
    assert moved.difference.p == pytest.approx(plain.difference.p, rel=1e-5)


def test_the_same_values_give_the_same_answer_bit_for_bit():
    a, b = drawn(0, 20), drawn(1, 20, by=0.7)

    assert comparison(a, b) == comparison(a, b)


def test_few_seeds_without_a_clear_difference_are_too_few():
    found = comparison([0.3, 0.32, 0.31], [0.31, 0.3, 0.32])

    assert (found.answer, found.why, found.more_seeds) == ("undecided", "few", 2)


def test_what_is_close_asks_for_more():
    found = comparison(drawn(0, 10), [value + 0.7 for value in drawn(0, 10)])

    assert (found.answer, found.why) == ("undecided", "close")
    assert 5 < found.more_seeds < 40
    assert f"Run {found.more_seeds} more seeds a side" in message(found)


def test_what_is_not_close_asks_for_nothing():
    found = comparison(drawn(0, 10), [value + 0.6 for value in drawn(0, 10)])

    assert found.difference.p > 0.10
    assert (found.answer, found.more_seeds) == ("no_difference", 0)


def test_a_failed_training_is_a_seed_too():
    found = comparison([0.30, 0.32, 0.31, 0.33, NAN], [0.31, 0.30, 0.33, NAN, 0.32])

    assert (found.answer, found.more_seeds) == ("no_difference", 0)


def test_a_side_with_too_few_values_asks_for_more():
    found = comparison([0.30, 0.32, NAN, NAN, 0.31, 0.3], [0.31, 0.30, NAN, NAN, NAN, NAN])

    assert (found.answer, found.why) == ("undecided", "few")
    assert found.more_seeds > 0


def test_no_difference_says_how_large_it_can_be_at_most():
    a = drawn(0, 20)
    found = comparison(a, [value + 0.01 for value in a])

    assert (found.answer, found.more_seeds) == ("no_difference", 0)
    assert found.at_most == pytest.approx(
        max(map(abs, (found.difference.low, found.difference.high)))
    )
    assert "smaller than" in message(found)


def test_unequal_numbers_of_seeds_are_compared():
    assert comparison(drawn(0, 8), drawn(1, 4)).answer == "no_difference"


@pytest.mark.parametrize("size", [0, 1, 2])
def test_below_three_seeds_nothing_is_decided(size):
    found = comparison([0.1] * size, [9.0] * size)

    assert (found.answer, found.more_seeds) == ("undecided", 5 - size)


def test_a_training_that_failed_loses_to_every_other():
    found = comparison([0.1, NAN], [0.5, 0.6])

    assert found.chance.probability == 0.5


def test_failures_alone_can_decide():
    found = comparison([*LOW, *[NAN] * 6], [*LOW, *LOW])

    assert found.answer == "better"
    assert "6 of 12 trainings of `A`, 0 of 12 of `B`" in message(found)


def test_a_few_failures_on_both_sides_hide_no_difference_of_values():
    assert comparison([NAN, *HIGH], [NAN, *LOW]).answer == "better"


def test_what_is_better_in_mean_but_fails_more_often_is_left_to_a_person():
    found = comparison([*HIGH, *HIGH], [*LOW, *[NAN] * 7])

    assert (found.answer, found.why, found.more_seeds) == ("undecided", "mixed", 0)
    assert "weigh them yourself" in message(found)


def test_a_better_mean_of_mostly_worse_trainings_is_left_to_a_person():
    fails_often = [0.9] * 8 + [0.300 + 0.001 * k for k in range(12)]
    steady = [0.320 + 0.001 * k for k in range(20)]

    assert comparison(fails_often, steady).why == "mixed"


def test_where_every_training_failed_a_bug_is_looked_for():
    found = comparison([NAN] * 6, [NAN] * 6)

    assert (found.answer, found.more_seeds) == ("undecided", 0)
    assert "what breaks them first" in message(found)


def test_values_of_two_kinds_are_told_apart():
    found = comparison([0.7, 0.69, 0.2, 0.21, 0.7, 0.2], LOW)

    assert (found.a.unlearned, found.b.unlearned) == (3, 0)
    assert "of two kinds: 3 of 6 of `A`" in message(found)


def test_two_sides_that_only_differ_are_not_of_two_kinds():
    assert separating_threshold(LOW, [value + 5 for value in LOW]) is None


def test_trainings_that_are_all_the_same_are_doubted():
    assert "same value" in message(comparison([0.5] * 4, [0.6] * 4))


def test_pairs_cancel_what_a_seed_does_to_both():
    base = [10.0 * value for value in drawn(0, 10)]
    noisy = [value + 0.5 + 0.1 * other for value, other in zip(base, drawn(1, 10), strict=True)]

    assert comparison(base, noisy).answer != "worse"
    assert comparison(base, noisy, paired=True).answer == "worse"


def test_a_permutation_only_doubts_what_a_t_test_says():
    from scipy.stats import t

    a, b = [0.0] * 4 + [1.0] * 3, [1.0] * 7

    welch, pooled = (2 * t.sf(math.sqrt(8), freedom) for freedom in (6, 12))

    assert welch < 0.031
    # Of all ways to deal out four zeros, 2 C(10, 7) of C(14, 7) are as far apart.
    assert difference(a, b).p == pytest.approx(math.sqrt(pooled * 2 * 120 / 3432))


def test_welch_is_what_equal_arms_get():
    a, b = drawn(3, 5), drawn(4, 5, by=1.0)

    # By scipy.stats.ttest_ind(a, b, equal_var=False).
    from scipy.stats import ttest_ind

    assert difference(a, b).p == pytest.approx(float(ttest_ind(a, b, equal_var=False).pvalue))


def test_with_few_and_many_seeds_two_kinds_of_values_fool_it_seldom():
    # Welch's test calls these arms different in a quarter of draws.
    rng = np.random.default_rng(0)
    arms = [(rng.random(size) < 0.36) + rng.normal(0, 0.01, size) for size in [3, 20] * 100]
    pairs = zip(arms[::2], arms[1::2], strict=True)

    said = [comparison(a.tolist(), b.tolist()).answer for a, b in pairs]

    assert share(said, {"better", "worse"}) <= 0.07


@pytest.mark.parametrize("size", [3, 5, 10])
@pytest.mark.parametrize("failing", [0.0, 0.3])
def test_equal_arms_are_seldom_called_different(size, failing):
    said = [
        comparison(
            drawn(2 * k, size, failing=failing), drawn(2 * k + 1, size, failing=failing)
        ).answer
        for k in range(100)
    ]

    assert share(said, {"better", "worse"}) <= 0.1


def test_the_exact_test_spends_what_so_many_failures_allow():
    assert failure_rate((0, 0), (10, 10), level=0.025).spent == 0
    assert failure_rate((2, 1), (10, 10), level=0.025).spent == 0
    assert 0 < failure_rate((6, 4), (10, 10), level=0.025).spent <= 0.025


def test_the_probability_is_that_of_newcombe():
    # Newcombe 2006 has 0.8 < theta for ten against ten without overlap; ties count half.
    assert superiority([1.0] * 10, [0.0] * 10).low == pytest.approx(0.80, abs=0.005)
    assert superiority([1.0, 1.0], [1.0, 1.0]).probability == 0.5


def test_looks_spend_no_more_than_five_percent_together():
    planned = sequential_plan((3, 5, 10, 20))

    assert (
        planned.levels[0] == 0 < planned.levels[1] < planned.levels[3] < 0.05 < sum(planned.levels)
    )
    assert power(planned, 0.0)[-1] <= 0.055
    assert power(planned, 1.0)[-1] > 0.8


def test_a_look_decides_more_strictly_than_a_single_one():
    a, b = [0.1, 0.2, 0.3, 0.4, 0.5], [0.4, 0.5, 0.6, 0.7, 0.8]

    assert comparison(a, b).answer == "worse"
    found = comparison(a, b, plan=sequential_plan((3, 5, 10, 20)))
    assert (found.answer, found.why, found.more_seeds) == ("undecided", "look", 5)
    assert "3 (only to see), 5 (p < 0.012)" in plan_line(found, 0.8, 1.0)


def test_between_looks_nothing_is_decided():
    found = comparison(HIGH, LOW, plan=sequential_plan((3, 5, 10)))

    assert (found.answer, found.more_seeds) == ("undecided", 4)
    assert "between two looks" in message(found)


def test_the_last_look_ends_the_plan():
    assert (
        comparison(drawn(0, 10), drawn(1, 10), plan=sequential_plan((5, 10))).answer
        == "no_difference"
    )


def test_a_look_at_three_seeds_is_not_fooled_by_two_kinds_of_values():
    found = comparison([0.7, 0.71, 0.70], [0.2, 0.21, 0.2], plan=sequential_plan((3, 5, 10)))

    assert (found.answer, found.more_seeds) == ("undecided", 2)
    assert "decides nothing" in message(found)


@pytest.mark.parametrize("looks", [(), (2, 5), (5, 5), (10, 5)])
def test_looks_that_do_not_rise_are_refused(looks):
    from etude.errors import RunError

    with pytest.raises(RunError, match="rising numbers"):
        sequential_plan(looks)


@pytest.fixture(scope="module")
def judged():
    if not SEEDS.is_dir():
        pytest.skip("../shared/data is absent: judged comparisons cannot be reproduced")
    runs = pd.read_csv(SEEDS / "nanogpt" / "runs.csv").groupby("group")["final_val_loss"]
    rows = pd.read_csv(SEEDS / "nanogpt" / "comparisons.csv").itertuples()
    return [
        (
            row.label,
            comparison(
                runs.get_group(row.baseline).tolist(), runs.get_group(row.candidate).tolist()
            ),
        )
        for row in rows
    ]


@pytest.mark.parametrize(
    ("label", "answer"),
    [("candidate_better", "better"), ("no_detectable_difference", "no_difference")],
)
def test_judged_comparisons_are_reproduced(judged, label, answer):
    assert {found.answer for name, found in judged if name == label} == {answer}


def test_fine_tunings_that_fail_are_counted_as_by_hand():
    if not SEEDS.is_dir():
        pytest.skip("../shared/data is absent: fine-tunings cannot be compared")
    runs = pd.read_csv(SEEDS / "bert" / "runs.csv").query("task == 'CoLA'").groupby("condition")
    values = [runs.get_group(one)["test_last"] for one in ("not_debiased", "standard_debiased")]

    found = comparison(*[one.tolist() for one in values], maximize=True)

    assert (found.answer, found.a.unlearned, found.b.unlearned) == ("better", 18, 0)


def test_values_that_tie_by_rounding_are_as_sure_as_their_number():
    few = comparison([0.91] * 3, [0.90] * 3)
    more = comparison([0.91] * 6, [0.90] * 6)

    assert few.difference.p == pytest.approx(0.1)
    assert few.difference.low < 0.0 < few.difference.high
    assert few.answer == "undecided"
    assert more.answer == "better"
    assert more.difference.low < more.difference.high < 0.0


def test_more_seeds_than_the_last_look_are_judged_too():
    plan = sequential_plan((3, 5, 10))
    a = [0.5 + 0.001 * k for k in range(11)]
    b = [0.1 + 0.001 * k for k in range(11)]

    assert comparison(a, b, plan=plan).answer == "better"

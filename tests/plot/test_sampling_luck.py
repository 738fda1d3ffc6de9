from __future__ import annotations

from tests.plot.charts import rows

from etude.analyze.checks.sampling_luck import Budget, SamplingLuck
from etude.plot.sampling_luck import caption, draw


def luck(*budgets):
    return SamplingLuck(
        study="all",
        metric="valid/error",
        maximize=False,
        ended=20,
        feasible=20,
        best=0.1,
        budgets=budgets,
    )


def test_each_number_of_trials_has_its_interval():
    chart = draw(luck(Budget(6, 0.2, 0.1, 0.4), Budget(20, None, None, None)))

    assert [(row["trials"], row["low"]) for row in rows(chart, "box")] == [("6", 0.1)]


def test_the_caption_says_how_far_luck_reaches():
    text = caption(luck(Budget(6, 0.2, 0.1, 0.4), Budget(20, 0.1, 0.1, 0.1)))

    assert "nine in ten other such searches of 20 trials would end at 0.1" in text


def test_an_end_that_says_nothing_is_neither_drawn_nor_named():
    one_sided = luck(Budget(20, 0.2, -1.3, 0.4, two_sided=False))

    (row,) = rows(draw(one_sided), "box")
    assert (row["low"], row["high"]) == (0.2, 0.4)
    assert "would end at 0.4 or below" in caption(one_sided)


def test_ends_that_two_digits_do_not_tell_apart_have_more():
    text = caption(luck(Budget(20, 0.9725, 0.971, 0.974)))

    assert "between 0.971 and 0.974" in text


def test_a_study_that_cannot_speak_of_luck_says_so():
    assert caption(luck()).startswith("Too few feasible trials")

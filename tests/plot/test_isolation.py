from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plot.charts import rows
from vl_convert import vegalite_to_svg

from etude.analyze.summaries.isolation import Isolation, Retrained, StudyBest
from etude.plot.isolation import caption, draw
from etude.plot.theme import themed


def best(study, value, low=None, high=None, trial=0):
    return StudyBest(
        study=study,
        scientific={},
        trial=None if value is None else trial,
        value=value,
        step=None if value is None else 9,
        low=low,
        high=high,
        ended=1,
        feasible=int(value is not None),
        infeasible=int(value is None),
        values={} if value is None else {trial: value},
    )


def isolation(*studies, maximize=False):
    return Isolation(metric="valid/error", maximize=maximize, studies=studies)


@pytest.mark.parametrize(
    ("maximize", "low", "high", "shown"),
    [(False, 0.2, 0.4, "0.2 (0.4 or below)"), (True, -1.3, 0.2, "0.2 (-1.3 or above)")],
)
def test_an_end_that_says_nothing_is_neither_drawn_nor_named(maximize, low, high, shown):
    one_sided = replace(best("a", 0.2, -1.3, 0.4), two_sided=False)

    chart = draw(isolation(one_sided, best("b", 0.3, 0.3, 0.5), maximize=maximize))

    assert rows(chart, "name")[0]["shown"] == shown
    drawn = rows(chart, "interval")[0]
    assert (drawn["low"], drawn["high"]) == (low, high)


def test_each_study_has_a_row_with_its_interval():
    chart = draw(isolation(best("a", 0.2, 0.2, 0.4), best("b", 0.3, 0.3, 0.5)))

    assert [(row["study"], row["shown"]) for row in rows(chart, "name")] == [
        ("a", "0.2 (0.2 to 0.4)"),
        ("b", "0.3 (0.3 to 0.5)"),
    ]
    assert [(row["low"], row["high"]) for row in rows(chart, "interval")] == [
        (0.2, 0.4),
        (0.3, 0.5),
    ]


def test_a_study_without_a_feasible_trial_keeps_its_row():
    chart = draw(isolation(best("a", 0.2), best("b", None)))

    assert [row["shown"] for row in rows(chart, "name")] == ["0.2", "no feasible trial"]


@pytest.mark.parametrize(
    ("studies", "text"),
    [
        ((), "nothing can be compared"),
        ((best("a", None),), "nothing can be compared"),
        ((best("a", 0.2),), "`a`, the only study, reaches 0.2 (trial 0)"),
        ((best("a", 0.2), best("b", None)), "the only study with a feasible trial"),
        (
            (best("a", 0.2), best("b", 0.1)),
            "`b` is ahead of `a` by 0.1; how far luck could move that is not known.",
        ),
        (
            (best("a", 0.2, 0.2, 0.3), best("b", 0.3, 0.3, 0.4)),
            "; lines span nine in ten other such searches.",
        ),
    ],
)
def test_the_caption_says_who_leads_and_what_is_drawn(studies, text):
    assert text in caption(isolation(*studies))


def test_the_caption_leaves_the_judgement_to_the_verdict():
    text = caption(isolation(best("a", 0.2, 0.2, 0.25), best("b", 0.3, 0.3, 0.4)))

    assert "overlap" not in text


def test_the_highest_leads_where_higher_is_better():
    text = caption(isolation(best("a", 0.8), best("b", 0.9), maximize=True))

    assert text.startswith("`b` is ahead of `a` by 0.1")


def test_studies_may_have_any_name():
    result = isolation(best("</script>\"'\\` ${1} \u2028", 0.2), best("plain", 0.3))

    assert "plain" in vegalite_to_svg(themed(draw(result), width=300))


@pytest.mark.parametrize("studies", [(), (best("a", None),), (best("a", 0.2),)])
def test_few_studies_are_drawn(studies):
    assert draw(isolation(*studies)).to_dict()["layer"]


def noisy(study, low, high, whose="setting"):
    again = Retrained(low=low, high=high, sd=0.01, degrees=4, trainings=5, whose=whose)
    return replace(study, retrained=again)


def test_the_noise_of_a_trial_is_a_bar_of_its_own_behind_the_interval():
    chart = draw(isolation(noisy(best("a", 0.2, 0.2, 0.4), 0.15, 0.25), best("b", 0.3, 0.3, 0.5)))

    assert [(row["study"], row["low"], row["high"]) for row in rows(chart, "box")] == [
        ("a", 0.15, 0.25)
    ]


def test_the_noise_of_a_positive_metric_keeps_the_axis_positive():
    chart = draw(isolation(noisy(best("a", 0.2), -0.5, 0.9)))

    assert rows(chart, "box")[0]["low"] == 0.1
    assert rows(chart, "box")[0]["shown"].startswith("-0.5 to 0.9")


def test_the_caption_tells_the_noise_of_a_trial_from_the_luck_of_the_search():
    without, known = best("a", 0.2), noisy(best("a", 0.2), 0.1, 0.3)

    assert "retrainings" not in caption(isolation(without))
    assert caption(isolation(known)).endswith("pale bars 95 % of retrainings of the best.")


def test_a_value_far_from_all_others_is_a_triangle_at_the_edge():
    values = {0: 0.2, **{trial: 0.2 + trial / 100 for trial in range(1, 30)}, 30: 1e9}

    chart = draw(isolation(replace(best("a", 0.2), values=values)))

    assert [row["trial"] for row in rows(chart, "beyond")] == [30]
    assert chart.to_dict()["title"]["text"] == "1 value beyond the axis"

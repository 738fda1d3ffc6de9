from __future__ import annotations

import pytest

from etude.plot.layers import even_subset
from etude.plot.scales import MetricAxis, limits, log_ticks
from etude.plot.theme import DARK, LIGHT


def contrast(color, paper):
    high, low = sorted((luminance(color), luminance(paper)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("low", "high"), [(1e-6, 1e6), (0.02, 0.03), (1e-9, 1e-8), (0.5, 7.0)])
def test_ticks_of_a_logarithm_are_few_and_inside(low, high):
    ticks = log_ticks(low, high)

    assert len(ticks) <= 6
    assert all(low * 0.999 <= tick <= high * 1.001 for tick in ticks)


@pytest.mark.parametrize(
    ("values", "maximize", "logarithmic"),
    [
        ([0.02, 0.9], False, True),
        ([0.02, 0.03], False, False),
        ([0.02, 0.9], True, False),
        ([-1.0, 9.0], False, False),
        ([0.0, 9.0], False, False),
        ([0.02, 0.15], False, False),
        ([0.0, 0.02, 0.1, 0.3, 0.9, 0.5], False, True),
        ([], False, False),
    ],
)
def test_only_positive_values_that_span_much_stand_on_a_logarithm(values, maximize, logarithmic):
    assert MetricAxis("m", values, maximize).logarithmic is logarithmic


SPREAD = [0.1 + 0.9 * (place * 0.618 % 1) for place in range(30)]


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("far", [1e3, 1e18, 1e300])
def test_how_far_a_far_value_is_does_not_move_the_axis(far, logarithmic):
    assert limits([*SPREAD, far], logarithmic=logarithmic) == limits(
        [*SPREAD, 1e6], logarithmic=logarithmic
    )
    assert limits([*SPREAD, far], logarithmic=logarithmic)[1] <= max(SPREAD)


def test_a_value_near_nothing_does_not_stretch_a_logarithm():
    wide = [value**2 for value in SPREAD]
    axis = MetricAxis("train/loss", [*wide, 1e-18], maximize=False)

    assert axis.logarithmic
    assert axis.domain[0] > min(wide) / 2
    assert axis.side(1e-18) == "low"


@pytest.mark.parametrize("values", [[0.02, 0.9], [0.2], [0.1, 0.2, 0.3], SPREAD, [3.0] * 9])
def test_values_without_one_far_from_all_are_on_the_axis(values):
    axis = MetricAxis("m", values, maximize=False)

    assert {axis.side(value) for value in values} == {""}


def test_the_order_of_values_changes_no_axis():
    assert limits([*SPREAD, 1e9]) == limits([1e9, *reversed(SPREAD)])


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_scale_an_axis(factor):
    low, high = limits([*SPREAD, 1e9])
    scaled = limits([factor * value for value in [*SPREAD, 1e9]])

    assert scaled == pytest.approx((factor * low, factor * high))


def test_an_even_subset_keeps_the_ends():
    assert even_subset(range(10), 4) == [0, 3, 6, 9]
    assert even_subset(range(3), 4) == [0, 1, 2]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_marks_stand_out_from_the_paper(palette):
    texts = (palette.ink, palette.quiet, palette.accent, palette.infeasible)

    assert min(contrast(color, palette.paper) for color in texts) >= 4.5
    assert min(contrast(color, palette.paper) for color in (palette.rest, *palette.best)) >= 3

from __future__ import annotations

import pytest

from etude.plot.layers import even_subset
from etude.plot.scales import MetricAxis, log_ticks
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
        ([], False, False),
    ],
)
def test_only_positive_values_that_span_much_stand_on_a_logarithm(values, maximize, logarithmic):
    assert MetricAxis("m", values, maximize).logarithmic is logarithmic


def test_an_even_subset_keeps_the_ends():
    assert even_subset(range(10), 4) == [0, 3, 6, 9]
    assert even_subset(range(3), 4) == [0, 1, 2]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_marks_stand_out_from_the_paper(palette):
    texts = (palette.ink, palette.quiet, palette.accent, palette.infeasible)

    assert min(contrast(color, palette.paper) for color in texts) >= 4.5
    assert min(contrast(color, palette.paper) for color in (palette.rest, *palette.best)) >= 3

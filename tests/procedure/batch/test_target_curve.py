"""Steps against batch size: by closed form, with its laws, and open where it must be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from etude.procedure.batch.target_curve import SizePoint, curve

SIZES = tuple(2**place for place in range(3, 11))


def points(
    critical: float, *, sizes: Sequence[int] = SIZES, luck: float = 0.0, seed: int = 0
) -> list[SizePoint]:
    """Sizes whose steps are 40 * (1 + critical / B), times a lucky factor."""
    rng = np.random.default_rng(seed)
    error = max(luck, 0.01)
    return [
        SizePoint(
            batch_size=size,
            steps=40.0 * (1.0 + critical / size) * math.exp(luck * rng.standard_normal()),
            error=error,
        )
        for size in sizes
    ]


@pytest.mark.parametrize("critical", [16.0, 90.0, 300.0])
def test_without_noise_the_critical_size_and_the_fewest_steps_are_those_planted(critical):
    found = curve(points(critical), noise_free=16)

    assert found.critical == pytest.approx(critical, rel=0.02)
    assert found.fewest == pytest.approx(40.0, rel=0.02)
    assert found.steps(64) == pytest.approx(40.0 * (1.0 + critical / 64), rel=0.02)


def test_intervals_hold_the_planted_size_in_19_of_20_draws():
    found = [curve(points(100.0, luck=0.1, seed=seed), noise_free=16) for seed in range(200)]

    held = [one.low <= 100.0 <= one.high for one in found]
    assert np.mean(held) >= 0.93
    assert max(max(one.critical / 100.0, 100.0 / one.critical) for one in found) < 2.0


@pytest.mark.parametrize(
    ("critical", "low", "high"), [(1e6, True, False), (0.01, False, True), (100.0, True, True)]
)
def test_sizes_of_one_regime_alone_bound_the_critical_one_on_one_side(critical, low, high):
    found = curve(points(critical, luck=0.05), noise_free=16)

    assert (found.low is not None, found.high is not None) == (low, high)


def test_twice_the_steps_of_every_size_change_the_fewest_alone():
    once = points(100.0, luck=0.1)
    twice = [
        SizePoint(batch_size=one.batch_size, steps=2.0 * one.steps, error=one.error) for one in once
    ]

    found, doubled = curve(once, noise_free=16), curve(twice, noise_free=16)

    assert (doubled.critical, doubled.low) == pytest.approx((found.critical, found.low))
    assert doubled.fewest == pytest.approx(2.0 * found.fewest)


def test_the_order_of_the_sizes_does_not_matter():
    given = points(100.0, luck=0.1)

    found, other = curve(given, noise_free=16), curve(given[::-1], noise_free=16)

    assert other.critical == pytest.approx(found.critical)


def test_sizes_that_stray_from_the_curve_widen_the_interval():
    straying = points(100.0, luck=0.3)
    sure = [SizePoint(batch_size=one.batch_size, steps=one.steps, error=0.02) for one in straying]

    found = curve(sure, noise_free=16)

    assert found.misfit > 2.0
    assert found.high / found.low > 2.0


@pytest.mark.parametrize("sizes", [(), (8,), (8, 16)])
def test_fewer_than_three_sizes_have_no_curve(sizes):
    found = curve(points(100.0, sizes=sizes), noise_free=0)

    assert (found.critical, found.low, found.steps(64)) == (None, None, None)

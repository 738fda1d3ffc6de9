"""The best rate against the size of a model, from losses alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from etude.analyze.summaries.rates_by_size import RatesBySize, SizeRate, size_rate


def bowl(centre: float, *, noise: float = 0.1, seed: int = 0, wall: float = 9.0) -> SizeRate:
    rng = np.random.default_rng(seed)
    losses = {
        2.0**k: [
            float((k - centre) ** 2 + rng.normal(0, noise)) if k < wall else math.inf
            for _ in range(5)
        ]
        for k in range(-3, 4)
    }
    return size_rate(64, losses, seed=seed)


def by_size(*sizes: SizeRate) -> RatesBySize:
    return RatesBySize(name="width", rate="lr", metric="m", maximize=False, sizes=sizes)


@pytest.mark.parametrize("centre", [-0.4, 0.0, 0.7])
def test_the_best_rate_lies_in_its_interval(centre: float) -> None:
    result = bowl(centre)

    assert result.low <= result.best <= result.high
    assert math.log2(result.best) == pytest.approx(centre, abs=0.3)


def test_a_rate_that_breaks_beside_the_best_is_no_edge() -> None:
    result = bowl(0.0, wall=1.0)

    assert not result.at_edge
    assert result.best == pytest.approx(1.0)


def test_a_best_rate_at_the_edge_leaves_it_open() -> None:
    result = by_size(bowl(0.0), bowl(-5.0))

    assert result.sizes[1].at_edge
    assert result.moved is None


@pytest.mark.parametrize(
    ("shift", "noise", "moved"), [(0.0, 0.1, False), (1.5, 0.1, True), (0.0, 5.0, None)]
)
def test_whether_it_moved_is_said_as_far_as_seeds_tell(
    shift: float, noise: float, moved: bool | None
) -> None:
    sizes = [bowl(place * shift - 0.5, noise=noise, seed=place) for place in range(2)]

    assert by_size(*sizes).moved is moved


def test_no_rate_that_trains_has_no_best() -> None:
    assert size_rate(64, {0.1: [math.inf], 0.2: [math.inf]}).best is None

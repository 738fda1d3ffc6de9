from __future__ import annotations

import math

import numpy as np
import pytest

from etude.connect.assembly.spread import spread_scale

ALL = ["linear", "log", "one_minus_log"]


def even(scale, low, high, count=40, seed=0):
    unit_N = np.random.default_rng(seed).random(count)
    if scale == "linear":
        return (low + unit_N * (high - low)).tolist()
    if scale == "log":
        return (low * (high / low) ** unit_N).tolist()
    return (1 - (1 - low) * ((1 - high) / (1 - low)) ** unit_N).tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("scale", "low", "high"),
    [
        ("linear", 0.1, 10.0),
        ("linear", 1e-4, 0.1),
        ("log", 1e-4, 0.1),
        ("log", 0.1, 10.0),
        ("one_minus_log", 0.5, 0.999),
    ],
)
def test_the_spread_of_the_values_tells_the_scale(scale, low, high, seed):
    candidates = ["linear", "log", *["one_minus_log"] * (scale == "one_minus_log")]

    assert spread_scale(even(scale, low, high, seed=seed), candidates) == scale


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1e-3, 1e-2, 1e-1], "log"), ([32, 64, 128, 256], "log"), ([0.1, 0.2, 0.3], "linear")],
)
def test_equal_steps_tell_it_too(values, scale):
    assert spread_scale(values, ["linear", "log"]) == scale


@pytest.mark.parametrize("values", [[0.001, 0.1], [0.001, 0.02, 0.1], [1, 2, 5, 7]])
def test_few_values_do_not_tell(values):
    assert spread_scale(values, ["linear", "log"]) is None


def test_values_that_crowd_tell_none():
    crowd = [0.03 * math.exp(0.2 * math.sin(k)) for k in range(40)]

    assert spread_scale([1e-5, *crowd, 0.1], ["linear", "log"]) is None


def test_the_order_of_the_values_means_nothing():
    values = even("log", 1e-4, 0.1, 20)

    assert spread_scale(values, ALL) == spread_scale(values[::-1], ALL[::-1])

"""Intervals of times per step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from etude.procedure.batch.interval import interval, spread, step_interval

from .curves import alone


def test_without_other_sizes_it_is_the_interval_of_student():
    values = [0.0, 0.01, 0.02]

    found = interval(values, spread([values]))

    assert math.isclose(found.half, 4.3027 * 0.01 / math.sqrt(3), rel_tol=1e-4)


def test_other_sizes_tell_of_the_spread_that_few_processes_do_not_know():
    values, others = [0.0, 0.01, 0.02], [[0.0, 0.01, 0.02] for _ in range(9)]

    found = interval(values, spread([values, *others]))

    assert found.half < interval(values, spread([values])).half


def test_one_process_has_no_interval():
    assert step_interval([alone(8)], (math.inf, 0)).relative == math.inf


@pytest.mark.rule("S4")
def test_it_holds_a_measurement_ten_times_as_long_under_a_load_that_remembers_itself():
    noise = np.random.default_rng(7)
    held = [_holds(noise) for _ in range(300)]

    assert np.mean(held) >= 0.9


def _holds(noise):
    load = _remembering(noise, 500)
    values = [float(np.mean(load[at : at + 10])) for at in (0, 60, 120, 180, 240)]
    later = float(np.mean(load[-200:]))
    found = interval(values, spread([values]), lasting=0.01)
    return found.log_mean - found.half <= later <= found.log_mean + found.half


def _remembering(noise, count, memory=0.97, sd=0.03):
    values, load = [], noise.normal(0.0, sd)
    for _ in range(count):
        load = memory * load + math.sqrt(1 - memory**2) * noise.normal(0.0, sd)
        values.append(load)
    return values

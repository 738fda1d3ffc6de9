"""The throughput against the batch size, and the largest size that is useful."""

from __future__ import annotations

import pytest

from etude.procedure.batch.growth import growth
from etude.procedure.batch.history import History, SizeProbe

from .curves import history, knee


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.rule("S6")
def test_the_knee_of_a_curve_is_the_useful_size(seed):
    known = growth(history(seed=seed))

    assert known.useful == 64


def test_a_throughput_that_grows_to_the_end_is_useful_to_the_end():
    known = growth(history(lambda size: 0.004, most=256))

    assert known.useful == 256


def test_a_gain_that_the_load_hides_is_not_told():
    known = growth(history(lambda size: knee(size) * size**-0.07, load=0.3))

    assert known.useful is None


def test_time_in_which_others_had_the_processor_is_no_gain():
    def delayed(size, turn):
        own_s, other_s = knee(size), 0.02
        blocks = tuple((10, 10 * (own_s + other_s), 10 * other_s) for _ in range(10))
        return SizeProbe(batch_size=size, turn=turn, outcome="measured", blocks=blocks)

    sizes = [2**power for power in range(10)]
    known = growth(History(tuple(delayed(size, turn) for turn in (1, 2, 3) for size in sizes)))

    assert known.useful == 64


def test_a_size_that_dips_does_not_hide_a_larger_one_that_gains():
    def dips(size):
        return 0.008 if size == 16 else 0.004

    known = growth(history(dips, most=64))

    assert known.useful == 64

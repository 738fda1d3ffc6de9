"""Which batch size is probed next."""

from __future__ import annotations

import pytest

from etude.procedure.batch.history import History
from etude.procedure.batch.turns import Limits, Next, next_probe

from .curves import alone, history


@pytest.mark.rule("S4")
def test_it_begins_with_one_example_and_doubles():
    first = next_probe(History(), Limits())
    second = next_probe(History((alone(1),)), Limits())

    assert (first, second) == (Next(1, 1), Next(2, 1))


@pytest.mark.parametrize(
    "last",
    [
        alone(4, "out_of_memory"),
        alone(4, "too_few_examples"),
        alone(4, "slow"),
        alone(4, "failed"),
        alone(4, examples=7),
    ],
)
def test_what_ends_the_sizes_begins_the_second_turn(last):
    known = History((alone(1), alone(2), last))

    assert next_probe(known, Limits()).turn == 2


def test_long_steps_that_gain_nothing_end_the_sizes_and_short_ones_do_not():
    known = history(lambda size: 0.002 * size, most=2**12)

    assert known.sizes[-1] == 256  # its step takes half a second
    assert history(lambda size: 0.0002 * size, most=2**12).sizes[-1] == 2**12


def test_long_steps_that_gain_are_doubled_further():
    known = history(lambda size: 2.0 * max(1.0, size / 2**10), most=2**12)

    assert known.sizes[-1] == 2**12


def test_a_batch_of_one_that_fails_by_itself_ends_nothing():
    assert next_probe(History((alone(1, "failed"),)), Limits()) == Next(2, 1)


def test_two_failures_from_the_start_end_it():
    known = History((alone(1, "failed"), alone(2, "failed")))

    assert next_probe(known, Limits()) is None


@pytest.mark.parametrize(
    ("tried", "own", "following"),
    [
        ((1, 2), 64, 4),
        ((1, 2, 4), 6, 6),
        ((1, 2, 4), 4, None),
        ((1, 2, 4, 8), 64, None),  # the next is above the limit
    ],
)
def test_while_all_fail_sizes_go_on_to_the_file_s_own(tried, own, following):
    known = History(tuple(alone(size, "failed") for size in tried))

    wanted = next_probe(known, Limits(own=own, most=8))

    assert wanted == (following and Next(following, 1))


def test_a_batch_size_that_was_never_read_is_not_probed_again():
    assert next_probe(History((alone(1, is_read=False),)), Limits()) is None


def test_sizes_that_decide_have_three_probes_and_none_more_than_the_limit():
    known = history(load=0.2)

    counts = [len(known.of(size)) for size in known.sizes]

    assert 3 <= max(counts) <= Limits().turns
    assert min(counts) >= 1


def test_sizes_far_below_the_useful_one_are_probed_once_where_that_tells():
    known = history(load=0.005)

    assert len(known.of(1)) < len(known.of(known.sizes[-1]))

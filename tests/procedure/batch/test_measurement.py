"""The verdict on batch sizes, of planted probes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.factories import experiment

from etude.procedure.base import Known
from etude.procedure.batch.answer import batch_answer
from etude.procedure.batch.history import History, TimeShares
from etude.procedure.batch.measurement import measured

from .curves import alone, history

KNOWN = Known(base=experiment(fixed={"bs": 2}), setting={"bs": 2})


@pytest.mark.rule("S6", "E1")
def test_a_curve_with_a_knee_is_saturated():
    result = measured("bs", history())

    assert (result.verdict, result.useful, result.evaluation_batch_size) == ("saturated", 64, 1024)
    assert all(size.outcome == "measured" for size in result.sizes)


def test_what_grows_until_memory_ends_is_growing():
    known = history(lambda size: 0.004, most=64) + alone(128, "out_of_memory")

    result = measured("bs", known)

    assert (result.verdict, result.useful, result.limited_by) == ("growing", 64, "memory")


@pytest.mark.parametrize("cause", ["input", "copies", "synchronization"])
@pytest.mark.rule("S5", "I2", "I3")
def test_a_share_beside_computing_is_a_bottleneck_with_its_cure(cause):
    result = measured("bs", history(shares=TimeShares(**{cause: 0.6})))

    assert (result.verdict, result.bottleneck.cause) == ("bottleneck", cause)
    assert result.bottleneck.cure
    assert result.useful == 64


@pytest.mark.parametrize(
    ("known", "advice"),
    [
        (history(shares=TimeShares(input=0.6)), r"Prefetch it with more workers.*measure again\."),
        (history(lambda size: 0.004, shapes=(("train.py:train:x", (32, 8)),)), "Let the training"),
        (history(), "^$"),
    ],
)
def test_what_holds_the_throughput_down_has_one_advice(known, advice):
    (finding,) = batch_answer(KNOWN, measured("bs", known), known).findings

    assert re.search(advice, finding.advice)


def test_a_share_that_nobody_can_see_is_null():
    known = measured("bs", history(shares=TimeShares(input=0.1)))

    assert known.as_json()["sizes"][0]["copies_share"] is None


def test_that_growth_ends_is_said_without_a_cause():
    known = history()

    texts = [one.text for one in batch_answer(KNOWN, measured("bs", known), known).reasons]

    assert any(re.match(r"From .* on doubling gains less than x 1\.\d+$", one) for one in texts)


def test_a_small_share_is_none():
    result = measured("bs", history(shares=TimeShares(input=0.1)))

    assert (result.verdict, result.bottleneck) == ("saturated", None)


def test_where_nobody_saw_what_a_step_holds_flat_times_are_no_growth():
    """They are what a size that is dropped shows too."""
    known = history(lambda size: 0.004)
    result = measured("bs", known)
    answer = batch_answer(KNOWN, result, known)

    assert (result.verdict, result.useful, answer.lines) == ("unclear", None, ())
    assert "as if it were dropped" in answer.line
    assert any("look at a batch" in one.text for one in answer.reasons)


def test_clearly_more_memory_at_the_largest_size_shows_that_it_is_held():
    probes = history(lambda size: 0.004).probes
    known = History(
        tuple(replace(one, memory_bytes=(300 + one.batch_size) * 2**20) for one in probes)
    )

    assert measured("bs", known).verdict == "growing"


def test_a_loop_whose_steps_hold_the_same_for_every_size_ignores_it():
    same = (("train.py:train:x", (32, 8)),)

    result = measured("bs", history(lambda size: 0.004, shapes=same))

    assert (result.verdict, result.useful) == ("ignored", None)


def test_a_short_step_that_takes_the_same_time_is_not_taken_for_one_that_ignores_it():
    known = history(lambda size: 0.004, most=64)
    seen = [alone(size, shapes=(("train.py:train:x", (size, 8)),)) for size in (1, 2, 4)]

    result = measured("bs", type(known)((*seen, *known.probes)))

    assert result.verdict == "growing"


def test_nothing_that_fits_is_unclear():
    result = measured("bs", history().before(0) + alone(1, "out_of_memory"))

    assert (result.verdict, result.largest_feasible, result.limited_by) == (
        "unclear",
        None,
        "memory",
    )


def test_a_batch_that_a_loader_fills_in_part_is_too_large():
    def shaped(size):
        return alone(size, shapes=(("train.py:train:x", (min(size, 100), 8)),))

    known = history().before(0)
    for size in (1, 2, 4, 8, 16, 32, 64, 128):
        known += shaped(size)

    result = measured("bs", known)

    assert (result.largest_feasible, result.limited_by) == (64, "examples")


def test_a_loop_ignores_the_size_though_steps_of_one_size_met_other_work():
    same = (("train.py:train:x", (32, 8)),)

    result = measured("bs", history(lambda size: 0.007 if size == 4 else 0.004, shapes=same))

    assert (result.verdict, result.useful) == ("ignored", None)


def limited(most, *, seen):
    """Probes of a loop that holds `most` examples at most; into these sizes it was looked."""
    sizes = [2**power for power in range(8)]
    return History(
        tuple(
            alone(size, shapes=(("x", (min(size, most), 3)),) if size in seen else ())
            for size in sizes
        )
    )


@pytest.mark.parametrize("seen", [(1, 2, 4, 8, 16, 32, 64, 128), (2, 4, 8, 128), (4, 8, 16, 64)])
def test_a_size_that_steps_do_not_hold_is_none_though_only_a_larger_one_was_looked_at(seen):
    known = limited(16, seen=seen)
    result = measured("bs", known)

    assert (result.largest_feasible, result.limited_by) == (16, "examples")
    reasons = [one.text for one in batch_answer(KNOWN, result, known).reasons]
    assert "Steps of `bs` = 32 hold 16 examples: few data, or a limit in the loop" in reasons


def test_a_size_whose_steps_hold_it_is_one_though_a_larger_one_is_cut():
    assert measured("bs", limited(40, seen=(1, 2, 4, 8, 128))).largest_feasible == 32


def test_that_nothing_fits_is_told_with_a_way_out():
    known = History((alone(1, "out_of_memory"),))

    (reason,) = batch_answer(KNOWN, measured("bs", known), known).reasons

    assert "`--memory`" in reason.text


def test_what_failed_at_the_end_is_forgotten_and_what_failed_below_stays():
    known = History((alone(1, "failed"), alone(2), alone(4), alone(8, "failed")))

    assert known.without_failures().sizes == (1, 2, 4)


@pytest.mark.parametrize("outcome", ["failed", "slow"])
def test_a_last_size_that_was_not_measured_is_no_end_of_the_data(outcome):
    known = history(lambda size: 0.004, most=512, examples=1500) + alone(1024, outcome)

    assert measured("bs", known).limited_by is None

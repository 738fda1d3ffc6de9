"""Where the time of a step goes, by samples of where its thread was."""

from __future__ import annotations

import itertools

import pytest

from etude.runner.probe import sampler
from etude.runner.probe.sampler import Sampler

from .stacks import here


class Array:
    def item(self):
        return here()


def value():
    return Array().item()[1:]  # the line that asks for it is the innermost


def update():
    return here()


@pytest.fixture
def sampled(monkeypatch):
    """The shares of samples: their share of the time, whether blocked, where they were."""
    monkeypatch.setattr(sampler, "is_asynchronous", lambda: True)

    def shares(*samples, synchronized):
        looked = Sampler()
        looked.wall_s = 1.0
        looked._samples = list(samples)
        return looked.shares(synchronized)

    return shares


@pytest.mark.rule("I2")
def test_steps_that_wait_for_their_own_values_leave_no_queue_that_hides_it(sampled):
    # Sending a step was seen blocked for a while, as by a lock.
    samples = [(0.4, True, value()), (0.2, True, update()), (0.4, False, update())]

    assert sampled(*samples, synchronized=1.0).synchronization == pytest.approx(0.4)


def test_what_the_host_does_behind_a_full_queue_of_steps_is_hidden(sampled):
    samples = [(0.1, True, value()), (0.5, True, update()), (0.4, False, update())]

    assert sampled(*samples, synchronized=0.05).synchronization == 0.0


def test_it_looks_at_no_rhythm_that_a_step_could_have():
    moments = list(itertools.islice(sampler._moments(0.0), 2000))
    # Of steps of any length, all parts are met alike.
    for length_s in (0.5e-3, 2e-3, 2.6e-3, 4e-3, 7e-3):
        first = sum(moment % length_s < length_s / 2 for moment in moments)
        assert first == pytest.approx(1000, abs=100)
    assert moments[-1] == pytest.approx(4.0, rel=0.05)

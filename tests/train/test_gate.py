"""How long a step takes by a clock; the clock is counted, and nothing is timed."""

import pytest

from etude.train.gate import best_s


class Clock:
    """Steps of so many seconds, by a clock that goes in ticks; it counts the steps."""

    def __init__(self, step_s, tick_s=0.0):
        self.step_s, self.tick_s, self.steps = step_s, tick_s, 0

    def seconds(self, count):
        begin = self.read()
        self.steps += count
        return self.read() - begin

    def read(self):
        now_s = self.steps * self.step_s
        return now_s // self.tick_s * self.tick_s if self.tick_s else now_s


@pytest.mark.parametrize("step_s", [1e-6, 0.001, 0.02, 3.0])
def test_a_step_takes_as_long_as_it_does(step_s):
    assert best_s(Clock(step_s).seconds, timed_s=0.2) == pytest.approx(step_s)


@pytest.mark.parametrize("step_s", [0.0003, 0.001, 0.004])
def test_a_clock_that_goes_in_hundredths_is_enough_and_costs_no_million_steps(step_s):
    """As the processor's time of a process with threads does on some systems."""
    clock = Clock(step_s, tick_s=0.01)

    assert best_s(clock.seconds, timed_s=0.2) == pytest.approx(step_s, rel=0.5)
    assert clock.steps * step_s < 1.0


def test_a_long_step_is_done_twice():
    clock = Clock(3.0)
    best_s(clock.seconds, timed_s=0.2)

    assert clock.steps == 2


def test_a_stretch_is_no_longer_than_a_program_takes():
    clock = Clock(1e-9)
    seconds = best_s(clock.seconds, timed_s=0.3, most=64)

    assert seconds == pytest.approx(1e-9)
    assert clock.steps == 1 + 10 + 64 * 3

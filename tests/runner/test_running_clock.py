"""A clock that stands while its process does; the time is a list, and nobody sleeps."""

import pytest

from etude.runner.running_clock import RunningClock


class Times:
    """Seconds on the wall and of the processor, as they are set."""

    wall_s = 100.0
    computed_s = 0.0


@pytest.fixture
def times():
    return Times()


@pytest.fixture
def clock(times):
    return RunningClock(lambda: times.wall_s, lambda: times.computed_s, ticks=False)


def test_it_goes_as_time_does_while_it_is_read_often(times, clock):
    begin = clock.now_s()
    for _ in range(20):
        times.wall_s += 0.25
        clock.now_s()

    assert clock.now_s() - begin == pytest.approx(5.0)


def test_while_the_process_is_stopped_it_stands(times, clock):
    begin = clock.now_s()
    times.wall_s += 3600.0

    assert clock.now_s() - begin == pytest.approx(0.1)


def test_code_that_holds_the_interpreter_and_computes_counts(times, clock):
    begin = clock.now_s()
    times.wall_s += 60.0
    times.computed_s += 58.0

    assert clock.now_s() - begin == pytest.approx(58.1)


def test_many_threads_that_compute_count_no_more_than_the_time_on_the_wall(times, clock):
    begin = clock.now_s()
    times.wall_s += 2.0
    times.computed_s += 16.0

    assert clock.now_s() - begin == pytest.approx(2.0)


def test_a_clock_that_is_set_back_does_not_take_time_away(times, clock):
    begin = clock.now_s()
    times.wall_s -= 50.0

    assert clock.now_s() == begin

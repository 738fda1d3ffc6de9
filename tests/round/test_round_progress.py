"""How far a round is: what is left of it, and its events in words."""

import pytest
from tests.factories import opening, rates, record

from etude.design.split import split
from etude.event import Began, Ended, Logged, Lost, Paused, Reopened
from etude.round.round_progress import RoundProgress

EXPERIMENT = rates(trials=4, max_steps=100)
(STUDY,) = split(EXPERIMENT)


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def progress_after(*events, clock=None, **given):
    """The progress of four trials, a second for each event."""
    clock = clock or Clock()
    records = [record(STUDY, number) for number in range(4)]
    progress = RoundProgress(opening(*records, experiment=EXPERIMENT, **given), clock)
    for event in events:
        clock.now_s += 1.0
        progress.take(event)
    return progress


def loss(trial, step, value):
    return Logged(trial, ((step, "valid/loss", value),))


def test_nothing_is_said_of_the_time_before_a_step_was_taken():
    assert progress_after(Began(0, 0)).left_s is None


def test_before_a_trial_ended_the_steps_of_those_that_run_tell_the_time():
    # Ten steps of a hundred took a second.
    assert progress_after(Began(0, 0), loss(0, 9, 1.0)).left_s == pytest.approx(39.0)


def test_trials_that_ended_tell_the_time_of_those_that_are_left():
    ended = Ended(0, "completed", wall_s=60.0)

    left_s = progress_after(Began(0, 0), ended, Began(1, 0), loss(1, 49, 1.0), slots=2).left_s

    assert left_s == pytest.approx(60.0 * 2.5 / 2)


def test_the_last_trial_is_not_shared_out_over_idle_slots():
    ends = [Ended(number, "completed", wall_s=60.0) for number in range(3)]

    assert progress_after(*ends, Began(3, 0), slots=4).left_s == pytest.approx(60.0)


def test_trials_a_minute_are_those_since_the_round_went_on():
    ends = [Ended(number, "completed") for number in range(2)]

    assert progress_after(*ends).trials_per_minute == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([Began(0, 0)], ""),
        ([Began(0, 0), loss(0, 9, 0.5)], "trial 0 reached 0.5 at step 10, a new best"),
        (
            [loss(0, 9, 0.5), Ended(0, "completed")],
            "trial 0 completed with 0.5, the best so far",
        ),
        (
            [loss(0, 9, 0.5), loss(1, 9, 0.7), Ended(1, "stopped", "time_limit")],
            "trial 1 was stopped: time limit, with 0.7",
        ),
        ([Ended(0, "infeasible", "out_of_memory")], "trial 0 is infeasible: out of memory"),
        ([Began(0, 0), Lost(0, "killed")], "the worker of trial 0 died; it waits again"),
        ([Lost(0, "killed")] * 3, "the worker of trial 0 died; it is given up"),
        ([Began(0, 0), Paused(0, 40)], "trial 0 paused after 40 steps"),
        ([Ended(0, "infeasible", "error"), Reopened(0)], "trial 0 waits again"),
    ],
)
def test_the_last_event_is_said_in_words(events, words):
    assert progress_after(*events).last == words


def test_a_new_best_is_new_for_a_while():
    clock = Clock()
    progress = progress_after(Began(0, 0), loss(0, 9, 0.5), clock=clock)

    fresh = progress.studies(1)[0][0].is_new
    clock.now_s += 60.0

    assert (fresh, progress.studies(1)[0][0].is_new) == (True, False)


def test_a_failed_trial_leads_no_more():
    events = [loss(0, 9, 0.1), loss(1, 9, 0.5), Ended(0, "infeasible", "nan")]

    (row,), _ = progress_after(*events).studies(4)

    assert (row.best, row.trial, row.infeasible) == ("0.5", 1, 1)

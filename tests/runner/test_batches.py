"""Batches of events, and the thread that sends what a busy trial reported."""

import threading

from tests.runner.sample import HERE, assignment, rows

from etude.event import Began, Ended, Event, Logged, Saved
from etude.runner.batches import Ticker, is_urgent, merged
from etude.runner.inline import Inline
from etude.runner.user_code import train_function
from etude.runner.vectorized import Vectorized


def test_reports_of_a_trial_become_one_and_pass_no_other_of_its_events():
    events = [
        Began(0, 0),
        Logged(0, ((0, "a", 1.0),)),
        Logged(1, ((0, "a", 9.0),)),
        Logged(0, ((1, "a", 2.0),)),
        Saved(0, 1, None),
        Logged(0, ((2, "a", 3.0),)),
    ]

    assert merged(events) == [
        Began(0, 0),
        Logged(0, ((0, "a", 1.0), (1, "a", 2.0))),
        Logged(1, ((0, "a", 9.0),)),
        Saved(0, 1, None),
        Logged(0, ((2, "a", 3.0),)),
    ]


def test_an_end_and_a_checkpoint_are_urgent_and_a_report_is_not():
    urgent = [Ended(0, "completed"), Saved(0, 1, None)]
    assert [is_urgent([event]) for event in [*urgent, Logged(0, ())]] == [True, True, False]


def test_what_a_busy_trial_reported_in_this_process_is_delivered_meanwhile(tmp_path):
    """It waits for the delivery of its last report, without another step or report."""
    delivered, events = threading.Event(), []

    def train(trial):
        for step in range(3):
            trial.report(step, {"valid/loss": float(step)})
        trial.report(3, {"valid/loss": float(delivered.wait(20))})

    def deliver(news):
        events.extend(news)
        if rows(events) and rows(events)[-1][0] == 2:
            delivered.set()

    busy = Inline(lambda: train)
    busy.submit([assignment(tmp_path)])
    busy.wait(deliver)
    busy.close()

    assert [value for _, _, value in rows(events)] == [0.0, 1.0, 2.0, 1.0]


def test_what_cannot_be_delivered_meanwhile_stops_the_trial(tmp_path):
    failed, said = threading.Event(), []

    def train(trial):
        trial.report(0, {"valid/loss": 1.0})
        failed.wait(20)
        trial.report(1, {"valid/loss": 1.0})

    def deliver(news):
        said.append(threading.current_thread().name)
        failed.set()
        raise OSError("the disk is full")

    busy = Inline(lambda: train)
    busy.submit([assignment(tmp_path)])
    try:
        busy.wait(deliver)
    except OSError as error:
        said.append(str(error))
    busy.close()

    assert said == ["etude ticker", "the disk is full"]


def test_a_stack_delivers_each_stretch(tmp_path):
    setting = {"learning_rate": 0.25, "optimizer": "sgd", "batch_size": 4}
    busy = Vectorized(lambda: train_function("works.py:Plain", HERE), width=1)
    busy.submit([assignment(tmp_path, setting=setting, max_steps=10_000)])
    events: list[Event] = []
    busy.wait(events.extend)
    busy.close()

    assert rows(events)
    assert not any(isinstance(event, Ended) for event in events)


def test_nothing_is_called_after_what_was_watched():
    calls, called = [], threading.Event()
    ticker = Ticker()

    def call():
        calls.append(1)
        called.set()

    with ticker.watching(call):
        called.wait(20)
    count = len(calls)
    ticker.close()
    ticker._thread.join(20)

    assert count > 0
    assert len(calls) == count

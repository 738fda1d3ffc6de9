"""Whose store is lost is interrupted, whatever it is busy with."""

import signal
import threading

import pytest

from etude.round.interrupt import main_thread_interrupt

LONG_S = 60


def wait_long():
    with main_thread_interrupt() as interrupt:
        threading.Thread(target=interrupt).start()
        threading.Event().wait(LONG_S)


def test_a_thread_that_waits_is_interrupted():
    with pytest.raises(KeyboardInterrupt):
        wait_long()


def test_another_program_that_uses_the_signal_interrupts_nothing():
    with main_thread_interrupt():
        signal.raise_signal(signal.SIGURG)


def test_what_was_there_before_is_there_again():
    before = signal.getsignal(signal.SIGURG)

    with main_thread_interrupt():
        during = signal.getsignal(signal.SIGURG)

    assert signal.getsignal(signal.SIGURG) == before != during


def test_another_thread_is_left_alone():
    answers: list[bool] = []

    def ask():
        with main_thread_interrupt() as interrupt:
            answers.append(interrupt())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert answers == [None]

import itertools

import pytest

from etude.runner import answers
from etude.runner.answers import answer
from etude.runner.running_clock import RUNNING


def test_what_a_program_writes_is_its_answer():
    assert answer(["echo", "two words"]) == b"two words\n"


@pytest.mark.parametrize(
    "command", [["a program that is not there"], ["sh", "-c", "echo half; exit 3"]]
)
def test_one_that_is_missing_or_fails_answers_nothing(command):
    assert answer(command) == b""


def test_one_that_hangs_is_ended_and_answers_nothing(monkeypatch):
    monkeypatch.setattr(answers, "_LOOK_S", 0.01)
    seconds = itertools.count(step=15.0)
    monkeypatch.setattr(RUNNING, "now_s", lambda: next(seconds))

    assert answer(["sh", "-c", "echo half; exec sleep 600"]) == b""


def test_while_this_process_is_stopped_nobody_is_late(monkeypatch):
    monkeypatch.setattr(answers, "_LOOK_S", 0.001)
    monkeypatch.setattr(RUNNING, "now_s", lambda: 0.0)  # as after a night in which all slept

    assert answer(["sh", "-c", "sleep 0.05; echo awake"]) == b"awake\n"

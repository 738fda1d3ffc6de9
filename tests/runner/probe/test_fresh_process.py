"""A probe in a process of its own, on real trainings."""

from __future__ import annotations

import sys

import pytest

from etude.assignment import Assignment
from etude.runner.probe.fresh_process import probed
from etude.runner.probe.messages import Probe

TRAIN = """
import os, signal, time

def batches(size, pause_s):
    while True:
        time.sleep(pause_s)
        yield [0.0] * size

def train(trial):
    size = trial["bs"]
    for step in trial.steps():
        time.sleep(0.001)
        batch = list(range(size))
        trial.log(step, {"train/loss": 1.0})

def waiting(trial):
    for step, batch in zip(trial.steps(), batches(trial["bs"], 0.004)):
        time.sleep(0.001)

def beside(trial):
    import threading
    def log():
        while True:
            trial.log(1, {"grad_norm": 1.0})
    threading.Thread(target=log, daemon=True).start()
    time.sleep(0.1)
    raise ValueError("many words " * 100_000)

def deaf(trial):
    for step in trial.steps():
        time.sleep(0.001)

def quick(trial):
    size = trial["bs"]
    for step in trial.steps():
        batch, busy = list(range(size)), sum(range(1000))
        if trial.evaluates(step):
            time.sleep(0.01)
            trial.report(step, {"valid/error": 1.0})

def large(trial):
    for step in trial.steps():
        held = bytearray(b"1") * (trial["bs"] * 2**20)

def broken(trial):
    for step in trial.steps():
        raise ValueError("no such file")

def killed(trial):
    os.kill(os.getpid(), signal.SIGKILL)

def silent(trial):
    return 0.5

def sampling(trial):
    import random
    for step in trial.steps():
        random.sample(range(10), trial["bs"])
"""


@pytest.fixture
def probe(tmp_path):
    """A function that probes a function of the file at a batch size."""
    (tmp_path / "train.py").write_text(TRAIN)

    def probe_of(name, size=8, **fields):
        assignment = Assignment(
            id=0,
            study="",
            setting={"bs": size},
            seed=0,
            max_steps=500,
            evaluations=1,
            metric="valid/error",
            maximize=False,
            diverged_above=False,
            folder=tmp_path / "trial",
            checkpoints=tmp_path / "checkpoints",
        )
        asked = Probe(
            reference=f"train.py:{name}",
            folder=tmp_path,
            path=tuple(sys.path),
            assignment=assignment,
            batch_name="bs",
            **{"warm_s": 0.05, "timed_s": 0.2, **fields},
        )
        return probed(asked, {})

    return probe_of


@pytest.mark.rule("S4")
def test_steps_are_timed_and_what_they_hold_is_seen(probe):
    answer = probe("train", watched_s=0.1)

    assert (answer.outcome, answer.is_read) == ("measured", True)
    assert sum(steps for steps, *_ in answer.blocks) / sum(one[1] for one in answer.blocks) < 1000
    assert ("train.py:train:batch", (8,)) in answer.shapes
    assert answer.memory_bytes > 2**20


@pytest.mark.rule("S4")
def test_steps_that_fill_no_stretch_between_two_evaluations_are_timed_in_pieces(probe):
    answer = probe("quick", timed_s=0.2, watched_s=0.02)

    # A training has 500 of them, a few hundredths of what is asked for.
    assert sum(seconds for _, seconds, _ in answer.blocks) >= 0.2
    assert ("train.py:quick:batch", (8,)) in answer.shapes


def test_a_batch_size_that_nobody_asks_for_is_told(probe):
    assert not probe("deaf").is_read


@pytest.mark.rule("I1")
def test_a_loader_that_sleeps_takes_most_of_a_step(probe):
    answer = probe("waiting", watched_s=0.3)

    assert answer.shares.input > 0.5
    assert answer.shares.place.startswith("train.py:")


@pytest.mark.parametrize(
    ("name", "size", "outcome", "detail"),
    [
        ("large", 400, "out_of_memory", ""),
        ("broken", 8, "failed", "ValueError: no such file"),
        ("killed", 8, "failed", "SIGKILL"),
        ("silent", 8, "failed", "trial.steps()"),
        ("sampling", 64, "too_few_examples", "larger than population"),
        ("missing", 8, "failed", "missing"),
    ],
)
def test_what_keeps_a_size_from_being_trained_has_its_reason(probe, name, size, outcome, detail):
    answer = probe(name, size, memory_bytes=200 * 2**20)

    assert answer.outcome == outcome
    assert detail.lower() in answer.detail.lower()


@pytest.mark.rule("S4")
def test_values_that_a_thread_logs_meanwhile_do_not_break_the_answer(probe):
    answer = probe("beside", 4)

    assert answer.outcome == "failed"
    assert "many words many words" in answer.detail

"""Probes that are forked off a process which has their libraries."""

from __future__ import annotations

import os
import sys

import pytest

from etude.assignment import Assignment
from etude.runner.probe.messages import Probe
from etude.runner.probe.warm import Prober

TRAIN = """
import os, signal, sys, time

import numpy as np

HELD = []

def train(trial):
    HELD.append(np.ones(trial["bs"]))
    for step in trial.steps():
        time.sleep(0.001)
        if len(HELD) > 1:
            raise ValueError("an earlier size is still here")
        if trial["bs"] == 64:
            os.kill(os.getpid(), signal.SIGKILL)

def unforkable(trial):
    if "nursery" in getattr(sys.modules["__main__"], "__file__", ""):
        os.kill(os.getpid(), signal.SIGSEGV)
    train(trial)
"""

# A process with more threads than one is not forked.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@pytest.fixture
def probe(tmp_path):
    """A function that makes a probe of a function of the file at a batch size."""
    (tmp_path / "train.py").write_text(TRAIN)

    def probe_of(size, name="train"):
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
        return Probe(
            reference=f"train.py:{name}",
            folder=tmp_path,
            path=tuple(sys.path),
            assignment=assignment,
            batch_name="bs",
            warm_s=0.05,
            timed_s=0.2,
        )

    return probe_of


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_what_dies_as_a_fork_alone_is_measured_in_a_process_of_its_own(probe):
    with Prober(ONE_THREAD) as prober:
        answers = [prober.probed(probe(size, "unforkable")).outcome for size in (2, 4, 8)]

    assert answers == ["measured"] * 3


def test_each_probe_is_a_process_in_which_nothing_was_trained(probe):
    with Prober(ONE_THREAD) as prober:
        outcomes = [prober.probed(probe(size)).outcome for size in (2, 4, 8)]

    assert outcomes == ["measured"] * 3


def test_one_that_dies_says_how_and_the_next_one_is_measured(probe):
    with Prober(ONE_THREAD) as prober:
        prober.probed(probe(2))
        died, next_one = prober.probed(probe(64)), prober.probed(probe(4))

    assert (died.outcome, next_one.outcome) == ("failed", "measured")
    assert "SIGKILL" in died.detail


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_where_the_nursery_dies_a_fresh_process_is_probed(probe):
    with Prober(ONE_THREAD) as prober:
        prober.probed(probe(2))
        os.kill(prober._nursery._process.pid, 9)  # what the system does without memory
        answer = prober.probed(probe(4))

    assert answer.outcome == "measured"

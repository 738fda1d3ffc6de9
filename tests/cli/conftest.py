"""The command line as a person meets it: a folder, a command, its exit code and its words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import forget_scripts

import etude.cli
from etude.round.run import run
from etude.store import open_store

EXPERIMENT = """
[experiment]
name = "rates"
question = "Which optimizer?"
metric = "valid/loss"
max_steps = 8
trials = 20
evaluations = 4
train = "train.py:train"

[scientific]
optimizer = ["adam", "sgd"]

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }  # my own words

[fixed]
batch_size = 64
"""

# The higher the rate the better, so that C1 asks for a wider space.
TRAIN = """
def train(trial):
    bonus = 0.5 if trial["optimizer"] == "adam" else 0.0
    for step in trial.steps():
        trial.log(step, {"train/loss": 2.0 - trial["learning_rate"]})
        if trial.evaluates(step):
            value = 1.0 - trial["learning_rate"] - bonus + 0.1 / (step + 1)
            trial.report(step, {"valid/loss": value}, checkpoint=lambda path: None)
"""

# Its value depends on the seed, so that trainings of one setting differ.
SEEDED_TRAIN = """
def train(trial):
    import random
    noise = random.Random(trial.seed).uniform(0, 0.02)
    for step in trial.steps():
        if trial.evaluates(step):
            value = abs(trial["learning_rate"] - 0.1) + noise + trial["dropout"]
            trial.report(
                step, {"valid/loss": value, "test/loss": value + 1}, checkpoint=lambda path: None
            )
"""
FIRST = """
[experiment]
name = "first"
metric = "valid/loss"
max_steps = 4
evaluations = 2
train = "train.py:train"

[fixed]
dropout = 0.0

[[configurations]]
learning_rate = 0.3
"""
BETTER = FIRST.replace('"first"', '"better"').replace("0.3", "0.1")


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer to a program; NaN is none."""
        return json.loads(self.out, parse_constant=pytest.fail)


@pytest.fixture
def etude_command(monkeypatch, capsys):
    """Types a command in this process, which knows no more of scripts than a new one."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["etude", *map(str, words)])
        capsys.readouterr()
        forget_scripts()
        with pytest.raises(SystemExit) as left:
            etude.cli.main()
        return Answer(int(left.value.code or 0), *capsys.readouterr())

    return typed


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with an experiment that has not run."""
    return written(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def played_folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("played")
    (path / "rates.toml").write_text(EXPERIMENT)
    (path / "train.py").write_text(TRAIN)
    before = list(sys.path)
    run(path / "rates.toml", store=path / "etude.db", runner="inline")
    sys.path[:] = before
    return path


@pytest.fixture
def played(played_folder, monkeypatch):
    """A working directory in which the experiment has run; to read only."""
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(played_folder)
    return played_folder


@pytest.fixture
def project(folder, etude_command):
    """A project with a baseline, and a better setting that was trained once."""
    (folder / "train.py").write_text(SEEDED_TRAIN)
    for name, text in (("first", FIRST), ("better", BETTER)):
        (folder / f"{name}.toml").write_text(text)
        assert etude_command("run", f"{name}.toml", "--runner", "inline").code == 0
    assert etude_command("adopt", "first", "--as-is").code == 0
    return folder


def written(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (path / "rates.toml").write_text(EXPERIMENT)
    (path / "train.py").write_text(TRAIN)
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(path)
    assert Path(os.getcwd()) == path
    return path


def process(*words, **options):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "etude.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def statuses(folder):
    store = open_store(folder / "etude.db", create=False)
    ended = [record.status for record in store.records("rates")]
    store.close()
    return ended

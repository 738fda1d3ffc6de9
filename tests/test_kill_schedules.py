"""Killed between pauses, resumptions and forks, and started again: the same end.

The train function kills its whole process group (run and worker) when it has ticked so often in
this launch: in a step, while it writes a checkpoint, or between a checkpoint and its pause.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from tests.search.world import sketch

from etude.round.result import load

from .process_group import run_in_group

pytestmark = pytest.mark.kills

HEAD = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = 12
trials = 9
evaluations = 12
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.01, high = 0.3 }
"""
SCHEDULES = {
    "asha": '[schedule]\nname = "asha"\nmin_steps = 2\n',
    "pbt": '[schedule]\nname = "pbt"\ninterval = 4\n',
}
TRAIN = """
import os, random, signal
from pathlib import Path

HERE, KILL_AT = Path(__file__).parent, int(os.environ["KILL_AT"])


def tick():
    with open(HERE / "ticks", "ab", buffering=0) as ticks:
        ticks.write(b".")
        if ticks.tell() == KILL_AT:
            os.killpg(0, signal.SIGKILL)


def train(trial):
    weight = 1.0

    def save(folder):
        (folder / "weight").write_text(repr(weight))
        tick()

    def load(folder):
        nonlocal weight
        weight = float((folder / "weight").read_text())

    trial.restore(load)
    for step in trial.steps():
        weight *= 1.0 - trial["learning_rate"] * random.Random(step).random()
        tick()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": weight}, checkpoint=save)
"""
RUN = """
import etude
etude.run("walk.toml", store="etude.db", runner="processes", workers=1)
"""


def launched(folder: Path, kill_at: int) -> int:
    (folder / "ticks").unlink(missing_ok=True)
    return run_in_group([sys.executable, "-c", RUN], folder, KILL_AT=str(kill_at))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_killed_and_started_again_equals_never_killed(tmp_path, schedule):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for folder in (calm, killed):
        folder.mkdir()
        (folder / "walk.toml").write_text(HEAD + SCHEDULES[schedule])
        (folder / "train.py").write_text(TRAIN)

    ended = [launched(killed, tick) for tick in (9, 18, 31, 40)]
    assert [launched(killed, 10**9), launched(calm, 10**9)] == [0, 0]

    assert ended == [-signal.SIGKILL] * 4
    assert sketch(load(killed / "etude.db").records) == sketch(load(calm / "etude.db").records)

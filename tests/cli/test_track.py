"""`etude track`, and `etude run --track`: a real follower beside a real run."""

import os
import subprocess
import sys
import time
from contextlib import closing

import pytest

from etude.cli.track import BesideRun
from etude.store import open_store

SMALL = """
[experiment]
name = "small"
metric = "valid/loss"
max_steps = 4
trials = 2
evaluations = 2
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.1, high = 0.5 }

[track]
tensorboard = { folder = "logs" }
"""
TRAIN = """
def train(trial):
    value = 1.0
    print(trial.tracker("tensorboard")["log_dir"])
    for step in trial.steps():
        value -= trial["learning_rate"] * value
        trial.log(step, {"train/loss": value})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": value})
"""


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    """An experiment that was run with a follower beside it, and what the command printed."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SMALL)
    (folder / "train.py").write_text(TRAIN)
    command = [sys.executable, "-m", "etude", "run", "small.toml", "--runner", "inline"]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return folder, done.stdout


def shown(folder):
    """The points of each trial as TensorBoard's reader shows them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    readers = [
        EventAccumulator(str(folder / "logs" / "small" / "all" / str(trial))) for trial in (0, 1)
    ]
    for reader in readers:
        reader.Reload()
    return [
        {tag: [event.step for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}
        for reader in readers
    ]


@pytest.mark.rule("W6")
def test_a_run_is_shown_while_it_goes_on_and_all_of_it_is_there_when_it_is_over(small_folder):
    folder, printed = small_folder

    points = {"train/loss": [0, 1, 2, 3], "valid/loss": [1, 3], "best/valid/loss": [0]}
    assert shown(folder) == [points, points]
    assert "Not all of it" not in printed
    assert "Traceback" not in printed


@pytest.mark.rule("W6")
def test_a_training_is_told_where_the_follower_writes(small_folder):
    folder, _ = small_folder

    with closing(open_store(folder / "etude.db", create=False)) as store:
        log = store.files.log("small", 0).read_text()
    assert str(folder / "logs" / "small" / "all" / "0") in log


def test_what_is_shown_already_is_not_shown_again(small_folder, monkeypatch, etude_command):
    folder, _ = small_folder
    monkeypatch.chdir(folder)
    before = shown(folder)

    answer = etude_command("track", "tensorboard", "small")

    assert (answer.code, answer.out) == (0, "tensorboard: all of it is there.\n")
    assert shown(folder) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("track", "wanb"), "There is no tracker `wanb`. Did you mean `wandb`?"),
        (("track", "tensorboard", "smal"), "There is no experiment `smal` in this store."),
        (("run", "small.toml", "--track", "mlfow"), "There is no tracker `mlfow`."),
    ],
)
def test_what_cannot_be_tracked_is_refused_in_a_sentence(
    words, said, small_folder, monkeypatch, etude_command
):
    monkeypatch.chdir(small_folder[0])

    answer = etude_command(*words)

    assert answer.code == 2
    assert said in answer.err


def test_the_end_of_a_run_wakes_its_follower_once_and_later_pauses_are_waited_out(monkeypatch):
    slept: list[float] = []
    read_end, write_end = os.pipe()
    os.close(write_end)
    beside = BesideRun()
    with os.fdopen(read_end) as ended:
        monkeypatch.setattr(sys, "stdin", ended)
        monkeypatch.setattr(time, "sleep", slept.append)
        are_over = [beside.wait(60.0), beside.wait(0.5)]

    assert are_over == [True, True]
    assert slept == [0.5]

"""The law that everything durable serves: killed and started again equals never killed.

The kills come from inside, at a count: the train function kills its whole process group (run and
workers) when it has ticked so often in this launch, in a step, in the middle of writing a
checkpoint, or between a checkpoint and the next step.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from etude.result import Result, load
from etude.store import open_store

TRIALS, STEPS, EVALUATIONS, KILLS = 60, 20, 4, 20

EXPERIMENT = f"""
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = {STEPS}
trials = {TRIALS}
evaluations = {EVALUATIONS}
train = "train.py:train"

[nuisance]
learning_rate = {{ low = 0.01, high = 0.3 }}
"""

TRAIN = '''
import json, os, random, signal
from pathlib import Path

HERE = Path(__file__).parent


def tick():
    """Counts across workers by the length of a file, and kills the group at the count asked for."""
    with open(HERE / "ticks", "ab", buffering=0) as ticks:
        ticks.write(b".")
        if ticks.tell() == int(os.environ["KILL_AT"]):
            os.killpg(0, signal.SIGKILL)


def save(path, state):
    text = json.dumps(state)
    with open(path / "state.json", "w") as file:
        file.write(text[:20])
        file.flush()
        tick()
        file.write(text[20:])


def train(trial):
    noise = random.Random(trial.seed)
    state = {"step": -1, "weight": 1.0, "noise": None}
    if trial.restore(lambda path: state.update(json.loads((path / "state.json").read_text()))):
        version, inner, gauss = state["noise"]
        noise.setstate((version, tuple(inner), gauss))
    if trial.max_steps > 2:
        with open(HERE / "ledger", "a") as ledger:
            ledger.write(json.dumps({"trial": trial.id, "after": state["step"]}) + "\\n")
    for step in trial.steps():
        assert state["step"] == step - 1, "restored the wrong weights"
        gradient = state["weight"] + noise.gauss(0.0, 0.1)
        state["weight"] -= trial["learning_rate"] * gradient
        state["step"] = step
        tick()
        trial.log(step, {"train/loss": abs(state["weight"])})
        if trial.evaluates(step):
            state["noise"] = noise.getstate()
            trial.report(step, {"valid/loss": state["weight"] ** 2}, checkpoint=lambda path: save(path, state))
            tick()
'''


@dataclass(frozen=True)
class Launch:
    """One start of the command: how it ended, which trials were complete before, which began in it."""

    code: int
    complete_before: frozenset[int]
    began: tuple[dict[str, int], ...]


@dataclass(frozen=True)
class Story:
    """An experiment's folder, and every launch until it was finished."""

    folder: Path
    launches: tuple[Launch, ...]

    def result(self) -> Result:
        """What the store holds, its points loaded."""
        store = open_store(self.folder / "etude.db", create=False)
        result = load(store, "walk")
        list(result.records)
        store.close()
        return result


def launch(folder: Path, kill_at: int) -> Launch:
    """Types the command, with a kill at this tick; 0 for none."""
    (folder / "ticks").unlink(missing_ok=True)
    complete = frozenset[int]()
    if (folder / "etude.db").exists():
        store = open_store(folder / "etude.db", create=False)
        names = [entry.experiment.name for entry in store.entries()]
        records = store.records("walk") if names else []
        complete = frozenset(record.id for record in records if record.status == "completed")
        store.close()
    ledger = folder / "ledger"
    ledger.touch()
    begun = len(ledger.read_text().splitlines())
    command = [sys.executable, "-m", "etude.cli", "run", "walk.toml", "--workers", "2"]
    process = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "KILL_AT": str(kill_at)},
        start_new_session=True,
        capture_output=True,
        check=False,
    )
    began = tuple(json.loads(line) for line in ledger.read_text().splitlines()[begun:])
    return Launch(process.returncode, complete, began)


def story(folder: Path, kills: list[int]) -> Story:
    """Launches until every kill has struck, and once more to the end."""
    folder.mkdir()
    (folder / "walk.toml").write_text(EXPERIMENT)
    (folder / "train.py").write_text(TRAIN)
    return Story(folder, tuple(launch(folder, kill_at) for kill_at in [*kills, 0]))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return story(tmp_path_factory.mktemp("calm") / "run", [])


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Story:
    chance = random.Random(7)
    kills = [chance.randint(1, 110) for _ in range(KILLS)]
    return story(tmp_path_factory.mktemp("killed") / "run", kills)


def test_the_kills_struck_and_the_same_command_finished(killed: Story) -> None:
    codes = [launch.code for launch in killed.launches]

    assert codes == [-signal.SIGKILL] * KILLS + [0]


def test_every_trial_is_there_once_and_complete(killed: Story) -> None:
    records = list(killed.result().records)

    assert [record.id for record in records] == list(range(TRIALS))
    assert {record.status for record in records} == {"completed"}


def test_settings_seeds_and_statuses_are_those_of_an_uninterrupted_run(
    calm: Story, killed: Story
) -> None:
    columns = ["id", "study", "status", "seed", "steps", "best", "best_step", "learning_rate"]

    assert killed.result().trials[columns].equals(calm.result().trials[columns])


def test_every_value_of_every_curve_is_that_of_an_uninterrupted_run(
    calm: Story, killed: Story
) -> None:
    order = ["trial", "metric", "step"]
    expected = calm.result().curves.astype({"metric": str}).sort_values(order)
    found = killed.result().curves.astype({"metric": str}).sort_values(order)

    assert len(found) == TRIALS * (STEPS + EVALUATIONS)
    assert found.to_numpy().tolist() == expected.to_numpy().tolist()


def test_no_trial_whose_completion_was_committed_ran_again(killed: Story) -> None:
    again = [
        begun["trial"]
        for launch in killed.launches
        for begun in launch.began
        if begun["trial"] in launch.complete_before
    ]

    assert again == []


def test_interrupted_trials_went_on_from_their_checkpoints(killed: Story) -> None:
    resumed = [begun for launch in killed.launches for begun in launch.began if begun["after"] >= 0]

    assert len(resumed) >= 5

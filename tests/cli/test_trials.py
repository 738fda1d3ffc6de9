"""`etude trials`: the table, its order, JSON and CSV."""

import csv
import io
import json
import shutil

import pytest

from .conftest import EXPERIMENT, process

SPEAKS = """
def train(trial):
    if trial.id == 3:
        print("I am lost")
        raise ValueError("no width")
    if trial.id == 4:
        return float("nan")
    return trial["learning_rate"]
"""


@pytest.fixture
def half_broken(folder, etude_command):
    """A working directory in which trials 3 and 4 of an experiment are infeasible."""
    (folder / "train.py").write_text(SPEAKS)
    etude_command("run", "rates.toml", "--runner", "inline")
    return folder


def test_trials_as_json(played, etude_command):
    answer = etude_command("trials", "--json")

    first, *_ = trials = answer.json["trials"]
    assert [one["id"] for one in trials] == list(range(40))
    assert first.keys() == {
        "id",
        "name",
        "study",
        "setting",
        "status",
        "reason",
        "detail",
        "log",
        "seed",
        "best",
        "steps",
        "unread",
        "taken_whole",
        "launch",
        "code",
        "trained",
    }
    assert first["setting"].keys() == {"batch_size", "learning_rate", "optimizer"}
    assert first["best"]["step"] == 7
    assert (first["name"], first["status"], first["steps"]) == ("0", "completed", 8)


def test_trials_as_a_table_have_the_best_first(played, etude_command):
    header, first, *_ = etude_command("trials").out.splitlines()

    best = min(
        etude_command("trials", "--json").json["trials"], key=lambda one: one["best"]["value"]
    )
    assert header.split() == ["trial", "study", "status", "valid/loss", "step", "searched"]
    assert first.split()[0] == str(best["id"])


def test_trials_as_csv(played, etude_command, tmp_path):
    answer = etude_command("trials", "--csv", tmp_path / "trials.csv")

    rows = list(csv.DictReader(io.StringIO((tmp_path / "trials.csv").read_text())))
    assert answer.out == f"Wrote 40 trials to {tmp_path / 'trials.csv'}\n"
    assert len(rows) == 40
    assert float(rows[0]["learning_rate"]) > 0


def test_csv_goes_to_the_screen_too(played, etude_command):
    answer = etude_command("trials", "--csv", "-")

    assert len(list(csv.DictReader(io.StringIO(answer.out)))) == 40


def test_trials_say_why_they_are_infeasible_and_where_their_log_is(half_broken, etude_command):
    log = half_broken / "etude.db.trials" / "rates" / "3" / "log.txt"

    fine, _, _, broken, silent, *_ = etude_command("trials", "--json").json["trials"]
    rows = list(csv.DictReader(io.StringIO(etude_command("trials", "--csv", "-").out)))

    assert (fine["detail"], fine["log"]) == ("", None)
    assert "ValueError: no width" in broken["detail"]
    assert broken["log"] == str(log)
    assert "is nan at step" in silent["detail"]
    assert [rows[3][key] for key in ("detail", "log")] == [broken["detail"], str(log)]
    assert rows[4]["log"] == ""


def test_the_table_says_where_to_look(half_broken, etude_command):
    note = etude_command("trials").out.splitlines()[-1]

    assert note == (
        "Why 2 trials are infeasible: `detail` in --json. What trial 3 printed: "
        f"{half_broken / 'etude.db.trials' / 'rates' / '3' / 'log.txt'}"
    )


def test_a_hyperparameter_called_like_a_column_of_csv_keeps_out_of_its_way(folder, etude_command):
    (folder / "rates.toml").write_text(EXPERIMENT.replace("batch_size", "detail"))
    etude_command("run", "rates.toml", "--runner", "inline")

    row, *_ = csv.DictReader(io.StringIO(etude_command("trials", "--csv", "-").out))

    assert (row["detail"], row["setting.detail"]) == ("", "64")


def test_an_infeasible_trial_is_null_in_json_and_last_in_the_table(folder, etude_command):
    (folder / "train.py").write_text(
        "def train(trial):\n    return float('nan') if trial.id == 3 else trial['learning_rate']\n"
    )
    etude_command("run", "rates.toml", "--runner", "inline")

    one = etude_command("trials", "--json").json["trials"][3]
    assert (one["status"], one["reason"]) == ("infeasible", "nan")
    assert one["best"] == {"value": None, "step": None}
    assert etude_command("trials").out.splitlines()[-3].split()[0] == "3"


INTERRUPTING = """
import os
import signal
from pathlib import Path
from helper import SCALE


def train(trial):
    trial.restore(lambda path: None)
    for step in trial.steps():
        if trial.id == 2 and step == 6 and not Path("interrupted").exists():
            Path("interrupted").touch()
            while Path("etude.db.checkpoints/way/2/3").exists():
                pass  # it goes when the checkpoint of step 5 has reached the store
            os.kill(os.getppid(), signal.SIGINT)
            signal.pause()
        if trial.evaluates(step):
            value = SCALE * (1.0 - trial["learning_rate"])
            trial.report(step, {"valid/loss": value}, checkpoint=lambda path: None)
"""
FOUR = """
[experiment]
name = "way"
metric = "valid/loss"
max_steps = 8
trials = 4
evaluations = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }
"""


def launches_and_codes(place, *words):
    answer = json.loads(process("trials", "way", *words, "--json", cwd=place).stdout)
    return [
        [(one["from_step"], one["launch"], one["code"]) for one in trial["trained"]]
        for trial in answer["trials"]
    ]


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    """An experiment that was interrupted, edited, extended, and gone on with in another folder.

    What each of its four launches said, and the folder that it ended in.
    """
    here, there = (tmp_path_factory.mktemp("way") / name for name in ("here", "there"))
    here.mkdir()
    (here / "way.toml").write_text(FOUR)
    (here / "helper.py").write_text("SCALE = 1.0\n")
    (here / "train.py").write_text(INTERRUPTING)
    run = ("run", "way.toml", "--workers", "1")
    said = [process(*run, cwd=here)]
    (here / "helper.py").write_text("SCALE = 1000.0  # another unit\n")
    said.append(process(*run, cwd=here))
    (here / "way.toml").write_text(FOUR.replace("trials = 4", "trials = 5"))
    said.append(process(*run, cwd=here))
    shutil.copytree(here, there)
    shutil.rmtree(here)
    (there / "way.toml").write_text(FOUR.replace("trials = 4", "trials = 6"))
    (there / "helper.py").write_text("SCALE = 1.0  # as it was\n")
    said.append(process(*run, cwd=there))
    return there, said


def test_a_module_that_changed_is_told_at_every_launch(way):
    line = "`helper.py` changed since {} trials ended (1 line). They are kept. New name: `name"
    _, (interrupted, *others) = way

    # Trial 2 went on from its checkpoint: it is of both.
    told = [line.format(count) in one.stdout for count, one in zip((2, 3, 3), others, strict=True)]

    assert interrupted.returncode == 130
    assert told == [True, True, True]


def test_every_trial_says_which_launch_and_code_whatever_became_of_its_experiment(way):
    trained = launches_and_codes(way[0])

    old, new = trained[0][0][2], trained[3][0][2]
    assert old != new
    assert trained == [
        [(0, 1, old)],
        [(0, 1, old)],
        [(0, 1, old), (6, 2, new)],
        [(0, 2, new)],
        [(0, 3, new)],
        [(0, 4, old)],
    ]


def test_every_launch_says_its_trials_and_files_whatever_became_of_its_experiment(way):
    (one,) = json.loads(process("log", "--json", cwd=way[0]).stdout)["experiments"]

    launches = one["launches"]
    trained = [(launch["launch"], launch["trained"]) for launch in launches]
    assert trained == [(1, [0, 1, 2]), (2, [2, 3]), (3, [4]), (4, [5])]
    (old,), (new,), *others = (launch["code"] for launch in launches)
    assert others == [[new], [old]]
    assert set(launches[0]["files"]) == {"[experiment] train", "helper.py", "train.py"}


def test_a_trial_of_two_versions_has_both_in_the_table_and_is_a_doubt(way):
    table = process("trials", "way", cwd=way[0]).stdout
    found = json.loads(process("check", "way", "--json", cwd=way[0]).stdout)

    (row,) = [line for line in table.splitlines() if line.startswith("2 ")]
    (code,) = [one for one in found["findings"] if one["check"] == "code"]
    assert "1, 2" in row
    assert code["evidence"]["both"] == [2]
    assert any("Trial 2 went on from a checkpoint" in one for one in found["verdict"]["doubts"])

"""`etude new --from`: a first experiment around a script that exists."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

AROUND = str(Path("around", "experiment.toml"))
SCRIPT = """
import argparse
BATCH_SIZE = 128
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
parser.add_argument("--optimizer", default="adamw")
parser.add_argument("--epochs", type=int, default=7)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--lambda", type=float, default=1.0)
parser.add_argument("--data", required=True)
open("it-ran", "w")
"""


@pytest.fixture
def wrapped(folder, etude_command):
    (folder / "mine.py").write_text(SCRIPT)
    return etude_command("new", "around", "--from", "mine.py")


def test_values_stand_in_roles_and_the_rate_has_a_range_around_its_own(folder, wrapped):
    file = tomllib.loads((folder / "around" / "experiment.toml").read_text())

    assert wrapped.code == 0
    assert file["experiment"]["max_steps"] == 7
    assert file["nuisance"]["lr"]["low"] < 0.5 < file["nuisance"]["lr"]["high"]
    assert file["fixed"] == {"BATCH_SIZE": 128, "optimizer": "adamw"}


def test_it_says_what_was_read_what_is_left_and_what_was_not_seen(folder, wrapped):
    said = " ".join(wrapped.out.split())

    assert "Read, not run: BATCH_SIZE = 128 (line 3), lr = 0.5 (line 5)" in said
    assert "Left as it is: seed, lambda" in said
    assert "Not seen: `data` (line 10) has no default that can be read" in said
    assert not (folder / "it-ran").exists()


def test_it_is_planned_and_stops_before_a_trial_until_the_loop_is_there(wrapped, etude_command):
    planned = etude_command("plan", AROUND)
    run = etude_command("run", AROUND, "--runner", "inline")

    assert (planned.code, run.code) == (0, 3)
    assert "Put the loop of mine.py into `train` of train.py" in run.err
    assert etude_command("trials", "around", "--json").json["trials"][0]["status"] == "pending"


@pytest.mark.parametrize("name", ['it\'s """ odd.py', "train.py"])
def test_a_script_of_any_name_makes_files_that_parse(folder, etude_command, name):
    (folder / "mine").mkdir()
    (folder / "mine" / name).write_text('LR = 0.1\nNOTE = "\'\'\'\\n\\"\\"\\""\n')

    answer = etude_command("new", "around", "--from", folder / "mine" / name)

    assert answer.code == 0
    assert etude_command("plan", AROUND).code == 0
    (training,) = (folder / "around").glob("*train.py")
    compile(training.read_text(), str(training), "exec")


@pytest.mark.parametrize(
    "arguments", [("--from", "mine.py", "--kind", "speech"), ("--framework", "jax")]
)
def test_options_that_go_not_together_are_refused(folder, etude_command, arguments):
    answer = etude_command("new", "first", *arguments)

    assert (answer.code, (folder / "first").exists()) == (2, False)

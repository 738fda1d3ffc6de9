"""Trainings that ignore their seed are one training, however often they are repeated."""

from __future__ import annotations

import pytest

TRAIN = """\
def train(trial):
    value = {"a": 0.2, "b": 0.3}[trial["kind"]] + LUCK
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/error": value + 1 / (step + 1), "seconds": trial.seed})
"""
ROUND = """\
[experiment]
name = "copies"
metric = "valid/error"
max_steps = 4
trials = 5
train = "train.py:train"

[scientific]
kind = ["a", "b"]
"""


@pytest.fixture
def trained(tmp_path, monkeypatch, etude_command):
    monkeypatch.chdir(tmp_path)

    def of(luck):
        (tmp_path / "train.py").write_text(TRAIN.replace("LUCK", luck))
        (tmp_path / "copies.toml").write_text(ROUND)
        assert etude_command("run", "copies.toml", "--runner", "inline").code == 0
        return etude_command

    return of


def test_five_copies_of_one_training_are_no_answer(trained):
    said = trained("0.0")("check", "copies").out

    assert said.lstrip().startswith("UNCLEAR")
    reasons = said.partition("Why not yet:\n")[2].splitlines()
    assert "the code ignores `trial.seed`" in reasons[0]
    assert "etude adopt" not in said


def test_a_seed_that_moves_one_arm_is_read_by_the_other_too(trained):
    said = trained('(trial.seed % 7 / 1000 if trial["kind"] == "a" else 0.0)')("check", "copies")

    assert said.out.lstrip().startswith("BETTER")


def test_copies_are_compared_undecided_and_adopted_as_a_starting_point_only(trained):
    command = trained("0.0")

    compared = command("compare", "copies:5", "copies:0")
    kept = command("adopt", "copies")
    begun = command("adopt", "copies", "--as-is")

    assert compared.out.lstrip().startswith("UNCLEAR")
    assert "the code ignores `trial.seed`" in compared.out
    assert "interval" not in compared.out
    assert kept.out.lstrip().startswith("NOT ADOPTED")
    assert "as a starting point" in begun.out


def test_a_launch_of_copies_says_so(trained):
    command = trained("0.0")
    command("adopt", "copies", "--as-is")

    launched = command("launch", "--runner", "inline").out

    assert "the code ignores `trial.seed`" in launched
    assert "standard deviation" in launched
    assert "not known" in launched

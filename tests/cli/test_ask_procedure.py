"""`etude run --rounds N` without `--accept`: no procedure is trained before somebody says yes."""

from __future__ import annotations

import pytest

from etude.store import open_store

from .test_ask_round import Terminal

EARLY = """[experiment]
name = "rates"
metric = "valid/loss"
max_steps = 100
trials = 20
evaluations = 100
train = "train.py:train"
seed = 1

[nuisance]
learning_rate = { low = 0.3, high = 3.0, log = true }
"""
# Fits its training set in a few steps, and overfits from there on, so that T5 asks for a length.
OVERFITTING = """
import math, random


def train(trial):
    rate = trial["learning_rate"]
    noise = random.Random(trial.seed).gauss(0.0, 0.005)
    fit = 4.5 * (1.0 + 0.6 * math.log10(rate / 5.0) ** 2)
    for step in trial.steps():
        error = max(0.0, 1.0 - (step + 1) / fit)
        trial.log(step, {"train/error": error})
        if trial.evaluates(step):
            late = 0.05 * math.log1p(max(0.0, step + 1 - fit))
            far = 0.1 * math.log10(rate) ** 2
            trial.report(step, {"valid/loss": 0.7 + error + late + far + noise})
"""
WORDS = ("run", "rates.toml", "--runner", "inline", "--rounds", "3")
ASKED = "Play `etude training-length`, at most "


@pytest.fixture
def early(folder):
    (folder / "rates.toml").write_text(EARLY)
    (folder / "train.py").write_text(OVERFITTING)
    return folder


def names_of(folder):
    store = open_store(folder / "etude.db", create=False)
    names = [entry.experiment.name for entry in store.entries()]
    store.close()
    return names


def test_a_no_leaves_the_procedure_out_and_the_rounds_go_on(early):
    terminal = Terminal("--rounds", "3")

    terminal.until(ASKED)
    terminal.type("n")
    terminal.until("`etude training-length` is left to you: it takes up to ")
    terminal.until("Play rates-2.toml?")
    terminal.type("n")

    assert terminal.leave() == 0
    assert names_of(early) == ["rates"]


def test_a_yes_plays_the_procedure_and_its_lines_are_asked_about(early):
    terminal = Terminal("--rounds", "3")

    terminal.until(ASKED)
    terminal.type("yes")
    terminal.until("`etude training-length`: A full fit takes ")
    terminal.until("Play rates-2.toml?")
    terminal.type("n")

    assert terminal.leave() == 0
    assert any(name.startswith("rates-training-length-") for name in names_of(early))


def test_without_a_terminal_the_rounds_stop_before_it_and_say_how_to_go_on(early, etude_command):
    said = etude_command(*WORDS)

    assert said.code == 0
    assert "the rounds stop before `etude training-length`" in " ".join(said.out.split())
    assert said.out.endswith("To go on:              etude training-length rates.toml\n")
    assert names_of(early) == ["rates"]

    etude_command("training-length", "rates.toml", "--runner", "inline")
    gone_on = etude_command(*WORDS)

    assert "`etude training-length`: A full fit takes " in gone_on.out
    assert "the rounds stop before rates-2.toml" in gone_on.out


def test_what_was_left_out_by_hand_is_not_asked_about_again(early, etude_command):
    etude_command(*WORDS)
    etude_command("next", "rates")
    etude_command("run", "rates-2.toml", "--runner", "inline")

    gone_on = etude_command(*WORDS)

    assert "Round 2 of 3: rates-2.toml" in gone_on.out
    assert names_of(early)[:2] == ["rates", "rates-2"]

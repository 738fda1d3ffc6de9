"""`etude stability`: its cost first, a line a round, the verdict, and what to type next."""

import json

import pytest

# Rates above 0.12 break at once; below, a higher rate is the better one.
TRAIN = """
import random

def train(trial):
    rate, luck = trial["learning_rate"], random.Random(trial.seed)
    end = 0.5 / (1.0 + 10.0 * rate) + luck.gauss(0, 0.003)
    for step in trial.steps():
        loss = end + 2.0 * 0.8**step
        if rate > 0.12 and step > 2:
            loss = float("nan")
        trial.log(step, {"train/loss": loss})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": loss})
"""
EXPERIMENT = """
[experiment]
name = "breaks"
metric = "valid/loss"
max_steps = 40
evaluations = 10
trials = 4
train = "breaks.py:train"

[nuisance]
learning_rate = { low = 1e-3, high = 1.0, log = true }
"""


@pytest.fixture
def asked(folder, etude_command):
    (folder / "breaks.py").write_text(TRAIN)
    (folder / "breaks.toml").write_text(EXPERIMENT)
    return lambda *words: etude_command("stability", "breaks.toml", "--runner", "inline", *words)


def test_it_says_its_cost_each_round_and_what_to_type_next(asked):
    answer = asked()

    assert answer.code == 0
    assert "At most 96 trainings, 2,240 steps" in answer.out
    assert "1. rates: sweep `learning_rate` around 0.0316" in answer.out
    assert "EARLY  Training breaks in its first steps from `learning_rate` = 0.1" in answer.out
    assert "etude stability breaks.toml --cure" in answer.out


def test_the_cures_are_asked_for_at_the_configuration_that_was_diagnosed(asked):
    answer = asked("--set", "learning_rate=0.05", "--workers", "1")

    cure = "etude stability breaks.toml --cure --set learning_rate=0.05 --workers 1"
    assert f"{cure} --runner inline" in answer.out


def test_as_json_it_has_the_keys_of_the_contract(asked):
    answer = asked("--json")

    result = json.loads(answer.out)
    assert result["procedure"] == "stability"
    assert result["answer"]["verdict"] == "early"
    assert result["cost"]["steps"] <= result["cost"]["most_steps"]

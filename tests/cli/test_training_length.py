"""`etude training-length`: what it says first, its answer, and the file that it writes."""

from __future__ import annotations

import pytest

from etude.experiment.toml.read import read

FILE = """
[experiment]
name = "short"
metric = "valid/error"
max_steps = 60
trials = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 1e-2, high = 1.0, log = true }  # my own words

[fixed]
dropout = 0.2
"""
TRAIN = """
def train(trial):
    for step in trial.steps():
        if trial.evaluates(step):
            error = max(0.0, 1.0 - (step + 1) * min(trial["learning_rate"], 0.1) / 2.0)
            trial.report(step, {"valid/error": error + trial["dropout"], "train/error": error})
"""
TYPED = ("training-length", "short.toml", "--runner", "inline")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.toml").write_text(FILE)
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def test_it_says_its_cost_first_and_ends_in_the_lines_of_the_file(project, etude_command):
    said = etude_command(*TYPED, "-o", "longer.toml")

    assert said.out.index("At most 51 trainings, 900 steps") < said.out.index("1. rates:")
    assert "NOT COMPUTE-BOUND  A full fit takes 20 steps" in said.out
    assert "experiment.max_steps  60 -> 20" in said.out
    written = (project / "longer.toml").read_text()
    assert "# my own words" in written
    assert read(project / "longer.toml").max_steps == 20


def test_json_has_every_key_of_the_answer(project, etude_command):
    answer = etude_command(*TYPED, "--json").json

    assert answer["procedure"] == "training-length"
    assert set(answer["answer"]) == {
        "regime",
        "max_steps",
        "learning_rate",
        "full_fit_step",
        "at_edge",
    }
    assert answer["answer"]["full_fit_step"] == 20
    assert answer["lines"][0]["path"] == "experiment.max_steps"
    assert answer["cost"]["steps"] <= answer["cost"]["most_steps"]


def test_what_is_named_is_switched_off_at_the_value_that_was_typed(project, etude_command):
    answer = etude_command(*TYPED, "--without", "dropout=0.5", "--json").json

    assert any("`dropout` was off" in reason["text"] for reason in answer["reasons"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--full-fit", "train/loss"), "--full-fit takes METRIC=VALUE"),
        (("--without", "drpout"), "Did you mean `dropout`?"),
        (("--budget-steps", "100"), "does not pay for the first round"),
    ],
)
def test_what_cannot_be_played_ends_in_words(project, etude_command, words, message):
    said = etude_command(*TYPED, *words)

    assert said.code == 2
    assert message in " ".join(said.err.split())

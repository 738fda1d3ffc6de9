"""The launched configuration: written once, inherited from, never changed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etude.errors import ExperimentError
from etude.experiment import changes
from etude.experiment.baseline import Adoption, Baseline, baseline_text, read, read_with_baseline

FIRST = Adoption(
    adopted="2026-01-01T00:00:00+00:00",
    experiment="rates",
    trial=3,
    metric="valid/loss",
    maximize=False,
    value=0.25,
    trainings=5,
    max_steps=8,
    evaluations=4,
    evidence='It is "better".',
    complexity="adds nothing",
    setting={"learning_rate": 0.1, "optimizer": "adam", "batch_size": 64},
    train="train.py:train",
)
SECOND = replace(FIRST, trial=5, setting={**FIRST.setting, "learning_rate": 0.2})
FILE = """
[experiment]
metric = "valid/loss"
max_steps = 8
trials = 4
baseline = "baseline.toml"
constraints = ["learning_rate < batch_size"]

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }  # my own words
"""


@pytest.fixture
def folder(tmp_path):
    """An experiment beside the baseline that it inherits from."""
    (tmp_path / "baseline.toml").write_text(baseline_text(Baseline(line=(FIRST, SECOND))))
    (tmp_path / "next.toml").write_text(FILE)
    return tmp_path


def test_a_baseline_is_read_as_it_was_written(folder):
    assert read(folder / "baseline.toml") == Baseline(line=(FIRST, SECOND))


@pytest.mark.rule("W5")
def test_what_a_training_takes_of_a_machine_stands_in_the_file_and_is_checked(tmp_path):
    file = tmp_path / "baseline.toml"
    large = replace(FIRST, resources={"gpus": 2, "files": ["words.txt"]})
    file.write_text(baseline_text(Baseline(line=(FIRST, large))))

    assert read(file).last.resources == {"gpus": 2, "files": ["words.txt"]}

    file.write_text(file.read_text().replace("gpus = 2", "gpus = -2"))
    with pytest.raises(ExperimentError, match=r"resources.gpus"):
        read(file)


def test_an_experiment_inherits_what_it_does_not_name(folder):
    experiment, text = read_with_baseline(folder / "next.toml")

    assert experiment.fixed == {"batch_size": 64, "optimizer": "adam"}
    assert 'optimizer = "adam"  # from baseline.toml' in text
    assert "# my own words" in text


def test_what_the_experiment_names_stands(folder):
    file = folder / "next.toml"
    file.write_text(FILE + '[fixed]\noptimizer = "sgd"\n')

    assert read_with_baseline(file)[0].fixed["optimizer"] == "sgd"


def test_another_baseline_is_another_experiment(folder):
    before, _ = read_with_baseline(folder / "next.toml")
    other = replace(SECOND, setting={**FIRST.setting, "batch_size": 128})
    (folder / "baseline.toml").write_text(baseline_text(Baseline(line=(FIRST, other))))

    after, _ = read_with_baseline(folder / "next.toml")

    assert changes(before, after) == ["fixed"]


def test_the_text_of_a_store_stands_for_itself(folder):
    _, text = read_with_baseline(folder / "next.toml")
    (folder / "baseline.toml").unlink()
    (folder / "again.toml").write_text(text.replace('baseline = "baseline.toml"\n', ""))

    assert read_with_baseline(folder / "again.toml")[0].fixed["batch_size"] == 64


def refused(path):
    with pytest.raises(ExperimentError) as refusal:
        read_with_baseline(path)
    (mistake,) = refusal.value.mistakes
    return mistake


def test_a_baseline_changed_by_hand_is_refused_with_its_line(folder):
    file = folder / "baseline.toml"
    file.write_text(file.read_text().replace("batch_size = 64", "batch_size = 65", 1))

    mistake = refused(folder / "next.toml")

    assert mistake.file == str(file)
    assert file.read_text().splitlines()[mistake.line - 1] == "[setting]"
    assert "changed by hand" in mistake.message


@pytest.mark.parametrize("text", ["", "line = []", "line = 3", "[[line]]\nadopted = 1"])
def test_what_is_no_baseline_is_told(folder, text):
    (folder / "baseline.toml").write_text(text)

    assert "is no baseline" in refused(folder / "next.toml").message


def test_a_baseline_that_is_not_there_is_told_where_it_is_named(folder):
    (folder / "baseline.toml").unlink()

    mistake = refused(folder / "next.toml")

    assert (mistake.where, mistake.line) == ("experiment.baseline", 6)


def test_mistakes_have_the_lines_of_the_file_as_it_was_written(folder):
    file = folder / "next.toml"
    file.write_text(FILE.replace("constraints = [", 'constraints = ["nothing > 1", '))

    assert refused(file).line == 7

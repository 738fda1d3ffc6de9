"""`etude launch`: the baseline trained again, and its test data."""

import tomllib

import pytest

from etude.experiment.baseline import read

from .conftest import BETTER


def test_without_a_baseline_a_launch_names_the_command_that_writes_one(folder, etude_command):
    said = etude_command("launch")

    assert said.code == 2
    assert "baseline.toml: there is no such file. `etude adopt` writes a baseline." in said.err


def test_a_launch_trains_the_baseline_again_and_looks_at_test_data_once(project, etude_command):
    first = etude_command("launch", "--seeds", "3", "--runner", "inline", "--json").json
    again = etude_command("launch", "--seeds", "3", "--runner", "inline", "--json").json

    assert len(first["values"]) == 3
    assert first["test"]["test/loss"] == pytest.approx(min(first["values"]) + 1)
    assert first["checkpoint"]
    assert (again["looked"], again["values"]) == (first["looked"], first["values"])
    assert etude_command("log", "--json").json["test_looks"] == {"first-launch-0": first["looked"]}


@pytest.mark.rule("X3")
def test_a_launch_and_other_looks_at_test_data_know_of_each_other(project, etude_command):
    etude_command("trials", "better", "--test")
    launched = etude_command("launch", "--seeds", "2", "--runner", "inline", "--json").json

    looked = tomllib.loads((project / "etude.db.test-looks.toml").read_text())["look"]
    logged = etude_command("log", "--json").json
    assert launched["before"] == ["better"]
    assert [one["experiment"] for one in looked] == ["better", "first-launch-0"]
    assert [one["experiment"] for one in logged["looks"]] == ["better"]


def test_a_launch_finds_the_train_function_in_another_folder(project, etude_command, monkeypatch):
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    etude_command("adopt", "first", "--as-is", "--store", "../etude.db")

    said = etude_command(
        "launch", "--seeds", "2", "--runner", "inline", "--store", "../etude.db", "--json"
    )

    assert read(project / "sub" / "baseline.toml").last.folder == ".."
    assert len(said.json["values"]) == 2


@pytest.mark.rule("W5")
def test_a_launch_takes_of_the_machine_what_the_experiment_says_that_a_trial_takes(
    project, etude_command
):
    with (project / "baseline.toml").open("a") as file:
        file.write("[line.resources]\nmemory = '1000 TiB'\n")

    said = etude_command("launch", "--seeds", "2")

    assert said.code == 2
    assert "[resources]" in said.err


@pytest.mark.rule("X4")
def test_folding_validation_into_training_is_only_warned_of(project, etude_command):
    said = etude_command("launch", "--seeds", "2", "--runner", "inline")

    assert said.out.startswith("\nLAUNCHED  The mean `valid/loss` of 2 trainings is ")
    assert "A one-off workload may train on validation data too" in said.out


def test_the_trainings_of_a_launch_stand_for_the_baseline(project, etude_command):
    etude_command("launch", "--seeds", "4", "--runner", "inline")
    text = BETTER.replace('"better"', '"five"') + "\n[[configurations]]\nlearning_rate = 0.1\n" * 4
    (project / "five.toml").write_text(text)
    etude_command("run", "five.toml", "--runner", "inline")

    said = etude_command("adopt", "five", "--json").json

    assert said["adopted"]
    assert "4 and 5 trainings" in said["message"]


def test_a_launch_says_how_far_it_is_from_what_was_adopted(project, etude_command):
    text = (project / "baseline.toml").read_text()
    value = read(project / "baseline.toml").last.value
    (project / "baseline.toml").write_text(text.replace(f"value = {value}", "value = 0.0003"))

    said = etude_command("launch", "--runner", "inline")
    answer = etude_command("launch", "--runner", "inline", "--json").json["adopted"]

    assert said.out.splitlines()[1].endswith(" worse than adopted")
    assert "worse than adopted (0.0003, one training), more than chance explains" in said.out
    assert (answer["value"], answer["explained_by_chance"]) == (0.0003, False)
    assert answer["interval"][0] < answer["mean"] < answer["interval"][1]
    assert answer["gain"] == pytest.approx(0.0003 - answer["mean"])


def test_a_launch_trains_with_seeds_of_its_own(project, etude_command):
    (project / "more.toml").write_text(BETTER.replace('"better"', '"more"') + MORE)
    etude_command("run", "more.toml", "--runner", "inline")
    etude_command("adopt", "more", "--anyway", "It has five trainings.")

    launched = etude_command("launch", "--runner", "inline", "--json").json

    trained = etude_command("trials", "more", "--json").json["trials"]
    assert not {one["best"]["value"] for one in trained} & set(launched["values"])


MORE = "\n[[configurations]]\nlearning_rate = 0.1\n" * 4


DECAYING = """
def train(trial):
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1.0 / trial["decay_steps"] + trial.seed % 7})
"""
WORKLOAD = """
import torch
from torch import nn

class Line:
    def __init__(self):
        self.training = self.validation = torch.zeros(8, 1)

    def model(self, setting):
        return nn.Linear(1, 1)

    def loss(self, predict, batch, setting):
        return predict(batch).square().mean()

    def metrics(self, predict, batch):
        return {"loss": predict(batch).square().mean()}
"""
SETTING = """
[experiment]
name = "{name}"
metric = "valid/loss"
max_steps = 4
evaluations = 2
train = "{train}"

[fixed]
optimizer = "sgd"
batch_size = 8
schedule = "linear"
decay_steps = 4

[[configurations]]
learning_rate = 0.3
"""


@pytest.fixture
def decaying(folder, etude_command):
    """A baseline whose loop reads `decay_steps`: one of the user's, and Etude's own."""

    def adopted(name, train, code):
        (folder / train.partition(":")[0]).write_text(code)
        (folder / f"{name}.toml").write_text(SETTING.format(name=name, train=train))
        assert etude_command("run", f"{name}.toml", "--runner", "inline").code == 0
        assert etude_command("adopt", name, "--anyway", "a test").code == 0

    return adopted


def test_a_longer_launch_takes_the_schedule_of_etudes_loop_along(folder, decaying, etude_command):
    decaying("line", "line.py:Line", WORKLOAD)

    said = etude_command("launch", "--seeds", "1", "--max-steps", "8", "--runner", "inline")

    assert said.code == 0
    (file,) = folder.glob("line-launch-*.toml")
    assert "max_steps = 8\n" in file.read_text()
    assert "constant_steps = 4\n" in file.read_text()


def test_a_longer_launch_leaves_no_schedule_of_the_users_behind(folder, decaying, etude_command):
    decaying("mine", "mine.py:train", DECAYING)
    words = ("launch", "--seeds", "1", "--max-steps", "8", "--runner", "inline")

    refused = etude_command(*words)

    assert refused.code == 2
    assert "At 8 steps the adopted `decay_steps = 4` would be left as of 4" in refused.err
    assert not [*folder.glob("mine-launch-*.toml")]
    assert etude_command(*words, "--keep-schedule").code == 0

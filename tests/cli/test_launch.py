"""`etude launch`: the baseline trained again, and its test data."""

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


def test_a_launch_finds_the_train_function_in_another_folder(project, etude_command, monkeypatch):
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    etude_command("adopt", "first", "--as-is", "--store", "../etude.db")

    said = etude_command(
        "launch", "--seeds", "2", "--runner", "inline", "--store", "../etude.db", "--json"
    )

    assert read(project / "sub" / "baseline.toml").last.folder == ".."
    assert len(said.json["values"]) == 2


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

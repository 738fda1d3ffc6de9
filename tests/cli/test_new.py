"""`etude new`: a first experiment, over nothing that exists."""

import pytest


def test_new_writes_a_first_experiment(tmp_path, etude_command):
    answer = etude_command("new", tmp_path / "first")

    assert answer.code == 0
    assert {each.name for each in (tmp_path / "first").iterdir()} == {"experiment.toml", "train.py"}
    assert etude_command("plan", tmp_path / "first" / "experiment.toml").code == 0


@pytest.mark.parametrize("name", ["experiment.toml", "train.py"])
def test_new_overwrites_nothing(tmp_path, etude_command, name):
    (tmp_path / name).write_text("mine")

    answer = etude_command("new", tmp_path)

    assert answer.code == 2
    assert f"has a file `{name}` already. Nothing was written" in answer.err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(name, "mine")]


def test_new_in_a_place_that_cannot_be_written_is_told(tmp_path, etude_command):
    (tmp_path / "file").touch()

    answer = etude_command("new", tmp_path / "file" / "first")

    assert answer.code == 2
    assert "cannot be written" in answer.err


def test_the_first_experiment_has_rounds_to_go_on_with(tmp_path, etude_command):
    etude_command("new", tmp_path / "first")
    file = tmp_path / "first" / "experiment.toml"

    answer = etude_command("run", file, "--rounds", "4", "--accept")

    assert answer.code == 0
    written = [one.name for one in file.parent.glob("*.toml")]
    assert len(written) >= 3

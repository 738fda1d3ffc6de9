"""`etude new`: a first experiment, over nothing that exists."""

import tomllib

import pytest


def test_new_writes_a_first_experiment(tmp_path, etude_command, monkeypatch):
    monkeypatch.chdir(tmp_path)

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


@pytest.mark.parametrize("content", [b"caf\xe9", b"\xff\xfem\0", b"x" * 100_000])
def test_new_overwrites_nothing_of_another_encoding(tmp_path, etude_command, content):
    (tmp_path / "train.py").write_bytes(content)

    answer = etude_command("new", tmp_path)

    assert (answer.code, "Traceback" in answer.err) == (2, False)
    assert "has a file `train.py` already. Nothing was written" in answer.err
    assert (tmp_path / "train.py").read_bytes() == content


def test_new_in_a_place_that_cannot_be_written_is_told(tmp_path, etude_command):
    (tmp_path / "file").touch()

    answer = etude_command("new", tmp_path / "file" / "first")

    assert answer.code == 2
    assert "cannot be written" in answer.err


def test_the_first_experiment_has_rounds_to_go_on_with(tmp_path, etude_command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    etude_command("new", tmp_path / "first")
    file = tmp_path / "first" / "experiment.toml"

    answer = etude_command("run", file, "--rounds", "4", "--accept")

    assert answer.code == 0
    written = [one.name for one in file.parent.glob("*.toml")]
    assert len(written) >= 3


@pytest.mark.parametrize(
    ("folder", "name"),
    [("first", "first"), ("deep/second", "second"), ("my runs!", "my-runs"), ("..", "experiment")],
)
def test_an_experiment_has_the_name_of_its_folder(tmp_path, etude_command, folder, name):
    place = tmp_path / folder if folder != ".." else tmp_path / "---"

    etude_command("new", place)

    assert tomllib.loads((place / "experiment.toml").read_text())["experiment"]["name"] == name


def test_two_new_experiments_in_one_store_have_trials_of_their_own(folder, etude_command):
    for one in ("first", "second"):
        etude_command("new", one)
        file = folder / one / "experiment.toml"
        short = file.read_text().replace("= 300 ", "= 20 ").replace("= 12 ", "= 2 ")
        file.write_text(short)
        assert etude_command("run", file, "--runner", "inline").code == 0

    found = etude_command("log", "--json").json["experiments"]

    assert [(one["name"], one["trials"], len(one["launches"])) for one in found] == [
        ("first", 4, 1),
        ("second", 4, 1),
    ]


@pytest.mark.parametrize("left", [None, b""])
def test_new_that_was_killed_between_its_files_goes_on(tmp_path, etude_command, left):
    etude_command("new", tmp_path)
    written = (tmp_path / "train.py").read_bytes()
    (tmp_path / "train.py").unlink() if left is None else (tmp_path / "train.py").write_bytes(left)

    again = etude_command("new", tmp_path)

    assert again.code == 0
    assert (tmp_path / "train.py").read_bytes() == written


@pytest.mark.parametrize(
    ("folder", "typed"),
    [("my first", "'my first/{}'"), ("-dash", "./-dash/{}")],
)
def test_the_commands_that_are_told_can_be_pasted(
    tmp_path, monkeypatch, etude_command, folder, typed
):
    monkeypatch.chdir(tmp_path)

    said = etude_command("new", "--", folder)

    file = typed.format("experiment.toml")
    assert f"etude plan {file}" in said.out
    assert f"etude run {file}" in said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [(("",), "DIR is empty"), (("first", "--kind", ""), "There is no kind ``")],
)
def test_an_empty_word_of_a_shell_is_refused(tmp_path, monkeypatch, etude_command, words, message):
    monkeypatch.chdir(tmp_path)

    said = etude_command("new", *words)

    assert (said.code, message in said.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_is_told_how_to_become_a_script(tmp_path, monkeypatch, etude_command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fit.ipynb").write_text('{"cells": [{"source": ["lr = 0.1"]}]}')

    said = etude_command("new", "first", "--from", "fit.ipynb")

    assert (said.code, (tmp_path / "first").exists()) == (2, False)
    assert "jupyter nbconvert --to script fit.ipynb" in " ".join(said.err.split())

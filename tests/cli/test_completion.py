"""What a shell completes, asked for as bash and zsh ask."""

import sqlite3

import pytest


@pytest.fixture
def completed(monkeypatch, etude_command):
    """What is offered for a line: in bash's way and, with `shell="zsh"`, in zsh's."""

    def offered(line, shell="bash"):
        monkeypatch.setenv("_ETUDE_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        answer = etude_command()
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    return offered


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with experiments of these names, one of them hostile."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    with sqlite3.connect("etude.db") as db:
        db.execute("create table experiment(id integer primary key, name text)")
        names = ["depth", "depth-2", "rates", "$(touch gone)", "a b", "x';y"]
        db.executemany("insert into experiment(name) values (?)", [[name] for name in names])
    db.close()
    return tmp_path


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_commands_are_completed(completed, shell):
    said = completed("etude tr", shell)

    assert all(command in said for command in ("training-length", "trials", "track"))
    assert "plan" not in said


@pytest.mark.parametrize("command", ["check", "report", "next", "trials", "adopt", "compare"])
def test_experiments_are_completed_the_newest_first(completed, store, command):
    assert completed(f"etude {command} d").split() == ["depth-2", "depth"]


def test_zsh_is_offered_the_same(completed, store):
    assert '"depth-2"' in completed("etude check d", "zsh")


def test_a_name_that_a_shell_might_act_on_is_not_offered(completed, store):
    assert completed("etude check ").split() == ["rates", "depth-2", "depth"]


def test_the_store_on_the_line_is_asked(completed, store):
    (store / "etude.db").rename(store / "other.db")

    assert completed("etude check --store other.db r").split() == ["rates"]


@pytest.mark.parametrize("content", [None, "no database", ""])
def test_a_store_that_cannot_be_read_offers_nothing(completed, store, content):
    (store / "etude.db").unlink()
    (store / "other").write_text("")
    (store / ("other" if content is None else "etude.db")).write_text(content or "")

    assert completed("etude check ").split() == []


def test_experiment_files_and_folders_are_completed(completed, store):
    (store / "runs").mkdir()
    (store / "runs" / "a.toml").touch()
    (store / "rates.toml").touch()
    (store / "train.py").touch()

    assert completed("etude run ").split() == ["rates.toml", "runs/"]
    assert completed("etude plan runs/").split() == ["runs/a.toml"]

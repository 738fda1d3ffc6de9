"""The commands as a whole: each has its place, and all refuse alike."""

import ast
import os
import shutil
import sqlite3
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import typer

from etude.cli.app import app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "etude" / "cli"
COMMANDS = [each.name or each.callback.__name__ for each in app.registered_commands]


def neighbours(path):
    """The files of the command line that one of them imports, within functions too."""
    nodes = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)
    ]
    return {node.module for node in nodes if node.level == 1 and node.module}


def test_every_command_has_a_test_file():
    names = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}

    assert [one for one in COMMANDS if one.replace("-", "_") not in names] == []


def test_every_command_stands_in_the_documents():
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))

    assert [command for command in COMMANDS if f"etude {command}" not in pages] == []


@pytest.mark.parametrize(("command", "threads"), [("check", "1"), ("run", None)])
def test_what_only_looks_has_one_thread_and_what_trains_as_many_as_it_likes(
    command, threads, monkeypatch
):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    seen = []
    callback = next(one for one in app.registered_commands if one.callback.__name__ == command)
    monkeypatch.setattr(
        callback, "callback", lambda: seen.append(os.environ.get("OPENBLAS_NUM_THREADS"))
    )
    monkeypatch.setattr(callback, "name", command)

    app([command], standalone_mode=False)

    assert (seen, os.environ.get("OPENBLAS_NUM_THREADS")) == ([threads], None)


def test_every_option_stands_in_the_documents():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    options = {
        f"{name} {option}"
        for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]  # a group
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    }

    assert sorted(one for one in options if one.split()[1] not in text) == []


def test_commands_do_not_import_each_other_in_a_circle():
    graph = {path.stem: neighbours(path) for path in FOLDER.glob("*.py")}

    assert set(TopologicalSorter(graph).static_order()) >= {"run", "autopilot", "output"}


def test_help_loads_nothing_that_is_slow():
    code = "import sys, etude.cli.app; print({'numpy', 'rich', 'sqlite3'} & sys.modules.keys())"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "set()\n"


def test_help_and_version_say_so(etude_command):
    assert etude_command("--version").out.startswith("etude ")
    assert all(command in etude_command("--help").out for command in COMMANDS)


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["--version"], ["chekc"]])
def test_the_package_is_the_command_too(etude_command, monkeypatch, words):
    monkeypatch.delenv("COLUMNS", raising=False)
    typed = etude_command(*words)

    module = subprocess.run(
        [sys.executable, "-m", "etude", *words], capture_output=True, text=True, check=False
    )

    assert module.returncode == typed.code
    assert module.stdout.replace("python -m etude", "etude") == typed.out
    assert module.stderr.replace("python -m etude", "etude") == typed.err


READERS = [("check",), ("report",), ("next",), ("trials",), ("log",)]


@pytest.mark.parametrize("command", READERS)
def test_a_missing_store_is_told_with_the_way_out(tmp_path, monkeypatch, etude_command, command):
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)

    answer = etude_command(*command)

    assert (answer.code, answer.out) == (2, "")
    assert "There is no store at `etude.db`. Run an experiment first" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READERS[:-1])
def test_an_unknown_experiment_gets_did_you_mean(played, etude_command, command):
    answer = etude_command(*command, "rate")

    assert answer.code == 2
    assert answer.err == "There is no experiment `rate` in this store. Did you mean `rates`?\n"


@pytest.mark.parametrize(
    "command",
    [
        ("trials", "--csv"),
        ("log", "--csv"),
        ("report", "-o"),
        ("report", "--format", "svg", "-o"),
        ("next", "-o"),
    ],
)
def test_a_file_that_cannot_be_written_is_told(played, etude_command, tmp_path, command):
    (tmp_path / "file").touch()

    answer = etude_command(*command, tmp_path / "file" / "in" / "it")

    assert answer.code == 2
    assert "cannot be written" in answer.err


@pytest.mark.parametrize(
    "command", [("report", "--format", "pdf"), ("check", "--jsno"), ("chekc",), ("plan",)]
)
def test_a_slip_in_a_command_exits_2(played, etude_command, command):
    assert etude_command(*command).code == 2


READING = [
    ["trials"],
    ["check"],
    ["report", "-o", "page.html"],
    ["next", "-o", "next.toml"],
    ["log"],
    ["compare", "rates", "rates:0"],
    ["plan", "rates.toml"],
    ["run", "rates.toml", "--runner", "inline"],
    ["adopt"],
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_damaged_store_is_told_by_every_command(played, etude_command, words):
    shutil.copy("etude.db", "bad.db")
    with sqlite3.connect("bad.db", isolation_level=None) as db:
        db.execute("update trial set steps = 'abc' where id = 3")
    db.close()

    answer = etude_command(*words, "--store", "bad.db")

    assert answer.code == 2
    assert "`steps` of trial 3 of experiment `rates`" in answer.err
    assert "bad.db` is damaged" in answer.err


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ["plan", LONG],
        ["trials", "--store", LONG],
        ["compare", LONG, "y"],
        ["import", "csv", LONG, "--name", "n", "--metric", "m"],
        ["launch", "--baseline", LONG],
        ["new", LONG],
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_no_file_can_have_is_told(folder, etude_command, words):
    answer = etude_command(*words)

    assert answer.code == 2
    assert "File name too long" in answer.err

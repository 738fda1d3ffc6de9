"""The one place that prints: styles act, names do not."""

import ast
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sources import SOURCES, tree

from etude.cli.terminal import bold, dim, printable

from .conftest import statuses

PLACE = "cli/terminal.py"
PRINTING = {"print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write"}


def test_a_style_acts_where_a_terminal_has_it_and_a_name_within_does_not():
    text = f"{bold('a' + chr(27) + '[31m')} b\x1b[2J"

    assert printable(text) == "a\ufffd[31m b\ufffd[2J"
    assert printable(text, styled=True) == "\x1b[1ma\ufffd[31m\x1b[0m b\ufffd[2J"


@pytest.mark.parametrize("name", ["a\ufdd0b", "\ufdd1b\ufdd2 c", "\ufdd2", "\ufdd0"], ids=ascii)
def test_no_name_has_a_style_of_its_own(name):
    lines = [name, f"trial {name} ended", f"{bold('BETTER')} by {name}", f"  {name} {dim('C1')}"]

    for line in lines if not name.startswith("\ufdd1") else lines[1:3]:
        assert printable(line, styled=True).count("\x1b[") in (0, 2)
        assert "\ufffd" in printable(line, styled=True)
    assert "\x1b" not in printable(lines[1], styled=True)


def test_many_lines_have_their_styles():
    text = f"  {bold('BETTER')}  by a\r\n\n  b\t{dim('C1')}\n"

    told = "  \x1b[1mBETTER\x1b[0m  by a\n\n  b \x1b[2mC1\x1b[0m\n"
    assert printable(text, styled=True) == told


def test_no_password_of_a_store_is_printed():
    assert printable("Store: pg://me:hush@host/db") == "Store: pg://me:***@host/db"


@pytest.mark.parametrize("source", [one for one in SOURCES if one.startswith("cli/")])
def test_nothing_else_prints(source):
    calls = {
        ast.unparse(node.func) for node in ast.walk(tree(source)) if isinstance(node, ast.Call)
    }
    exempt = {PLACE: {"typer.echo"}, "cli/interrupt.py": {"print"}}.get(source, set())

    assert (
        calls & {"print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write"} <= exempt
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words", [["check"], ["check", "--json"], ["--help"], ["report", "-o", "r.html"]]
)
def test_output_that_a_full_disk_takes_is_said_and_no_file_is_blamed(
    played, tmp_path, words, unbuffered
):
    shutil.copy(played / "etude.db", tmp_path)

    with Path("/dev/full").open("w") as disk:
        told = subprocess.run(
            [sys.executable, "-m", "etude.cli", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert told.stderr == "The output cannot be written: No space left on device.\n"
    assert told.returncode == 2
    assert (tmp_path / "r.html").is_file() == (words[0] == "report")


@pytest.mark.parametrize(("words", "code"), [(["run", "rates.toml"], 0), (["check", "nope"], 2)])
def test_a_command_whose_streams_are_closed_does_and_exits_as_with_them(folder, words, code):
    command = f'exec {shlex.quote(sys.executable)} -m etude.cli "$@" <&- >&- 2>&-'

    left = subprocess.run(["bash", "-c", command, "etude", *words], check=False)

    assert left.returncode == code
    if code == 0:
        assert set(statuses(folder)) == {"completed"}

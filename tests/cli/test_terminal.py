"""The one place that prints: styles act, names do not."""

import ast

import pytest
from tests.sources import SOURCES, tree

from etude.cli.terminal import bold, dim, printable

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

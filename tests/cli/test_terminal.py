"""The one place that prints: styles act, names do not."""

import ast

import pytest
from tests.sources import SOURCES, tree

from etude.cli.terminal import bold, printable

PLACE = "cli/terminal.py"
PRINTING = {"print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write"}


def test_a_style_acts_where_a_terminal_has_it_and_a_name_within_does_not():
    text = f"{bold('a' + chr(27) + '[31m')} b\x1b[2J"

    assert printable(text) == "a\ufffd[31m b\ufffd[2J"
    assert printable(text, styled=True) == "\x1b[1ma\ufffd[31m\x1b[0m b\ufffd[2J"


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

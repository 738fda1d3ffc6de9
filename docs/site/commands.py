"""Writes the help of each command into docs/commands.md: `python docs/site/commands.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from etude.cli.app import app

PAGE = Path(__file__).parents[1] / "commands.md"
MARK = "<!-- The help of each command, written by `python docs/site/commands.py`. -->\n"
# As a terminal of this width has it.
COLUMNS = "80"


def names() -> list[str]:
    """Every command, in the order of `etude --help`."""
    group: Any = typer.main.get_command(app)
    return list(group.commands)


def help_of(name: str) -> str:
    """What `etude NAME --help` prints."""
    said = CliRunner().invoke(
        app, [name, "--help"], prog_name="etude", env={"COLUMNS": COLUMNS, "NO_COLOR": "1"}
    )
    return said.output.strip("\n")


def page() -> str:
    """The page: what was written by hand, and after the mark the help of each command."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    parts = [f"\n## etude {name}\n\n```text\n{help_of(name)}\n```\n" for name in names()]
    return by_hand + MARK + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

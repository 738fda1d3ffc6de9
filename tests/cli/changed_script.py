"""A Trainer's script after the changes that `etude new --from` names."""

from __future__ import annotations

from collections.abc import Sequence

from etude.cli.trainer_script import ChangedLine, TrainerScript


def applied(text: str, script: TrainerScript, changes: Sequence[ChangedLine]) -> str:
    """The text with every change, and with what is moved below a function."""
    lines = text.splitlines()
    begin, end = script.moved or (1, 0)
    moved = range(begin, end + 1)
    written: list[str] = []
    for number in range(1, len(lines) + 2):
        own = [one for one in changes if one.line == number]
        written += [one.new for one in own if not one.old]
        replaced = [one.new for one in own if one.old] or lines[number - 1 : number]
        written += [f"    {line}" if number in moved else line for line in replaced]
    return "\n".join(written) + "\n"

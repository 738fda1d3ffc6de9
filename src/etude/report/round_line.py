"""The rounds of one line of experiments as a page shows them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from ..wording import number, quantity


@final
@dataclass(frozen=True, kw_only=True)
class Round:
    """One round of a line.

    Args:
        best: Its best value of the metric that judges the page; None where it has none.
        trial: Which trial has it.
        changes: Key, old and new value, and rule of what differs from its parent.
        current: Whether it is the one that the page is about.
    """

    name: str
    parent: str = ""
    question: str = ""
    trials: int = 0
    best: float | None = None
    trial: int | None = None
    changes: tuple[tuple[str, str, str, str], ...] = ()
    current: bool = False


def rounds_shown(rounds: Sequence[Round], metric: str) -> dict[str, Any]:
    """What the template shows of the rounds; nothing of a single one.

    Source: R1.
    """
    if len(rounds) < 2:
        return {"rounds": [], "rounds_note": ""}
    known = [one for one in rounds if one.best is not None]
    note = f"{quantity(len(rounds), 'round')}, each asked after the one before it."
    if len(known) > 1:
        first, last = known[0], known[-1]
        note += f" Best {metric}: {_number(first)} in the first, {_number(last)} in the last."
    return {"rounds": [_row(one) for one in rounds], "rounds_note": note}


def _number(one: Round) -> str:
    return "none" if one.best is None else number(one.best)


def _row(one: Round) -> dict[str, Any]:
    return {
        "name": one.name,
        "parent": one.parent,
        "question": one.question,
        "trials": f"{one.trials:,}",
        "best": _number(one),
        "trial": one.trial,
        "current": one.current,
        "command": f"etude report {shlex.quote(one.name)}",
        "changes": [
            {"key": key, "old": old, "new": new, "rule": rule}
            for key, old, new, rule in one.changes
        ],
    }

"""The question before a procedure that the rounds ask for: whether its trainings are wanted."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from .terminal import say

if TYPE_CHECKING:
    from ..procedure.autopilot import Series
    from ..procedure.base import Step
    from ..procedure.delegation import Delegation
    from ..procedure.series import RoundFiles

_YES, _NO = ("y", "yes"), ("n", "no")


def is_wanted(asked: Delegation) -> bool:
    """Asks until the answer is yes or no; the end of input is no."""
    most = asked.procedure.cost(asked.known).steps
    while True:
        say(f"Play `etude {asked.name}`, at most {most:,} training steps? [y]es, [n]o: ", nl=False)
        reply = sys.stdin.readline()
        answer = reply.strip().casefold()
        if answer in _YES:
            return True
        if not reply or answer in _NO:
            say("" if reply else "no")
            return False
        say("Type yes or no.")


def is_agreed(files: RoundFiles, series: Series, step: Step) -> bool:
    """Whether a procedure's round needs no question: an option asks for it, or it has begun."""
    asked = series.asked
    assert asked is not None, "No procedure comes next. This is a bug."
    return bool(asked.known.rounds) or not series.is_unasked or files.has_begun(step, asked)


def is_left_out(files: RoundFiles, series: Series) -> bool:
    """Whether the round after the procedure was played before, so that it was left out then."""
    from ..procedure.series import has_begun

    if series.delegated is None:
        return False
    latest = series.without_procedure().played[-1]
    if latest.coming is None or latest.file is None:
        return False
    return has_begun(files.store, latest.file.with_name(latest.coming.file))


def stop_without_terminal(series: Series, stored: str) -> tuple[str, str]:
    """Why the rounds stop before a procedure, and the command that plays it by hand.

    Args:
        series: The rounds so far.
        stored: The option that names the store; empty where none was typed.
    """
    asked, latest = series.delegated, series.played[-1]
    assert asked is not None, "No procedure comes between two rounds. This is a bug."
    most = asked.procedure.cost(asked.known).steps
    cure = " --cure" if asked.name == "stability" else ""
    name = shlex.quote(str(latest.file))
    why = (
        f"There is no terminal to ask at, so the rounds stop before `etude {asked.name}`, at most "
        f"{most:,} training steps. Play it and type the same command again, or go on without it: "
        f"`etude next {latest.result.experiment.name}` writes the next round."
    )
    return why, f"etude {asked.name} {name}{cure}{stored}"

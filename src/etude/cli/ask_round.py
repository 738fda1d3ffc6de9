"""The question between two rounds: whether the file that was written is to be played, or edited."""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import say

if TYPE_CHECKING:
    from ..store.base import Store

_YES, _NO, _EDIT = ("y", "yes"), ("n", "no"), ("e", "edit")
# Heuristic: who changed more lines than these by hand knows what they wrote.
_MOST_LINES = 20


def has_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_to_be_played(place: Path, advised: str, store: Store) -> bool:
    """Asks until the answer is yes, of a file that can be played, or no; the end of input is no.

    Args:
        place: The file of the next round.
        advised: What the advice says there; what a person changed of it is shown.
        store: Whose experiments it may not contradict.
    """
    while True:
        for line in changed_lines(place, advised):
            say(line)
        say(f"Play {place}? [y]es, [n]o, [e]dit it first: ", nl=False)
        reply = sys.stdin.readline()
        answer = reply.strip().casefold()
        if not reply or answer in _NO:
            say("" if reply else "no")
            return False
        if answer in _EDIT:
            _edit(place)
        elif answer in _YES and not (mistakes := _mistakes(place, store)):
            return True
        else:
            say(mistakes if answer in _YES else "Type yes, no or edit.")


def changed_lines(place: Path, advised: str) -> list[str]:
    """What stands in the file otherwise than advised, a line each; none where it is as written."""
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [f"{place} cannot be read: {error}."]
    if text == advised:
        return []
    lines = difflib.unified_diff(advised.splitlines(), text.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:2] not in ("--", "++", "@@")]
    more = len(changed) - _MOST_LINES
    return [
        f"{place} stands as you left it, otherwise than advised:",
        *(f"  {line}" for line in changed[:_MOST_LINES]),
        *([f"  and {more} lines more"] if more > 0 else []),
    ]


def _mistakes(place: Path, store: Store) -> str:
    """Why the file cannot be played as it stands; empty where it can."""
    from ..errors import InputError
    from ..procedure.series import refuse_file

    try:
        refuse_file(store, place)
    except InputError as error:
        return str(error)
    return ""


def _edit(place: Path, call: Callable[..., object] = subprocess.run) -> None:
    """Opens the file in the person's editor and waits; says where it stands where there is none."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        say(f"Edit {place} in an editor of yours and save it, then answer.")
        return
    try:
        call([*shlex.split(editor), str(place)], check=False)
    except (OSError, ValueError) as error:
        say(f"`{editor}` cannot be started ({error}). Edit {place} and save it, then answer.")

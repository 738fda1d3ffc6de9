"""Identity: whether an experiment's file is the one that a store knows under its name."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from ..advise.edits import next_name
from ..errors import RunError
from ..experiment import changes
from ..experiment.entry import Entry
from ..store.base import Store, place_of


def refuse_another_file(store: Store, entry: Entry) -> None:
    """Refuses another file under a name that the store knows: its trials are not this file's.

    Seen from the store's folder it is the same file wherever both were moved. A file beside the
    known one that asks for more trials and changes nothing else extends it.

    Raises:
        RunError: with the name to write, and the option that says it is the same.

    Source: R12, K3.
    """
    name = entry.experiment.name
    known = next((one for one in store.entries() if one.experiment.name == name), None)
    if known is None or not known.source or not entry.source:
        return  # what begins in Python has no file
    place = place_of(entry.source, store.files)
    if _is_place(known, place, entry.source) or _extends(known, entry, place):
        return
    raise RunError(
        f"The store has trials of an experiment `{name}` from another file, "
        f"`{known.place or known.source}`; this one is `{place}`. Give it a name of its own, "
        f'`name = "{_own_name(store, entry)}"` below [experiment]; if it is the same experiment, '
        "moved or renamed, add --same."
    )


def _is_place(known: Entry, place: str, source: str) -> bool:
    if known.place is not None:
        return known.place == place
    # Written by an older Etude, which kept no more than where the file stood then.
    is_there = Path(known.source).is_file()
    return not is_there or os.path.realpath(known.source) == os.path.realpath(source)


def _extends(known: Entry, entry: Entry, place: str) -> bool:
    """Whether it is what `etude next` writes to extend an experiment: more trials, else equal."""
    is_beside = posixpath.dirname(known.place or place) == posixpath.dirname(place)
    old, new = known.experiment, entry.experiment
    return is_beside and new.trials > old.trials and not changes(old, new)


def free_name(store: Store, name: str) -> str:
    """The next name of this kind that no experiment of the store has, nor is to have again.

    Source: K3.
    """
    taken = {entry.experiment.name for entry in store.entries()} | {name}
    while name in taken:
        name = next_name(name)
    return name


def _own_name(store: Store, entry: Entry) -> str:
    """A name that says which of the two it is: its file's or its folder's, where that is free."""
    taken = {known.experiment.name for known in store.entries()}
    source = Path(entry.source).resolve()
    for name in (source.stem, source.parent.name):
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) and name not in taken:
            return name
    return free_name(store, entry.experiment.name)

"""A checkpoint is written aside, synced and renamed, with a list of what is in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .attempt import refuse_old_attempt
from .folder import contents, make_lasting_folder, sync_folder, sync_tree
from .rights import narrow_rights, new_folder


def write_checkpoint(
    place: Path, save: Callable[[Path], object], *, lasting: bool, attempt: str = ""
) -> str:
    """Has `save` fill an empty folder and puts it in its place; what `contents` says of it.

    Where it is `lasting`, all of it is on disk when this returns: who names it then names what a
    power cut leaves whole. Where `save` raises, nothing is left of it. A numbered attempt writes
    beside others, and puts it in its place only where it is still the trial's.
    """
    aside = place.with_name(f"{place.name}{attempt and f'.{attempt}'}.partial")
    old = place.with_name(f"{place.name}.old")
    for leftover in (aside, old):
        shutil.rmtree(leftover, ignore_errors=True)
    make_lasting_folder(aside.parent)
    new_folder(aside)
    try:
        save(aside)
        narrow_rights(aside)
        if lasting:
            sync_tree(aside)
        listed = contents(aside)
        if attempt:
            refuse_old_attempt(place.parent, attempt)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    if place.exists():
        place.rename(old)
    os.replace(aside, place)
    if lasting:
        sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)
    return listed

"""Whoever owns an experiment sweeps what the last owner could not, for it was killed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..disk.attempt import end_attempt
from ..disk.file import sweep_asides
from .checkpoints import Files

_TRIAL = re.compile(r"[0-9]+")
# As a checkpoint is called, and what stands beside one that is just written.
_CHECKPOINT = re.compile(r"[0-9]+((\.[0-9a-f]+-[0-9]+)?\.partial|\.old)?")


def sweep(files: Files, name: str, steps: Mapping[int, Collection[int]]) -> None:
    """Removes checkpoints that no record names, a rehearsal, empty logs and half-written files.

    Only by names that Etude gives, and only while this process owns the experiment: what somebody
    else put beside them stays.

    Args:
        files: The folders beside the store.
        name: The experiment.
        steps: The checkpoints that the store names, by trial.
    """
    sweep_asides(files.folder)
    for folder in _folders(files.checkpoints(name, 0).parent, _TRIAL):
        named = {str(step) for step in steps.get(int(os.path.basename(folder)), ())}
        for place in list(_folders(folder, _CHECKPOINT)):
            if os.path.basename(place) not in named:
                shutil.rmtree(place, ignore_errors=True)
        end_attempt(Path(folder))
        if not named:
            _remove_if_empty(folder)
    rehearsal = files.rehearsal(name)
    shutil.rmtree(rehearsal, ignore_errors=True)
    for folder in _folders(rehearsal.parent, _TRIAL):
        with suppress(OSError):
            log = files.log(name, int(os.path.basename(folder)))
            if log.stat().st_size == 0:
                log.unlink()
                _remove_if_empty(folder)


def _folders(folder: str | Path, names: re.Pattern[str]) -> Iterator[str]:
    """The folders of such names in a folder; none where it is not there."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if names.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield entry.path


def _remove_if_empty(folder: str) -> None:
    with suppress(OSError):
        os.rmdir(folder)

"""The code that a launch begins with: what the launch before imported, as its files stand now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..code import CodeFile, is_same
from ..experiment.small_file import bytes_of
from ..record import Record
from ..runner.imported import file_of, is_users, label
from ..trial import TrainFunction
from .changed_code import file_now
from .source import source_file


def code_at_start(
    records: Sequence[Record], folder: Path, train: TrainFunction | str | None
) -> dict[str, str]:
    """The hash of each file of the user's that is known before anything is imported, by its path.

    Those are the files of the last launch that trained; without one, the training file alone.

    Args:
        records: The trials so far.
        folder: The experiment's, which paths begin at.
        train: The function that was handed over, else the reference of the experiment.

    Source: K3.
    """
    files = {
        before.path: before if is_same(before, now) else now
        for before in code_of(records)
        if (now := file_now(before.path, folder, train))
    } or {file.path: file for file in _training_file(folder, train)}
    return {path: file.hash for path, file in files.items()}


def code_of(records: Sequence[Record]) -> tuple[CodeFile, ...]:
    """The files of the last launch that trained any of these trials, sorted by path.

    Source: K3.
    """
    stretches = [one for record in records for one in record.stretches if one.code]
    last = max((one.launch for one in stretches), default=0)
    known = {
        file.path: file
        for one in stretches
        if one.launch == last and one.code
        for file in one.code.files
    }
    return tuple(known[path] for path in sorted(known))


def code_before(folder: Path, reference: str | None) -> tuple[CodeFile, ...]:
    """What is known of the code before a step is trained: the file that `train` names.

    Source: K3.
    """
    return tuple(_training_file(folder, reference)) if reference else ()


def _training_file(folder: Path, train: TrainFunction | str | None) -> Iterator[CodeFile]:
    """The file that is to be loaded, where there is one."""
    if isinstance(train, str):
        place = folder / train.rpartition(":")[0]
        name = Path(label(folder, str(place.absolute()), place.stem)).as_posix()
    else:
        place = Path(source_file(train))
        name = label(folder, str(place), getattr(train, "__module__", "") or place.stem)
        if not is_users(str(place)):
            return
    try:
        text = bytes_of(place)
    except OSError:
        return  # who loads it says why it cannot be read
    yield file_of(name, text)

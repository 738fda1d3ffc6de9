"""The inputs of `etude compare`: experiments, single trials of them, files of final values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, final

from ..errors import RunError, StoreError

if TYPE_CHECKING:
    from ..analyze.comparison.retrainings import Retrainings
    from ..round.result import Result
    from ..store.base import Store
    from .options import Judge


@final
@dataclass(frozen=True)
class Input:
    """One of those to compare: its retrainings, its experiment, or both.

    Args:
        retrainings: None for an experiment whose best setting was trained only once.
        result: None for a file.
    """

    name: str
    retrainings: Retrainings | None
    result: Result | None

    @property
    def trials(self) -> tuple[str, tuple[int, ...]] | None:
        """Whose trainings they are, and which; None for those of a file."""
        if self.result is None or self.retrainings is None:
            return None
        return self.result.experiment.name, self.retrainings.trials


@contextmanager
def inputs(names: Sequence[str], store: str | None, judge: Judge) -> Iterator[list[Input]]:
    """What was typed, read; the store is opened only where one of the names is in it."""
    if all(Path(name).is_file() for name in names):
        yield [_from_file(name) for name in names]
        return
    from ..round.result import load
    from ..store import open_store

    try:
        database = open_store(store, create=False)
    except StoreError as error:
        absent = next(name for name in names if not Path(name).is_file())
        raise StoreError(f"`{absent}` is no file, and no experiment: {error}") from error
    with closing(database):
        # Read once, however many of its trials are named: to judge by test data is a look (X3).
        read = cache(lambda title: judge.of(load(database, title)))
        yield [
            _from_file(name) if Path(name).is_file() else from_store(database, name, read)
            for name in names
        ]


def _from_file(name: str) -> Input:
    """The retrainings in a file: one final value a line, `nan` for one that failed."""
    from ..analyze.comparison.retrainings import Retrainings
    from ..experiment.small_file import bytes_of

    try:
        lines = bytes_of(Path(name)).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            f"`{name}` cannot be read as text ({error}). Name a file with one final value a line."
        ) from error
    values = [_value(name, count, line) for count, line in enumerate(lines, 1) if line.strip()]
    if not values:
        raise RunError(f"`{name}` holds no value. Write one final value a line, `nan` for failed.")
    return Input(Path(name).stem, Retrainings(name=Path(name).stem, values=tuple(values)), None)


def _value(name: str, line_number: int, line: str) -> float:
    try:
        value = float(line)
    except ValueError:
        raise RunError(
            f"{name}:{line_number}: a final value is a number, or `nan` for a training that "
            f"failed; found `{line.strip()}`."
        ) from None
    return value if math.isfinite(value) else math.nan


def from_store(store: Store, name: str, read: Callable[[str], Result]) -> Input:
    """An experiment of the store, or `name:trial`: the retrainings of that trial's setting."""
    from ..analyze.comparison.retrainings import of_best, retrainings

    known = [entry.experiment.name for entry in store.entries()]
    title, _, trial = name.rpartition(":")
    if name in known or title not in known:
        result = read(name)
        best = of_best(result.studies, result.records, name=name)
        return Input(name, best, result)
    result = read(title)
    ids = [record.id for record in result.records if trial in (str(record.id), record.name)]
    trainings = retrainings(result.studies, result.records, ids[0], name=name) if ids else None
    if trainings is None:
        state = "has not ended" if ids else "is not in it"
        raise RunError(
            f"`{name}` names a trial of `{title}` that {state}. `etude trials {title}` lists them."
        )
    return Input(name, trainings, result)

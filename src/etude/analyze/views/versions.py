"""Versions of the user's code: which trials were trained by the same, and which files differ."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from ...code import REFERENCE, Code, CodeFile, Stretch, is_same, lines_between, under_new_name
from ...record import Record


@final
@dataclass(frozen=True)
class TrainedBy:
    """A stretch of a trial: from which step, in which launch, by which version of the code.

    Args:
        version: The version's short hash; empty where nobody wrote the code down.
    """

    from_step: int
    launch: int
    version: str
    accepted: bool = False


@final
@dataclass(frozen=True)
class ChangedFile:
    """A file of which trials have several versions; `lines` differ between the last two.

    Args:
        lines: None where a text was not kept.
        launch: The first one that trained with the last version.
    """

    path: str
    lines: int | None
    launch: int


@final
@dataclass(frozen=True)
class Versions:
    """By which version of the code each trial was trained, oldest stretch first, and what changed.

    Args:
        of_trial: The stretches by trial; none of a trial of which no launch is known.
    """

    of_trial: Mapping[int, tuple[TrainedBy, ...]]
    changed: tuple[ChangedFile, ...]


def versions(records: Sequence[Record]) -> Versions:
    """The versions of the code that trained these trials.

    Two versions of a file are one where they do the same, under another name too where the training
    file was renamed. A file that a trial did not import is as
    it was in its launch, else as before: whether a module was imported may depend on the setting.

    Source: K3.
    """
    stretches = sorted(
        (
            (stretch.launch, record.id, stretch)
            for record in records
            for stretch in record.stretches
            if stretch.code is not None
        ),
        key=lambda one: one[:2],
    )
    now = _NewNames([stretch.code for _, _, stretch in stretches])
    stretches = [(at, trial, replace(one, code=now.of(one.code))) for at, trial, one in stretches]
    known = _Known()
    states = _states([(launch, one) for launch, _, one in stretches], known)
    base = next(iter(states.values()), {}).keys()
    of_trial = {
        record.id: tuple(
            TrainedBy(
                stretch.from_step,
                stretch.launch,
                _version(replace(stretch, code=now.of(stretch.code)), states, known, base),
                stretch.accepted,
            )
            for stretch in record.stretches
        )
        for record in records
    }
    return Versions(of_trial, tuple(_changed(stretches, known)))


def changed_between(before: Sequence[Record], after: Sequence[Record]) -> tuple[str, ...]:
    """The files of which two rounds had versions that do not do the same, by path.

    Source: K3.
    """
    now = _NewNames([one.stretches[-1].code for one in after if one.stretches])
    first, second = _last_files(before, now), _last_files(after, now)
    return tuple(
        path
        for path in sorted(first.keys() & second.keys())
        if not all(is_same(one, other) for one in first[path] for other in second[path])
    )


def _last_files(records: Sequence[Record], now: _NewNames) -> dict[str, list[CodeFile]]:
    """The versions of every file that trials ended with, each once."""
    codes = [now.of(record.stretches[-1].code) for record in records if record.stretches]
    files: dict[str, dict[str, CodeFile]] = {}
    for code in codes:
        for file in code.files if code else ():
            files.setdefault(file.path, {}).setdefault(file.hash, file)
    return {path: list(own.values()) for path, own in files.items()}


class _NewNames:
    """Codes with the training file called as the last of them calls it, where it was renamed."""

    def __init__(self, codes: Sequence[Code | None]) -> None:
        """Takes codes, the oldest first."""
        known = list({one.digest: one for one in codes if one}.values())
        last = next((one for one in reversed(codes) if one), None)
        self._reference = last.file(REFERENCE) if last else None
        self._files = [file for code in known for file in code.files]
        self._renamed: dict[str, Code] = {}

    def of(self, code: Code | None) -> Code | None:
        if code is None or self._reference is None:
            return code
        if code.digest not in self._renamed:
            self._renamed[code.digest] = under_new_name(code, self._reference, self._files)
        return self._renamed[code.digest]


class _Known:
    """The versions of each file, in the order in which they appeared; those that do the same, one.

    A file is compared with each version once, however many trials it trained.
    """

    def __init__(self) -> None:
        self.versions: dict[str, list[CodeFile]] = {}
        self._places: dict[tuple[str, str], int] = {}

    def place(self, file: CodeFile) -> int:
        key = file.path, file.hash
        if key not in self._places:
            own = self.versions.setdefault(file.path, [])
            same = (place for place, one in enumerate(own) if is_same(one, file))
            self._places[key] = next(same, len(own))
            if self._places[key] == len(own):
                own.append(file)
        return self._places[key]


def _states(stretches: Sequence[tuple[int, Stretch]], known: _Known) -> dict[int, dict[str, int]]:
    """The version of every file after each launch, by its path."""
    states: dict[int, dict[str, int]] = {}
    state: dict[str, int] = {}
    for launch, stretch in stretches:
        for file in stretch.code.files if stretch.code else ():
            state[file.path] = known.place(file)
        states[launch] = dict(state)
    return states


def _version(
    stretch: Stretch, states: Mapping[int, Mapping[str, int]], known: _Known, base: Collection[str]
) -> str:
    """A short hash of the files; of one that came later, as far as it is not as at first."""
    if stretch.code is None:
        return ""
    own = {file.path: known.place(file) for file in stretch.code.files}
    state = {**states[stretch.launch], **own}
    telling = sorted(
        (path, known.versions[path][place].hash)
        for path, place in state.items()
        if place > 0 or path in base
    )
    return hashlib.sha256(repr(telling).encode()).hexdigest()[:8]


def _changed(stretches: Sequence[tuple[int, int, Stretch]], known: _Known) -> Iterator[ChangedFile]:
    for path, files in sorted(known.versions.items()):
        if len(files) > 1:
            last = len(files) - 1
            launch = next(
                launch
                for launch, _, stretch in stretches
                for file in (stretch.code.files if stretch.code else ())
                if file.path == path and known.place(file) == last
            )
            yield ChangedFile(path, lines_between(files[-2], files[-1]), launch)

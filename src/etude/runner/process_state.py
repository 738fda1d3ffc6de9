"""Process-wide state that a trial may change: read before it, put back after it.

A library's state is found where the library is loaded already: nothing is imported for it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, final

from ..trial import TrainFunction, Trial
from .imports import watched
from .state_kinds import GENERATORS, KINDS, Generator, Kind

Values: TypeAlias = dict[str, Any]

_UNREADABLE = object()


@contextmanager
def restored(seed: int | None = None) -> Iterator[None]:
    """Seeds every generator that is loaded, and puts back afterwards what the block changed.

    What an import changes stays, for it happens once a process; but generators are not moved by it.
    With None generators are left as they are.
    """
    before = _Before(seed)
    try:
        with watched(before.importing):
            yield
    finally:
        before.put_back()


def isolated(train: TrainFunction, seed: int) -> TrainFunction:
    """The train function, after which this process is as it was before."""

    def trained(trial: Trial) -> Any:
        with restored(seed):
            return train(trial)

    return trained


def generator_states() -> Values:
    """The states of the generators that are loaded."""
    states = {
        name: _value(generator, sys.modules[generator.library])
        for name, generator in GENERATORS.items()
        if generator.library in sys.modules
    }
    return {name: state for name, state in states.items() if state is not _UNREADABLE}


def set_generators(states: Values) -> None:
    """Puts generators back to these states."""
    for name, state in states.items():
        generator = GENERATORS[name]
        _attempted(generator.restore, sys.modules[generator.library], state)


@final
class _Before:
    """The state to put back: as it was, and as imports have set it since."""

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self._values = _read()
        for name in GENERATORS:
            self._seed_generator(name)

    @contextmanager
    def importing(self) -> Iterator[None]:
        """An import that nothing else imports: what it sets is adopted, fresh generators seeded."""
        values, generators = _read(), generator_states()
        try:
            yield
        finally:
            now = _read()
            self._values |= {
                name: value
                for name, value in now.items()
                if name not in values or _differs(value, values[name])
            }
            set_generators(generators)
            for name in GENERATORS.keys() - generators.keys():
                self._seed_generator(name)

    def put_back(self) -> None:
        """Puts back what differs, twice, for one kind may move another; names what does not go."""
        remaining = _put_back(self._values) and _put_back(self._values)
        for name in remaining:
            print(
                f"Etude could not put back {name}, which this trial changed: trials after it in "
                "this process have it too.",
                file=sys.stderr,
            )

    def _seed_generator(self, name: str) -> None:
        generator = GENERATORS[name]
        library = sys.modules.get(generator.library)
        if library is not None and self._seed is not None:
            _attempted(generator.seed, library, self._seed)


def _put_back(values: Values) -> list[str]:
    """Restores the kinds that differ; returns the names of those that still do."""
    is_main = threading.current_thread() is threading.main_thread()
    remaining = []
    for name, value in values.items():
        kind = KINDS[name]
        library = sys.modules.get(kind.library)
        if library is None or (kind.main_thread and not is_main):
            continue
        if value is _UNREADABLE or not _differs(_value(kind, library), value):
            continue
        _attempted(kind.restore, library, value)
        if _differs(_value(kind, library), value):
            remaining.append(name)
    return remaining


def _read() -> Values:
    modules = sys.modules
    return {
        name: _value(kind, modules[kind.library])
        for name, kind in KINDS.items()
        if kind.library in modules
    }


def _value(kind: Kind | Generator, library: Any) -> Any:
    try:
        return kind.save(library)
    except Exception:  # noqa: BLE001  # a library that is half loaded, or an older one
        return _UNREADABLE


def _differs(one: Any, other: Any) -> bool:
    try:
        return bool(one is not other and one != other)
    except Exception:  # noqa: BLE001  # what cannot be compared was replaced
        return True


def _attempted(action: Callable[[Any, Any], object], library: Any, value: Any) -> None:
    try:
        action(library, value)
    except Exception:  # noqa: BLE001  # what is not restored is named, and training goes on
        return

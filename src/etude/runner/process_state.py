"""Process-wide state that a trial may change: put back after it, as it was before the first.

A library's state is found where the library is loaded already: nothing is imported for it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, final

from ..trial import TrainFunction, Trial
from .home import trained_here
from .import_watch import ImportWatch
from .library_state import GENERATORS, LIBRARIES
from .python_state import PYTHON
from .state_kinds import Generator, Kind, adopted

Values: TypeAlias = dict[str, Any]

KINDS = {**PYTHON, **LIBRARIES}
_UNREADABLE = object()


@final
class ProcessState:
    """State as it was when this was made, and as imports have set it since.

    What an import changes stays, for it happens once a process; but it moves no generator.
    """

    def __init__(self) -> None:
        """Reads everything; generators too, for `close`."""
        self._values = read()
        self._generators = generator_states()
        self._loaded = _loaded()
        self._modules = len(sys.modules)
        self._seed: int | None = None
        self._watch = ImportWatch(self._importing)

    def isolated(self, train: TrainFunction, seed: int) -> TrainFunction:
        """The train function, whose generators are seeded and whose changes are put back."""

        def trained(trial: Trial) -> Any:
            with self.restored(seed):
                return trained_here(train, trial)

        vars(trained)["workload"] = getattr(train, "workload", None)  # by it, one is known
        return trained

    @contextmanager
    def restored(self, seed: int | None = None) -> Iterator[None]:
        """Seeds the generators, and puts back what the block changed; without a seed that alone."""
        if self._modules != len(sys.modules):  # imported between trials, for us
            self._note_loaded({**read(), **self._values})
        for name, kind, library in self._loaded[0]:
            if kind.anew:
                self._values[name] = _value(kind, library)
        if seed is not None:
            _seed(self._loaded[1], seed)
        try:
            self._seed = seed
            self._watch.start()
            yield
        finally:
            self._watch.stop()
            self._put_back()

    def close(self) -> None:
        """Puts the generators back too: who trained in this process goes on with his numbers."""
        set_generator_states(self._generators)

    @contextmanager
    def _importing(self) -> Iterator[None]:
        """An import that nothing else imports: what it sets is adopted, fresh generators seeded."""
        before, generators = read(), generator_states()
        try:
            yield
        finally:
            now = read()
            self._note_loaded({name: self._adopted(name, before, now) for name in now})
            set_generator_states(generators)
            fresh = generator_states().keys() - generators.keys()
            if self._seed is not None:
                _seed([one for one in self._loaded[1] if one[0] in fresh], self._seed)
            self._generators = {**generator_states(), **self._generators}

    def _adopted(self, name: str, before: Values, now: Values) -> Any:
        """What is put back from now on: the import's changes, none that the trial made before."""
        if name not in before or name not in self._values:
            return now[name]
        try:
            return adopted(self._values[name], before[name], now[name])
        except Exception:  # noqa: BLE001  # a handler of the user's that cannot be compared
            return now[name]

    def _note_loaded(self, values: Values) -> None:
        self._values = values
        self._loaded = _loaded()
        self._modules = len(sys.modules)

    def _put_back(self) -> None:
        """Puts back what differs, twice, for one kind may move another; names what does not go."""
        remaining = self._changed()
        for _ in range(2):
            for name, kind, library in remaining:
                _attempted(kind.restore, library, self._values[name])
            remaining = remaining and self._changed()
        for name, _, _ in remaining:
            sys.stderr.write(  # its log keeps it
                f"Etude could not put back {name}, which this trial changed: trials after it in "
                "this process have it too.\n"
            )

    def _changed(self) -> list[tuple[str, Kind, Any]]:
        """The kinds whose value is another one now."""
        changed = []
        for loaded in self._loaded[0]:
            name, kind, library = loaded
            before = self._values[name]
            if before is _UNREADABLE:
                continue
            try:  # no function of ours in between: this is done after each trial
                if kind.save(library) == before:
                    continue
            except Exception:  # noqa: BLE001  # it cannot be read, as it could before
                pass
            changed.append(loaded)
        is_main = threading.current_thread() is threading.main_thread()
        return [one for one in changed if is_main or not one[1].main_thread]


def read() -> Values:
    """Every kind that is there, by name."""
    return {name: _value(kind, library) for name, kind, library in _loaded()[0]}


def generator_states() -> Values:
    """The states of the generators that are there."""
    states = {name: _value(generator, library) for name, generator, library in _loaded()[1]}
    return {name: state for name, state in states.items() if state is not _UNREADABLE}


def _loaded() -> tuple[list[tuple[str, Kind, Any]], list[tuple[str, Generator, Any]]]:
    """The kinds and the generators of what is loaded, each with its name and its library."""
    modules = sys.modules
    kinds = [(n, one, modules[one.library]) for n, one in KINDS.items() if one.library in modules]
    generators = [
        (n, one, modules[one.library]) for n, one in GENERATORS.items() if one.library in modules
    ]
    return kinds, generators


def _seed(generators: list[tuple[str, Generator, Any]], seed: int) -> None:
    for _, generator, library in generators:
        _attempted(generator.seed, library, seed)


def set_generator_states(states: Values) -> None:
    """Sets the generators that are there to states that were read."""
    for name, generator, library in _loaded()[1]:
        if name in states:
            _attempted(generator.restore, library, states[name])


def _value(kind: Kind | Generator, library: Any) -> Any:
    try:
        return kind.save(library)
    except Exception:  # noqa: BLE001  # a library that is half loaded, or an older one
        return _UNREADABLE


def _attempted(action: Callable[[Any, Any], object], library: Any, value: Any) -> None:
    try:
        action(library, value)
    except Exception:  # noqa: BLE001  # what is not restored is named, and training goes on
        return

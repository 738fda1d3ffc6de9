"""Kinds of process-wide state, and process-wide generators: what an entry of either says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, final


@final
@dataclass(frozen=True)
class Kind:
    """One kind of process-wide state.

    Args:
        library: The module that has it; where it is not loaded, there is nothing to put back.
        save: Its value, of the library.
        restore: Sets it to such a value.
        main_thread: Only the main thread may set it.
        anew: It is read before each trial, for what calls the trial sets it.
    """

    library: str
    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], object]
    main_thread: bool = False
    anew: bool = False


@final
@dataclass(frozen=True)
class Generator:
    """A process-wide random generator, or all those of a library."""

    library: str
    seed: Callable[[Any, int], object]
    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], object]


def by_functions(library: str, getter: str, setter: str) -> Kind:
    """A value that one function returns and another one sets."""
    read: Callable[[Any], Any] = attrgetter(getter)
    put: Callable[[Any], Any] = attrgetter(setter)

    def save(module: Any) -> Any:
        return read(module)()

    def restore(module: Any, value: Any) -> object:
        return put(module)(value)

    return Kind(library, save, restore)


def _itself(module: Any) -> Any:
    return module


def by_attribute(library: str, path: str) -> Kind:
    """A value that is an attribute."""
    parent, _, name = path.rpartition(".")
    holder: Callable[[Any], Any] = attrgetter(parent) if parent else _itself
    return Kind(
        library,
        attrgetter(path),
        lambda module, value: setattr(holder(module), name, value),
    )

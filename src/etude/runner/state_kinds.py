"""Kinds of process-wide state, and process-wide generators: what an entry of either says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def differs(one: Any, other: Any) -> bool:
    """Whether two values are not the same; what cannot be compared was replaced."""
    try:
        return bool(one is not other and one != other)
    except Exception:  # noqa: BLE001  # arrays, or a broken comparison of the user's
        return True


def adopted(base: Any, before: Any, now: Any) -> Any:
    """The base with what changed from `before` to `now` alone: by key, by place, by entry.

    >>> adopted({"A": 1}, {"A": 1, "MINE": 2}, {"A": 3, "MINE": 2, "NEW": 4})
    {'A': 3, 'NEW': 4}
    >>> adopted((1, 1), (1, 2), (3, 2)), adopted(["a"], ["mine", "a"], ["new", "mine", "a"])
    ((3, 1), ['new', 'a'])
    """
    if not differs(before, now):
        return base
    kind = type(now)
    if not (type(base) is type(before) is kind):
        return now
    if isinstance(now, dict):
        return kind(_adopted_keys(base, before, now))
    if kind is tuple and len(base) == len(before) == len(now):
        return tuple(map(adopted, base, before, now))
    return kind(_adopted_entries(base, before, now)) if kind in (tuple, list) else now


def _adopted_keys(
    base: dict[Any, Any], before: dict[Any, Any], now: dict[Any, Any]
) -> dict[Any, Any]:
    kept = {key: value for key, value in base.items() if key in now or key not in before}
    for key, value in now.items():
        if key not in before:
            kept[key] = value
        elif differs(before[key], value):
            kept[key] = adopted(base[key], before[key], value) if key in base else value
    return kept


def _adopted_entries(base: Sequence[Any], before: Sequence[Any], now: Sequence[Any]) -> list[Any]:
    """What came in before the first known entry stays in front, all else behind."""
    kept = [entry for entry in base if entry in now or entry not in before]
    known = next((place for place, entry in enumerate(now) if entry in before), 0)
    front, behind = (
        [entry for entry in part if entry not in before and entry not in kept]
        for part in (now[:known], now[known:])
    )
    return [*front, *kept, *behind]

"""Setting: a trial's hyperparameters by name, which note what is read of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, final
from weakref import WeakValueDictionary


@final
class NotedSetting(dict[str, Any]):
    """A setting that notes which entries were read; to list the names reads nothing.

    >>> setting = NotedSetting(width=8, rate=0.1)
    >>> setting["width"], list(setting), sorted(setting.unread)
    (8, ['width', 'rate'], ['rate'])
    """

    def __init__(self, *given: Mapping[str, Any], **named: Any) -> None:
        """Takes what a dict takes."""
        super().__init__(*given, **named)
        self.read: set[str] = set()
        self._singly: set[str] = set()
        self._whole: set[str] = set()
        self._listed: list[str] = []
        self._walked = 0

    @property
    def unread(self) -> set[str]:
        """The entries whose values nobody asked for."""
        return set(super().keys()) - self.read

    @property
    def taken(self) -> set[str]:
        """The entries that were read with all others alone: whether they are used is not seen."""
        return self._whole - self._singly - set(self._listed[: self._walked])

    def read_all(self) -> None:
        """Takes all for read: the setting goes where nobody sees what is asked of it."""
        self.read |= set(super().keys())
        self._whole |= set(super().keys())

    def also(self, other: NotedSetting) -> None:
        """Takes for read here what was read of another setting, as it was read there."""
        self.read |= other.read
        self._whole |= other._whole
        self._singly |= other.read - other.taken

    def _list(self) -> list[str]:
        """The names; whoever reads all of them next, in turn, takes the setting whole."""
        self._end_walk()
        self._listed = list(super().keys())
        return self._listed

    def _note(self, name: str) -> None:
        """Notes that an entry is read: by itself, or in turn with all others."""
        self.read.add(name)
        if self._walked < len(self._listed) and self._listed[self._walked] == name:
            self._walked += 1
            if self._walked == len(self._listed):
                self._whole |= set(self._listed)
                self._listed, self._walked = [], 0
            return
        self._end_walk()
        self._singly.add(name)

    def _end_walk(self) -> None:
        self._singly |= set(self._listed[: self._walked])
        self._listed, self._walked = [], 0

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        # Without it `dict(setting)` and `**setting` would copy the values past `__getitem__`.
        return iter(self._list())

    def keys(self) -> Any:
        """As a dict's."""
        self._list()
        return super().keys()

    def get(self, name: str, default: Any = None, /) -> Any:
        """As a dict's."""
        self._note(name)
        return super().get(name, default)

    def items(self) -> Any:
        """As a dict's, and all are read."""
        self.read_all()
        return super().items()

    def values(self) -> Any:
        """As a dict's, and all are read."""
        return dict(self.items()).values()

    def copy(self) -> dict[str, Any]:
        """A plain dict, and all are read."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()


def quietly(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a setting that counts as no reading."""
    assert isinstance(setting, dict), "A setting is a dict. This is a bug."
    return {name: dict.__getitem__(setting, name) for name in dict.keys(setting)}


_watched: WeakValueDictionary[int, NotedSetting] = WeakValueDictionary()


def watched(setting: Mapping[str, Any]) -> NotedSetting:
    """A setting of which all counts as read once the process forks.

    What a forked process reads, a data loader's worker for one, is not seen here.
    """
    noted = NotedSetting(setting)
    _watched[id(noted)] = noted
    return noted


def _read_by_a_fork() -> None:
    for noted in list(_watched.values()):
        noted.read_all()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_read_by_a_fork)

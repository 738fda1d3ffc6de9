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

    @property
    def unread(self) -> set[str]:
        """The entries whose values nobody asked for."""
        return set(super().keys()) - self.read

    def read_all(self) -> None:
        """Takes all for read: the setting goes where nobody sees what is asked of it."""
        self.read |= set(super().keys())

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        # Without it `dict(setting)` and `**setting` would copy the values past `__getitem__`.
        return super().__iter__()

    def get(self, name: str, default: Any = None, /) -> Any:
        """As a dict's."""
        self.read.add(name)
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
    return {name: dict.__getitem__(setting, name) for name in setting}


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

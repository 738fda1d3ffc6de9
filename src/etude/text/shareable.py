"""Shareable: a text without what tells who trained it and where on whose machine."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, final

# Whoever lives there, on this machine or another: the folders of people.
_HOME = re.compile(
    r"(?<![\w.~-])(?:(?:/mnt/[a-z])?/(?:home|Users|export/home)/|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))"
    r"([^/\\\s\"'`<>|:;&,(){}\[\]]+)"
)
_ROOT = re.compile(r"(?<![\w.~/-])/root(?![\w.-])")
# A file or folder of a machine by its whole path, of two names or more.
_NAMES = r"[^/\\\s\"'`<>|:;,(){}\[\]=]+"
_PLACE = re.compile(
    rf"(?<![\w.~/:\\-])(?:~?(?:/{_NAMES}){{2,}}|[A-Za-z]:(?:\\{{1,2}}{_NAMES}){{2,}})"
)
# A pattern that nothing matches.
_NEVER = r"(?!)"
# What stands for the one who trained, and for the machine.
_SOMEBODY, _MACHINE = "USER", "HOST"
# Names that tell of nobody, and are words besides.
_NOBODY = frozenset(("root", "user", "users", "home", "admin", "shared", "public", "runner"))


@final
@dataclass(frozen=True)
class Sharing:
    """Makes texts that belong together shareable: who is named in one is named in none.

    Folders of people become `~`, and their names stand nowhere in a path.

    Args:
        folders: Where it was trained, the longest first; of each its last name is left.
        homes: Of whoever asks.
        names: Finds a word that stays, or, named `who`, somebody's name in a path or an address.
        host: This machine, where its name is no word; else empty.

    >>> text = "/export/home/ann/a.py, /data/ann/b.py by ann@x, /mnt/runs/c.py"
    >>> Sharing.of([text], ["/mnt/runs"]).text(text)
    '~/a.py, /data/USER/b.py by USER@x, .../runs/c.py'
    """

    folders: tuple[str, ...]
    homes: tuple[str, ...]
    names: re.Pattern[str]
    host: str

    @classmethod
    def of(
        cls, texts: Iterable[str], folders: Sequence[str] = (), words: Iterable[str] = ()
    ) -> Sharing:
        """What is to be hidden where these texts may tell a home.

        Args:
            texts: As they were written, before they are put into HTML or JSON.
            folders: Where it was trained.
            words: Names of metrics and hyperparameters, which look like paths and stay.
        """
        found = {name for text in [*texts, *folders] for name in _HOME.findall(text)}
        deep = {one for one in folders if one.count("/") > 1}
        return cls(
            tuple(sorted(deep, key=len, reverse=True)),
            tuple(_homes()),
            _names({*found, _user()}, words),
            _host(),
        )

    def text(self, text: str) -> str:
        """The text for others."""
        if not (any(sign in text for sign in "/\\@") or (self.host and self.host in text)):
            return text
        for folder in self.folders:
            text = _without_folder(text, folder)
        text = _ROOT.sub("~", _HOME.sub("~", text))
        for home in self.homes:
            text = re.sub(rf"(?<![\w.~-]){re.escape(home)}(?![\w.-])", "~", text)
        text = self.names.sub(lambda match: _SOMEBODY if match["who"] else match[0], text)
        return _without_host(text, self.host)

    def data(self, data: Any) -> Any:
        """Data as JSON has it, every text of it for others."""
        return mapped(data, self.text)


def mapped(data: Any, change: Callable[[str], str]) -> Any:
    """Data as JSON has it, with each of its texts changed.

    >>> mapped({"a": ["b", 1]}, str.upper)
    {'A': ['B', 1]}
    """
    if isinstance(data, str):
        return change(data)
    if isinstance(data, Mapping):
        return {change(name): mapped(value, change) for name, value in data.items()}
    return [mapped(value, change) for value in data] if isinstance(data, list | tuple) else data


def without_places(text: str, stay: Collection[str] = ()) -> str:
    """The text with each path of a machine cut to its last name.

    Args:
        text: Any text.
        stay: What looks like a path and is none of a launch: the values of settings.

    >>> without_places("etude run /data/runs/a.toml --store=/tmp/x/etude.db; valid/error")
    'etude run .../a.toml --store=.../etude.db; valid/error'
    """
    return _PLACE.sub(lambda found: _last_name(found[0], stay), text)


def _last_name(path: str, stay: Collection[str]) -> str:
    last = re.split(r"[/\\]", path)[-1]
    return path if path in stay else f".../{last}"


def _names(names: Iterable[str], words: Iterable[str]) -> re.Pattern[str]:
    """Finds these names, a word first: whose folder `error` is has `valid/error` as it is."""
    tell = sorted(name for name in names if len(name) > 1 and name.lower() not in _NOBODY)
    who = "|".join(map(re.escape, tell)) or _NEVER
    stay = sorted((word for word in words if re.search(r"[/\\@]", word)), key=len, reverse=True)
    word = "|".join(map(re.escape, stay)) or _NEVER
    return re.compile(
        rf"(?<![\w/\\.-])(?:{word})(?![\w/\\-])"
        rf"|(?P<who>(?<=[/\\])(?:{who})(?![\w.-])|(?<![\w.-])(?:{who})(?=@))"
    )


def _without_folder(text: str, folder: str) -> str:
    last = PurePath(folder).name
    return re.sub(rf"(?<![\w.~-]){re.escape(folder)}(?![\w.-])", lambda _: f".../{last}", text)


def _homes() -> list[str]:
    """The home of whoever asks, by both its names; nothing for one at the top."""
    try:
        home = Path.home()
        places = {str(home), str(home.resolve())}
    except (OSError, RuntimeError):  # there is no such user
        return []
    return sorted(place for place in places if len(Path(place).parts) > 1)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _host() -> str:
    """The name of this machine, where it is no word; else empty."""
    name = socket.gethostname()
    return "" if len(name) < 4 or name.lower() == "localhost" or name.isalpha() else name


def _without_host(text: str, name: str) -> str:
    return re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _MACHINE, text) if name else text

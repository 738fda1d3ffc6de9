"""Places: a text without what tells who trained it and where on whose machine."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Sequence
from pathlib import Path, PurePath

# Whoever lives there, on this machine or another: the folders of people.
_HOME = re.compile(
    r"(?<![\w.~-])(?:(?:/mnt/[a-z])?/(?:home|Users|export/home)/|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))"
    r"([^/\\\s\"'`<>|:;&,(){}\[\]]+)"
)
_ROOT = re.compile(r"(?<![\w.~/-])/root(?![\w.-])")
# What stands for the one who trained, and for the machine.
_SOMEBODY, _MACHINE = "USER", "HOST"
# Names that tell of nobody, and are words besides.
_NOBODY = frozenset(("root", "user", "users", "home", "admin", "shared", "public", "runner"))


def shareable(text: str, folders: Sequence[str] = ()) -> str:
    """The text for others: folders of people are `~`, and their names nowhere in a path.

    Args:
        text: Of any kind, HTML too.
        folders: Where it was trained; of each its last name is left.

    >>> shareable("/export/home/ann/a.py, /data/ann/b.py by ann@x, /mnt/runs/c.py", ["/mnt/runs"])
    '~/a.py, /data/USER/b.py by USER@x, .../runs/c.py'
    """
    for folder in sorted({one for one in folders if one.count("/") > 1}, key=len, reverse=True):
        text = _without_folder(text, folder)
    names = {*_HOME.findall(text), *_HOME.findall(" ".join(folders)), _user()}
    text = _ROOT.sub("~", _HOME.sub("~", text))
    for home in _homes():
        text = re.sub(rf"(?<![\w.~-]){re.escape(home)}(?![\w.-])", "~", text)
    for name in sorted(name for name in names if len(name) > 1 and name.lower() not in _NOBODY):
        text = re.sub(rf"(?<=[/\\]){re.escape(name)}(?![\w.-])", _SOMEBODY, text)
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?=@)", _SOMEBODY, text)
    return _without_host(text)


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


def _without_host(text: str) -> str:
    """The name of this machine, where it is no word."""
    name = socket.gethostname()
    if len(name) < 4 or name.lower() == "localhost" or name.isalpha():
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _MACHINE, text)

"""Counts the calls of a process by which something lasts, and kills at the one it was told of.

Python imports it when it starts, in the driver and in every worker. A count is the length of a
file, one a call and role, so that processes count together. `KILL_AT` names the calls to die at:
`[call, role, number, side, victim]` each, in JSON. Train functions count moments of their own, by
the builtin `tick`, which calls `ready` until it is true before it dies after a moment.
"""

from __future__ import annotations

import builtins
import functools
import io
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_open, _write, _seek = os.open, os.write, os.lseek
_built_in_open = builtins.open
# What is written aside, synced, renamed, removed; a file that was just emptied is half-written.
CALLS = {
    "sync": ("fsync", "fdatasync"),
    "rename": ("rename", "replace", "link"),
    "remove": ("unlink", "remove", "rmdir"),
    "make": ("mkdir",),
}

# In the process that trains, a thread may have to write down what is waited for.
READY_S = 5.0


class _Counts:
    """The counts of all processes of a launch, and the calls to die at."""

    def __init__(self) -> None:
        self.folder = os.environ.get("KILL_FOLDER", "")
        self.role = "worker" if "etude.runner.child" in sys.orig_argv else "driver"
        self.targets = [tuple(one) for one in json.loads(os.environ.get("KILL_AT") or "[]")]
        self._files: dict[str, int] = {}

    def passed(self, call: str) -> tuple[str, str]:
        """The side and the victim where this call is one to die at; empty where it is not."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        if call not in self._files:
            path = f"{self.folder}/{call}.{self.role}"
            self._files[call] = _open(path, flags, 0o666)
        _write(self._files[call], b".")
        number = _seek(self._files[call], 0, os.SEEK_CUR)
        for name, role, at, side, victim in self.targets:
            if (name, role, at) == (call, self.role, number):
                return side, victim
        return "", ""

    def strike(self, victim: str) -> None:
        """Kills the group, this process, its parent, or one of its workers."""
        file = _open(f"{self.folder}/struck", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        if victim == "group":
            _write(file, b".")
            os.killpg(0, signal.SIGKILL)
        own = "driver" if self.role == "driver" else "worker"
        if victim == own:
            _write(file, b".")
            os.kill(os.getpid(), signal.SIGKILL)
        others = [os.getppid()] if self.role == "worker" else workers(os.getpid())
        if others:
            _write(file, b".")
            os.kill(others[0], signal.SIGKILL)
        os.close(file)


def workers(parent: int) -> list[int]:
    """The worker processes of a driver."""
    of_threads = Path("/proc").glob(f"{parent}/task/*/children")
    children = [child for path in of_threads for child in _read(path).split()]
    return [int(one) for one in children if "etude.runner.child" in _read(f"/proc/{one}/cmdline")]


def _read(path: str | Path) -> str:
    """What a file says; nothing where its process is gone meanwhile."""
    try:
        with _built_in_open(path) as file:
            return file.read()
    except OSError:
        return ""


def _counted(
    counts: _Counts,
    call: str,
    function: Callable[..., Any],
    counts_this: Callable[..., bool] = lambda *_, **__: True,
) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*given: Any, **named: Any) -> Any:
        if not counts_this(*given, **named):
            return function(*given, **named)
        side, victim = counts.passed(call)
        if side == "before":
            counts.strike(victim)
        try:
            return function(*given, **named)
        finally:
            if side == "after":
                counts.strike(victim)

    return wrapped


def _opens_to_write(path: object, mode: str = "r", *_: object, **__: object) -> bool:
    return not isinstance(path, int) and any(letter in mode for letter in "wax+")


def _opens_descriptor_to_write(path: object, flags: int, *_: object, **__: object) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


def _database(counts: _Counts) -> type[sqlite3.Connection]:
    class Database(sqlite3.Connection):
        """Counts what it commits, and the statements that change something.

        A commit that names checkpoints is counted as `named` too.
        """

        names = False

        def execute(self, sql: str, *given: Any) -> Any:
            word = sql.split(maxsplit=1)[0].lower() if sql.strip() else ""
            run = super().execute
            if word == "commit":
                run, names, self.names = _counted(counts, "commit", run), self.names, False
                return (_counted(counts, "named", run) if names else run)(sql, *given)
            if word in ("insert", "update", "delete", "create", "alter", "drop"):
                self._note(sql)
                return _counted(counts, "statement", run)(sql, *given)
            return run(sql, *given)

        def executemany(self, sql: str, *given: Any) -> Any:
            self._note(sql)
            return _counted(counts, "statement", super().executemany)(sql, *given)

        def _note(self, sql: str) -> None:
            self.names = self.names or "into checkpoint" in sql.lower()

    return Database


def arm() -> None:
    """Counts from now on, where the environment says so."""
    counts = _Counts()
    if counts.folder:
        for call, name in [(call, name) for call, names in CALLS.items() for name in names]:
            _count_os(counts, call, name)
        _count_os(counts, "open", "open", _opens_descriptor_to_write)
        builtins.open = io.open = _counted(counts, "open", io.open, _opens_to_write)
        database = functools.partial(sqlite3.connect, factory=_database(counts))
        sqlite3.connect = database  # type: ignore[assignment]  # the same, but for its class
        builtins.tick = functools.partial(_tick, counts)  # type: ignore[attr-defined]  # ours


def _count_os(counts: _Counts, call: str, name: str, *counts_this: Callable[..., bool]) -> None:
    """Counts a function of `os`, which goes on doing what it could do."""
    function = getattr(os, name)
    counted = _counted(counts, call, function, *counts_this)
    for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if function in supporting:
            supporting.add(counted)
    setattr(os, name, counted)


def _tick(counts: _Counts, moment: str, ready: Callable[[], object] = lambda: True) -> None:
    """A moment of the train function; who dies after it first sees it `ready`, if he can."""
    side, victim = counts.passed(moment)
    until_s = time.monotonic() + READY_S
    while side == "after" and not ready() and time.monotonic() < until_s:
        time.sleep(0.001)
    if side:
        counts.strike(victim)


arm()

"""Types commands, kills what was asked for, and counts who is left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from .hook.sitecustomize import workers

ROOT = Path(__file__).resolve().parents[2]
HOOK = Path(__file__).resolve().parent / "hook"
# Bounds of what hangs, not of what is slow: a launch takes seconds, a child that is left ends in
# milliseconds once it runs.
LAUNCH_S, ORPHAN_S = 300.0, 30.0
POLL_S = 0.002
MARK = "KILL_LAUNCH"


@final
@dataclass(frozen=True)
class AtCall:
    """A kill before or after the so-many-th call of a role.

    Args:
        call: What the hook counts: commit, rename, sync, ...
        role: Whose: driver or worker.
        side: before or after.
        victim: group, driver or worker.
    """

    call: str
    role: str
    number: int
    side: str
    victim: str


@final
@dataclass(frozen=True)
class AtMoment:
    """A kill so many seconds after the first counted call."""

    seconds: float
    victim: str


Kill = AtCall | AtMoment


@final
@dataclass(frozen=True)
class Launch:
    """One command: how it ended, how many kills struck, and what it counted."""

    code: int | None
    struck: int
    seconds: float
    counts: dict[tuple[str, str], int]
    said: str
    mark: str


@dataclass
class Keyboard:
    """Types commands into a process that has imported all that they import."""

    environment: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _read: bytes = b""
    _loaded: set[str] = field(default_factory=set)

    def type(self, command: Sequence[str], folder: Path, *, kills: Sequence[Kill] = ()) -> Launch:
        """A command in a folder of its own, to its end or its death."""
        counting = folder.with_name(f"{folder.name}.counts")
        counting.mkdir(exist_ok=True)
        for old in counting.iterdir():
            old.unlink()
        temporary = folder.with_name(f"{folder.name}.temporary")
        temporary.mkdir(exist_ok=True)
        mark, says = uuid.uuid4().hex, str(counting / "said")
        environment = {
            **self._environment(),
            MARK: mark,
            "TMPDIR": str(temporary),
            "KILL_FOLDER": str(counting),
            "KILL_AT": json.dumps([list(vars(k).values()) for k in kills if isinstance(k, AtCall)]),
        }
        order = {"command": list(command), "folder": str(folder), "environment": environment}
        self._send({**order, "says": says})
        begin = time.monotonic()
        moments = [one for one in kills if isinstance(one, AtMoment)]
        struck, code = self._watch(counting, moments)
        seconds = time.monotonic() - begin
        counts = _counts(counting)
        struck += counts.pop(("struck", ""), 0)
        self._learn(Path(f"{says}.modules"))
        said = Path(says).read_text(errors="replace") if Path(says).exists() else ""
        return Launch(code, struck, seconds, counts, said, mark)

    def close(self) -> None:
        """Lets the process go."""
        if self._process is not None:
            with self._process:  # closes its line, so that it ends
                pass
            self._process = None

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(map(str, (HOOK, ROOT / "src", ROOT)))
        quiet = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # A module that is half written by a kill would be Python's matter, not ours.
        quiet["PYTHONDONTWRITEBYTECODE"] = "1"
        return {**os.environ, **quiet, **self.environment, "PYTHONPATH": path}

    def _send(self, order: dict[str, Any]) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kill.warm"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    def _answer(self, timeout_s: float) -> dict[str, int] | None:
        assert self._process is not None
        assert self._process.stdout is not None
        while b"\n" not in self._read:
            if not select.select([self._process.stdout], [], [], timeout_s)[0]:
                return None
            news = os.read(self._process.stdout.fileno(), 4096)
            assert news, "The warm process died. This is a bug of the harness."
            self._read += news
        line, _, self._read = self._read.partition(b"\n")
        answer: dict[str, int] = json.loads(line)
        return answer

    def _watch(self, counting: Path, moments: Sequence[AtMoment]) -> tuple[int, int | None]:
        """Waits for the end; kills at moments; None for the code of what never ended."""
        begun = self._answer(LAUNCH_S)
        assert begun is not None
        driver, struck = begun["process"], 0
        until_s = time.monotonic() + LAUNCH_S
        for kill in sorted(moments, key=lambda one: one.seconds):
            while not any(counting.glob("*.driver")):
                if (end := self._answer(POLL_S)) is not None:
                    return struck, end["code"]
            if (end := self._answer(kill.seconds)) is not None:
                return struck, end["code"]
            struck += _kill(driver, kill.victim)
        if (end := self._answer(max(until_s - time.monotonic(), 0.0))) is not None:
            return struck, end["code"]
        _kill(driver, "group")
        self._answer(LAUNCH_S)
        return struck, None

    def _learn(self, modules: Path) -> None:
        """What a command imported is imported once, before the next one is typed."""
        if not modules.exists():
            return
        names = {
            name
            for name in modules.read_text(encoding="utf-8").split()
            # A module of the user's is the command's to import, in its own folder.
            if name.partition(".")[0] in LIBRARIES
        }
        if new := sorted(names - self._loaded):
            self._loaded |= names
            self._send({"load": new})
            self._answer(LAUNCH_S)


LIBRARIES = {
    *("etude", "numpy", "scipy", "pandas", "typer", "click", "rich", "tomlkit", "jinja2"),
    *("sqlite3", "multiprocessing", "subprocess", "concurrent", "pydoc", "inspect", "torch"),
    *("botorch", "gpytorch", "linear_operator", "safetensors", "tomllib", "importlib"),
}


def _kill(driver: int, victim: str) -> int:
    with suppress(ProcessLookupError):
        if victim == "group":
            os.killpg(driver, signal.SIGKILL)
        elif victim == "driver":
            os.kill(driver, signal.SIGKILL)
        else:
            found = workers(driver)
            if not found:
                return 0
            os.kill(found[0], signal.SIGKILL)
        return 1
    return 0


def _counts(folder: Path) -> dict[tuple[str, str], int]:
    counts = {}
    for path in folder.iterdir():
        call, _, role = path.name.partition(".")
        if role in ("driver", "worker") or call == "struck":
            counts[call, role] = path.stat().st_size
    return counts


def orphans(mark: str) -> int:
    """How many children of a launch are alive although it is dead, after a bounded wait.

    They are ended then.
    """
    until_s = time.monotonic() + ORPHAN_S
    while (left := _marked(mark)) and time.monotonic() < until_s:
        time.sleep(POLL_S * 5)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return len(left)


def _marked(mark: str) -> list[int]:
    """Processes that have the mark of a launch in their environment."""
    sought = f"{MARK}={mark}".encode()
    numbers = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [int(number) for number in numbers if sought in _environment(number)]


def _environment(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/environ").read_bytes()
    except OSError:  # gone meanwhile, or another person's
        return b""


@contextmanager
def keyboard(**environment: str) -> Iterator[Keyboard]:
    """A keyboard that is put away in the end."""
    typist = Keyboard(environment=environment)
    try:
        yield typist
    finally:
        typist.close()

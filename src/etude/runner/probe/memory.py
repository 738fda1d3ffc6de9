"""Memory of processes: how much is free, how much a probe holds, and the limit that it is given."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
# Heuristic: threads that come later have stacks, of which little is ever touched.
_STACKS_BYTES = 512 * 2**20


def free_bytes() -> int | None:
    """What this machine, or the control group of this process, can still give; None where unknown.

    >>> (free_bytes() or 1) > 0
    True
    """
    return min((int(limit) for limit in _limits()), default=None)


def all_bytes() -> int | None:
    """What this machine, or the control group of this process, has; None where unknown.

    >>> (all_bytes() or 2**60) >= (free_bytes() or 0)
    True
    """
    return min(_totals(), default=None)


def _totals() -> Iterator[int]:
    yield from _of_meminfo("MemTotal:")
    for folder, most, _ in _groups():
        with suppress(OSError, ValueError):  # "max" is no number
            yield int((folder / most).read_text())


def _of_meminfo(name: str) -> Iterator[int]:
    with suppress(OSError, ValueError):
        rows = (line.split() for line in (_PROC / "meminfo").read_text().splitlines())
        yield from (1024 * int(row[1]) for row in rows if row[0] == name)


def _limits() -> Iterator[int]:
    yield from _of_meminfo("MemAvailable:")
    for folder, most, used in _groups():
        with suppress(OSError, ValueError):  # "max" is no number
            held = int((folder / used).read_text()) - _given_back(folder)
            yield int((folder / most).read_text()) - held


def _given_back(folder: Path) -> int:
    """What a control group holds of files that it read, and gives back where memory is short."""
    with suppress(OSError, ValueError):
        rows = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        known = {row[0]: int(row[1]) for row in rows if len(row) == 2}
        return known.get("total_inactive_file", known.get("inactive_file", 0))
    return 0


def _groups() -> Iterator[tuple[Path, str, str]]:
    """The folders of this process's control groups up to the root, of either version."""
    root = Path("/sys/fs/cgroup")
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if not kinds:
            names = ("memory.max", "memory.current")
            yield from ((folder, *names) for folder in _up_to(root, path))
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            yield from ((folder, *names) for folder in _up_to(root / "memory", path))


def _up_to(top: Path, path: str) -> list[Path]:
    """The folder of a group, and those around it up to the top."""
    inner = top / path.lstrip("/")
    return [one for one in (inner, *inner.parents) if one == top or top in one.parents]


def limit_this_process(most_bytes: int) -> None:
    """Refuses this process memory beyond a limit, so that its allocator says so, and not a signal.

    What it has reserved and not touched is added, and room for the stacks of threads: what it holds
    in the end is judged by what was resident (`peak_bytes`).
    """
    status = _status(os.getpid())
    untouched = max(status.get("VmData", 0) - status.get("RssAnon", 0), 0)
    allowed = most_bytes + untouched + _STACKS_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    with suppress(OSError, ValueError):  # a system without it
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def peak_bytes() -> int | None:
    """The most that this process has had resident; None where the system does not say."""
    return _status(os.getpid()).get("VmHWM")


def tree_bytes(process: int) -> int:
    """What a process and those that it started have resident; what they share counts once."""
    others = _listed_descendants(process)
    if not others:
        return _status(process).get("VmRSS", 0)
    return sum(_proportional(one) for one in (process, *others))


def descendants(process: int) -> list[int]:
    """The processes that a process started, and those that they did; empty where unknown."""
    parents: dict[int, int] = {}
    with suppress(OSError):
        for name in os.listdir(_PROC):
            if name.isdigit():
                parents[int(name)] = _parent(int(name))
    family = [process]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family[1:]


def _listed_descendants(process: int) -> list[int]:
    """The same by the system's own lists, often enough asked to be quick: they may lack a new one.

    To read all processes of the machine takes milliseconds from what is measured beside it.
    """
    if not (_PROC / f"self/task/{os.getpid()}/children").exists():
        return descendants(process)
    family = [process]
    for member in family:
        family += _children(member)
    return family[1:]


def _children(process: int) -> list[int]:
    tasks = _PROC / str(process) / "task"
    children: list[int] = []
    with suppress(OSError):
        for task in os.listdir(tasks):
            with suppress(OSError):  # a thread that has ended meanwhile
                children += map(int, (tasks / task / "children").read_text().split())
    return children


def _parent(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        text = (_PROC / str(process) / "stat").read_text()
        return int(text.rpartition(")")[2].split()[1])  # a name may hold blanks and brackets
    return 0


def _proportional(process: int) -> int:
    with suppress(OSError, ValueError):
        for line in (_PROC / str(process) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return _status(process).get("VmRSS", 0)


def _status(process: int) -> dict[str, int]:
    """The sizes that the system keeps of a process, in bytes; empty where it keeps none."""
    sizes: dict[str, int] = {}
    with suppress(OSError, ValueError):
        for line in (_PROC / str(process) / "status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if rest.endswith(" kB"):
                sizes[name] = 1024 * int(rest.split()[0])
    return sizes

"""The sampler: where the main thread is, looked up some hundred times a second."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import final

import numpy as np

from .accelerator import is_asynchronous
from .frames import Place, Stack, place, stack_now, user_line
from .messages import Shares

# Heuristic: often enough to see what takes a twentieth of a second in all, seldom enough to cost
# about a hundredth of it.
_EVERY_S = 0.002
# Heuristic: where more than half of the steps wait for a value, no queue of steps gets long.
_MOST_STEPS = 0.5


@final
class Sampler:
    """Looks where the thread that made it is, from `start` to `stop`."""

    def __init__(self) -> None:
        """Of the thread that calls this."""
        self._thread = threading.get_ident()
        task = Path(f"/proc/self/task/{threading.get_native_id()}")
        self._state, self._turns = task / "stat", task / "schedstat"
        self._samples: list[tuple[float, bool, Stack]] = []
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="etude sampler")
        self._begin_turns_s, self._turn_share = (0.0, 0.0), 1.0
        self._begin_s = self._begin_cpu_s = self.wall_s = self._cpu_s = 0.0

    def start(self) -> None:
        """Begins to look."""
        self._begin_s, self._begin_cpu_s = time.perf_counter(), time.process_time()
        self._begin_turns_s = self._turns_s()
        self._watcher.start()

    def stop(self) -> None:
        """Ends it."""
        self.wall_s = time.perf_counter() - self._begin_s
        self._cpu_s = time.process_time() - self._begin_cpu_s
        ran_s, waited_s = np.subtract(self._turns_s(), self._begin_turns_s).tolist()
        self._turn_share = ran_s / (ran_s + waited_s) if ran_s > 0.0 else 1.0
        self._ended.set()
        self._watcher.join()

    def shares(self, synchronized: float) -> Shares:
        """Where the time went.

        A wait for the device costs what could have been done meanwhile, and only where it is in
        most steps: `synchronized` is the share of steps that have one.
        """
        times = self._times()
        total_s = sum(seconds for seconds, *_ in times) or 1.0
        waited = _share(times, "synchronization", total_s)
        blocked = [one for one in times if one[1] and one[2] == "elsewhere"]
        # A full queue of steps: the device is never out of work, and what the host does is hidden.
        # Steps that wait for their own values leave no queue.
        queued = sum(seconds for seconds, *_ in blocked) / total_s
        hidden = is_asynchronous() and queued > 0.1 and synchronized < _MOST_STEPS
        source = 0.0 if hidden else _share(times, "input", total_s)
        lost = 0.0 if hidden else min(waited, 1.0 - waited) * synchronized
        return Shares(
            input=source,
            copies=None if is_asynchronous() else 0.0,  # a device's own; its profiler sees them
            synchronization=lost,
            idle=max(0.0, min(1.0 - self._cpu_s / self.wall_s, _blocked(times) / total_s)),
            place=_main_line(times, "input" if source >= lost else "synchronization"),
        )

    def _times(self) -> list[tuple[float, bool, Place, Stack]]:
        """Each sample with the time that it stands for, and what it is about; ours are left out."""
        is_ahead = is_asynchronous()
        # Of the time in which it was ready, only a part was its own; a wait is its own throughout.
        placed = (
            (
                seconds * (1.0 if is_blocked else self._turn_share),
                is_blocked,
                place(stack, asynchronous=is_ahead),
                stack,
            )
            for seconds, is_blocked, stack in self._samples
        )
        return [one for one in placed if one[2] != "ours"]

    def _watch(self) -> None:
        # At random moments: steps as long as the time between two looks are met at one place alone.
        moments = _moments(time.perf_counter())
        due = next(moments)
        while not self._ended.wait(due - time.perf_counter()):
            stack = stack_now(self._thread)
            now = time.perf_counter()
            # Who runs Python is met only when it lets go: it was there at each moment until now.
            count = 0
            while due <= now:
                count, due = count + 1, next(moments)
            # Reading its state lets it run on, in Python to another line: what it waits for then is
            # not what it was seen at.
            is_blocked = self._is_blocked() and stack_now(self._thread) == stack
            self._samples.append((count * _EVERY_S, is_blocked, stack))

    def _turns_s(self) -> tuple[float, float]:
        """For how long the thread was on a processor, and for how long it was ready and was not."""
        with suppress(OSError, ValueError, IndexError):
            ran, waited, *_ = self._turns.read_text().split()
            return int(ran) / 1e9, int(waited) / 1e9
        return 0.0, 0.0

    def _is_blocked(self) -> bool:
        """Whether the thread waits for something else than a turn on the processor."""
        with suppress(OSError, IndexError):
            return self._state.read_text().rpartition(")")[2].split()[0] in "SD"
        return False


def _moments(begin_s: float) -> Iterator[float]:
    """When to look: so far apart in the mean, by a generator that no training has."""
    draw = random.Random(0)
    while True:
        begin_s += draw.uniform(0.0, 2.0) * _EVERY_S
        yield begin_s


def _share(times: list[tuple[float, bool, Place, Stack]], wanted: Place, total_s: float) -> float:
    return sum(seconds for seconds, _, where, _ in times if where == wanted) / total_s


def _blocked(times: list[tuple[float, bool, Place, Stack]]) -> float:
    return sum(seconds for seconds, is_blocked, *_ in times if is_blocked)


def _main_line(times: list[tuple[float, bool, Place, Stack]], wanted: Place) -> str:
    lines: Counter[str] = Counter()
    for seconds, _, where, stack in times:
        if where == wanted:
            lines[user_line(stack)] += round(1e6 * seconds)
    return lines.most_common(1)[0][0] if lines else ""

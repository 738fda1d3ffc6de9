"""The sampler: where the main thread is, looked up some hundred times a second."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import final

from .accelerator import is_asynchronous
from .frames import Place, Stack, place, stack_now, user_line
from .messages import Shares

# Heuristic: often enough to see what takes a twentieth of a second in all, seldom enough to cost
# about a hundredth of it.
_EVERY_S = 0.002


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
        self._begin_s = self._begin_cpu_s = self.wall_s = self._cpu_s = 0.0

    def start(self) -> None:
        """Begins to look."""
        self._begin_s, self._begin_cpu_s = time.perf_counter(), time.process_time()
        self._watcher.start()

    def stop(self) -> None:
        """Ends it."""
        self.wall_s = time.perf_counter() - self._begin_s
        self._cpu_s = time.process_time() - self._begin_cpu_s
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
        queued = sum(seconds for seconds, *_ in blocked) / total_s
        hidden = is_asynchronous() and queued > 0.1
        source = 0.0 if hidden else _share(times, "input", total_s)
        lost = 0.0 if hidden else min(waited, 1.0 - waited) * synchronized
        return Shares(
            input=source,
            synchronization=lost,
            idle=max(0.0, min(1.0 - self._cpu_s / self.wall_s, _blocked(times) / total_s)),
            place=_main_line(times, "input" if source >= lost else "synchronization"),
        )

    def _times(self) -> list[tuple[float, bool, Place, Stack]]:
        """Each sample with the time since the last one, and what it is about; ours are left out."""
        is_ahead = is_asynchronous()
        placed = (
            (seconds, is_blocked, place(stack, asynchronous=is_ahead), stack)
            for seconds, is_blocked, stack in self._samples
        )
        return [one for one in placed if one[2] != "ours"]

    def _watch(self) -> None:
        before, delayed_s = time.perf_counter(), self._delay_s()
        while not self._ended.wait(_EVERY_S):
            stack = stack_now(self._thread)
            now, delay_s = time.perf_counter(), self._delay_s()
            # Time in which others had the processor says nothing of the training.
            own_s = max(now - before - (delay_s - delayed_s), 0.0)
            self._samples.append((own_s, self._is_blocked(), stack))
            before, delayed_s = now, delay_s

    def _delay_s(self) -> float:
        """For how long the thread had no turn on a processor; 0 where nobody counts."""
        with suppress(OSError, ValueError, IndexError):
            return int(self._turns.read_text().split()[1]) / 1e9
        return 0.0

    def _is_blocked(self) -> bool:
        """Whether the thread waits for something else than a turn on the processor."""
        with suppress(OSError, IndexError):
            return self._state.read_text().rpartition(")")[2].split()[0] in "SD"
        return False


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

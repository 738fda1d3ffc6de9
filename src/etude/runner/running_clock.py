"""A clock that stands still while this process does: after Ctrl-Z, in a paused machine.

Limits of training are counted by it. `time.monotonic` goes on while a process is stopped, and a
trial would be past its limit at the moment it goes on.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import final

_TICK_S = 0.1
# Heuristic: a busy machine seldom lets a thread wait for longer. Code in C that holds the
# interpreter does so too: it computes, which a process that is stopped does not.
_GAP_S = 0.5


@final
class RunningClock:
    """Seconds that this process ran, read several times a second by a thread of its own.

    Between two readings that lie further apart than a busy machine explains, only what was
    computed counts, and the one tick that would have been.

    Args:
        clock: The time, which goes on while the process is stopped.
        computed: The processor's seconds of this process.
        ticks: Whether a thread reads it; else whoever asks.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        computed: Callable[[], float] = time.process_time,
        *,
        ticks: bool = True,
    ) -> None:
        """Starts no thread before somebody asks for the time."""
        self._clock = clock
        self._computed = computed
        self._ticks = ticks
        self._reset()
        if ticks:
            os.register_at_fork(after_in_child=self._reset)  # a fork has no thread of ours

    def now_s(self) -> float:
        """Seconds; only their differences mean something."""
        if self._thread is None and self._ticks:
            self._start()
        with self._lock:
            return self._advance()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._read_s = self._clock()
        self._computed_s = self._computed()
        self._running_s = getattr(self, "_running_s", 0.0)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._read_s, self._computed_s = self._clock(), self._computed()
                self._thread = threading.Thread(target=self._run, daemon=True, name="etude clock")
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_S)
            with self._lock:
                self._advance()
                self._computed_s = self._computed()

    def _advance(self) -> float:
        now_s = self._clock()
        gap_s, self._read_s = max(now_s - self._read_s, 0.0), now_s
        if gap_s > _GAP_S:
            computed_s = self._computed()
            gap_s = min(gap_s, _TICK_S + max(computed_s - self._computed_s, 0.0))
            self._computed_s = computed_s
        self._running_s += gap_s
        return self._running_s


# Of this process: whatever is limited here is limited by the same time.
RUNNING = RunningClock()

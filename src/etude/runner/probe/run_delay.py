"""The run delay: for how long a training was ready, and had no turn on a processor."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


def run_delay_s(threads: int) -> float:
    """Seconds since the start of this process; 0 where the system does not count them (Linux does).

    Of several threads that compute side by side each waits at the same time, so it is their mean.
    What others do on the machine shows here, and nothing of the training itself.

    >>> run_delay_s(1) >= 0.0
    True
    """
    delay_ns = 0
    with suppress(OSError):
        for task in os.listdir(_TASKS):
            with suppress(OSError, ValueError, IndexError):  # a thread that has ended meanwhile
                delay_ns += int((_TASKS / task / "schedstat").read_text().split()[1])
    return delay_ns / 1e9 / max(threads, 1)

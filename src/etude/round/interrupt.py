"""Interrupt: a run whose store is lost ends at once, whatever its training is busy with."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Not SIGINT, which a shell has ignored in what it starts in the background; this one does nothing
# where nobody listens.
_SIGNAL = signal.SIGURG


@contextmanager
def main_thread_interrupt() -> Iterator[Callable[[], None]]:
    """Gives what raises KeyboardInterrupt in this thread, called from another, while it sleeps too.

    It does nothing where this is not the main thread: Python lets no other be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    is_asked = threading.Event()

    def answer(number: int, frame: FrameType | None) -> None:
        del number, frame
        if is_asked.is_set():
            is_asked.clear()
            raise KeyboardInterrupt

    def interrupt() -> None:
        is_asked.set()
        signal.pthread_kill(threading.main_thread().ident or 0, _SIGNAL)

    before = signal.signal(_SIGNAL, answer)
    try:
        yield interrupt
    finally:
        signal.signal(_SIGNAL, before or signal.SIG_DFL)

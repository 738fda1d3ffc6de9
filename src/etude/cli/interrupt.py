"""Ctrl-C, SIGTERM and SIGHUP: each ends a command, and what was finished is kept.

Only the standard library is imported here: an interruption may come while the rest still loads.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def print_how_to_go_on(typed: Sequence[str]) -> None:
    """Says that nothing is lost, and the command that goes on: the one that was typed."""
    with _last_words(), suppress(OSError):  # a terminal that is gone
        # Here, since an interruption may come while these still load.
        import shlex

        from ..text.masking import without_password
        from ..text.signs import readable

        command = readable(without_password(shlex.join(["etude", *typed])))
        print(
            f"Interrupted. What was finished is kept; type the same command to go on:\n  {command}",
            file=sys.stderr,
        )


@contextmanager
def _last_words() -> Iterator[None]:
    """Lets a second Ctrl-C not break into what the first is answered with; later, it ends at once.

    So Python's own end, which waits for the threads of a training, can be cut short.
    """
    both = filter(_can_be_put_back, (signal.SIGINT, signal.SIGTERM))
    before = {number: signal.signal(number, signal.SIG_IGN) for number in both}
    if before.get(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.SIG_DFL
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_as_ctrl_c() -> Iterator[None]:
    """Lets SIGTERM, a cluster's way of saying Ctrl-C, interrupt what runs; puts back what was.

    So does SIGHUP, of a terminal that is closed, unless `nohup` or the caller said otherwise.
    """
    before = {}
    if _can_be_put_back(signal.SIGTERM):
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, _raise_interrupt)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, _raise_interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def _can_be_put_back(number: int) -> bool:
    """Whether Python installed what answers a signal; what C did, as of MPI, stays as it is."""
    return signal.getsignal(number) is not None

"""The process that a training began in: what it forked off ends where it comes back to Etude.

A forked half has the same loop, worker, store and sockets as the other one. Two of them would train
every trial twice and write over each other.
"""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, final

from ..errors import Leave, RunError
from ..trial import TrainFunction, Trial


@final
class Home:
    """Remembers this process."""

    def __init__(self) -> None:
        """The one that calls this."""
        self._process = os.getpid()

    def end_elsewhere(self, error: BaseException | None = None) -> None:
        """Ends this process where it was forked off since, touching nothing that both have.

        It ends as it would in plain Python: with what was raised, or with the code it exits with.
        """
        if os.getpid() == self._process:
            return
        code = 0
        with suppress(BaseException):
            code = _exit_code(error)
        flush_streams()
        os._exit(code)


def call(train: TrainFunction, trial: Trial) -> Any:
    """Calls a train function; one without parameters asks for its trial: `etude.current()`.

    Raises:
        RunError: for one that cannot be called with a trial alone.

    >>> call(lambda: 3, None)
    3
    """
    function: Callable[..., Any] = train
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # what is written in C tells nothing
        return function(trial)
    if not signature.parameters:
        return function()
    try:
        signature.bind(trial)
    except TypeError as error:
        raise RunError(
            f"The train function takes one argument, the trial, and this one has "
            f"`{_name(function)}{signature}` ({error}). Write `def {_name(function)}(trial):`, and "
            'read its hyperparameters as `trial["learning_rate"]`.'
        ) from None
    return function(trial)


def _name(function: object) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def trained_here(train: TrainFunction, trial: Trial) -> Any:
    """What the train function returns, to the process that called it alone."""
    home = Home()
    try:
        value = call(train, trial)
    except BaseException as error:
        home.end_elsewhere(error)
        raise
    home.end_elsewhere()
    return value


def flush_streams() -> None:
    """Writes what Python holds of both streams, where they still take it."""
    for stream in (sys.stdout, sys.stderr):
        # A full disk, a stream that the user's code closed, or none.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _exit_code(error: BaseException | None) -> int:
    if error is None or isinstance(error, Leave):
        return 0
    if isinstance(error, SystemExit) and isinstance(error.code, int | None):
        return error.code or 0
    traceback.print_exception(error)
    return 1


if hasattr(os, "register_at_fork"):  # else what is held would be written by both
    os.register_at_fork(before=flush_streams)

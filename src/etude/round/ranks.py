"""Ranks that torchrun started: the first one plays the round, the others train along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import EtudeError, RunError
from ..runner.base import Runner
from ..runner.inline import Inline
from ..runner.process_state import ProcessState
from ..train.workload import is_workload
from ..trial import TrainFunction
from .source import Source

_OF_WORKLOADS = (
    "Under torchrun all ranks train one trial, and Etude's loop of a workload does not synchronize "
    "them: start it without torchrun, or train by a function with a loop of your own."
)


@contextmanager
def together(source: Source, runner: Runner | str | None) -> Iterator[Runner | None]:
    """The runner of the first of several ranks; None in a process that is alone.

    A rank that follows does not come back: it trains along, and ends when the round is over.

    Raises:
        RunError: for a runner that trains in other processes, for a workload, or where a rank was
            lost.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield None
        return
    if runner not in (None, "inline", "auto"):  # `auto` is what the command line has by itself
        named = runner if isinstance(runner, str) else type(runner).__name__
        raise RunError(
            f"Under torchrun all ranks train one trial, in the processes that it started, but the "
            f"runner is `{named}`. Leave `runner` out, or start the script without torchrun."
        )
    if is_workload(source.function):
        raise RunError(_OF_WORKLOADS)
    from ..train.torch import torchrun

    if os.environ.get("RANK", "0") != "0":
        torchrun.follow(source.load, ProcessState().isolated)
    first = torchrun.FirstRank(lambda: _function_of(source))
    try:
        yield Inline(first.load, script=source.script)
    except EtudeError:
        if not first.lost:
            first.finish()
        raise
    first.finish()


def _function_of(source: Source) -> TrainFunction:
    """The train function on the first rank, which alone refuses: the others are let go.

    Raises:
        RunError: for a workload that the experiment names, which is known once it is loaded.
    """
    train = source.load()
    if getattr(train, "workload", None) is not None:
        raise RunError(_OF_WORKLOADS)
    return train

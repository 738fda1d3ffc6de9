"""Stacking: whether a worker trains its trials in stacks, and the runner that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..train import gate
from ..train.backend import backend_of, resolved, use_threads
from ..train.workload import Workload
from .messages import Verdict
from .vectorized import Vectorized

if TYPE_CHECKING:
    from ..assignment import Assignment
    from ..trial import TrainFunction
    from .base import Runner


def vectorized(
    load: Callable[[], TrainFunction],
    width: int,
    print_to: Callable[[Path], None],
    threads: int | None = None,
) -> Runner:
    """The runner that trains many trials of a workload in one program, printing to their logs.

    With so many threads; where None, with those that this process has.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    if threads is not None:
        use_threads(threads)
    return Vectorized(load, width=width, print_to=print_to)


def verdict(train: TrainFunction, assignments: Sequence[Assignment], workers: int) -> Verdict:
    """Whether these trials, and others like them, are to be trained in stacks.

    They are trained in one of so many workers. A plain function needs no word, and no library.

    Raises:
        RunError: where a library is missing.
    """
    if not isinstance(getattr(train, "workload", None), Workload):
        return Verdict(1, "")
    loop = resolved(train, assignments[0].setting)
    timings = backend_of(loop).timings(loop)
    judgement = gate.judgement(timings, assignments, workers=workers)
    return Verdict(
        judgement.width,
        judgement.reason,
        judgement.ratio or 1.0,
        judgement.fastest,
        judgement.threads,
    )


def prepare(train: TrainFunction, assignments: Sequence[Assignment]) -> None:
    """Loads everything that a stack of these trials takes: some seconds, while others judge.

    What is wrong with them is reported when they are trained.
    """
    if isinstance(getattr(train, "workload", None), Workload):
        with suppress(Exception):
            loop = resolved(train, assignments[0].setting)
            backend = backend_of(loop)
            if backend.timings(loop).compiles:  # for each width, so that nothing would be left
                return
            stacking = backend.stack(loop)
            trials = gate.probe_trials(assignments, 2 * len(assignments))
            stacking.stack([stacking.member(trial) for trial in trials]).rows_after(1)

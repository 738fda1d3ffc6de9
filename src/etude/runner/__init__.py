"""Stage: assignments in, events out.

What needs PyTorch is loaded here, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunError
from ..train.workload import Workload
from .messages import Verdict

if TYPE_CHECKING:
    from ..train.loop import Loop
    from ..trial import Assignment
    from .base import Runner
    from .load import Train


def loop_of(workload: Workload) -> Loop:
    """The loop that trains a workload.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    with _told():
        from ..train.loop import Loop
    return Loop(workload)


def vectorized(
    load: Callable[[], Train],
    width: int,
    print_to: Callable[[Path], None],
    threads: int | None = None,
) -> Runner:
    """The runner that trains many trials of a workload in one program, printing to their logs.

    With so many threads; where None, with those that this process has.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    with _told():
        from ..train.vectorized import compute_with
        from .vectorized import Vectorized
    if threads is not None:
        compute_with(threads)
    return Vectorized(load, width=width, print_to=print_to)


def judged(train: Train, assignments: Sequence[Assignment], workers: int) -> Verdict:
    """Whether these trials, and others like them, are to be trained in stacks.

    They are trained in one of so many workers. A plain function needs no word, and no PyTorch.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    if not isinstance(getattr(train, "workload", None), Workload):
        return Verdict(1, "")
    with _told():
        from ..train import gate
        from ..train.loop import Loop
    assert isinstance(train, Loop), "Only a loop has a workload. This is a bug."
    found = gate.judged(train, assignments, workers=workers)
    return Verdict(found.width, found.reason, found.ratio or 1.0, found.fastest, found.threads)


def prepared(train: Train, assignments: Sequence[Assignment]) -> None:
    """Has everything loaded that a stack of these trials takes: some seconds, while others judge.

    What is wrong with them is told when they are trained.
    """
    if isinstance(getattr(train, "workload", None), Workload):
        with suppress(Exception):
            from ..train import gate
            from ..train.loop import Loop

            assert isinstance(train, Loop), "Only a loop has a workload. This is a bug."
            gate.rehearse(train, assignments)


@contextmanager
def _told() -> Iterator[None]:
    """A missing library is told from a broken one."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise RunError(
            f"A workload is trained with PyTorch, and `{error.name}` is missing: "
            "`pip install 'etude[torch]'`."
        ) from error

"""Stage: assignments in, events out.

What needs PyTorch or JAX is loaded here, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunError
from ..train.undecided import Library, Undecided, decided, library
from ..train.workload import Workload
from .messages import Verdict

if TYPE_CHECKING:
    from ..trial import Assignment
    from .base import Runner
    from .load import Train


def loop_of(workload: Workload) -> Train:
    """The loop that trains a workload, PyTorch's or JAX's, as its model is one's or the other's.

    Raises:
        RunError: where a library is missing.
    """
    known = library()
    return Undecided(workload, _loop) if known is None else _loop(workload, known)


def _loop(workload: Workload, library: Library) -> Train:
    if library == "jax":
        with _told("jax"):
            from ..train.jax.loop import Loop as JaxLoop
        return JaxLoop(workload)
    with _told():
        from ..train.loop import Loop
    return Loop(workload)


def vectorized(load: Callable[[], Train], width: int, print_to: Callable[[Path], None]) -> Runner:
    """The runner that trains many trials of a workload in one program, printing to their logs.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    with _told():
        from .vectorized import Vectorized
    return Vectorized(load, width=width, print_to=print_to)


def judged(train: Train, assignments: Sequence[Assignment], workers: int) -> Verdict:
    """Whether these trials, and others like them, are to be trained in stacks.

    They are trained in one of so many workers. A plain function needs no word, and no PyTorch.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    if not isinstance(getattr(train, "workload", None), Workload):
        return Verdict(1, "")
    train = decided(train, assignments[0].setting)
    if type(train).__module__.startswith("etude.train.jax."):
        return Verdict(1, "the loop for JAX does not put trials in stacks yet.")
    with _told():
        from ..train import gate
        from ..train.loop import Loop
    assert isinstance(train, Loop), "Only a loop has a workload. This is a bug."
    found = gate.judged(train, assignments, workers=workers)
    return Verdict(found.width, found.reason, found.ratio or 1.0, found.fastest)


@contextmanager
def _told(library: Library = "torch") -> Iterator[None]:
    """A missing library is told from a broken one."""
    called = {"torch": "PyTorch", "jax": "JAX"}[library]
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in (library, "safetensors"):
            raise
        raise RunError(
            f"A workload is trained with {called}, and `{error.name}` is missing: "
            f"`pip install 'etude[{library}]'`."
        ) from error

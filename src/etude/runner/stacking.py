"""Stage: assignments in, events out.

What needs PyTorch or JAX is loaded here, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RunError
from ..train.backend import DeferredLoop, Library, library, resolved
from ..train.gate import probe_trial
from ..train.workload import Workload
from .messages import Verdict

if TYPE_CHECKING:
    from ..assignment import Assignment
    from ..train.torch.loop import Loop
    from ..train.torch.member import Member
    from ..train.torch.vectorized import Stack
    from ..trial import TrainFunction
    from .base import Runner


def loop_of(workload: Workload) -> TrainFunction:
    """The loop that trains a workload, PyTorch's or JAX's, as its model is one's or the other's.

    Raises:
        RunError: where a library is missing.
    """
    known = library()
    return DeferredLoop(workload, _loop) if known is None else _loop(workload, known)


def _loop(workload: Workload, library: Library) -> TrainFunction:
    if library == "jax":
        with _told("jax"):
            from ..train.jax.loop import Loop as JaxLoop
        return JaxLoop(workload)
    with _told():
        from ..train.torch.loop import Loop
    return Loop(workload)


class Half(NamedTuple):
    """What trains the trials of a loop in stacks: PyTorch's, or JAX's by the same names."""

    loop: Loop
    member: type[Member]
    stack: type[Stack]


def half_of(loop: Any) -> Half:
    """What trains a loop's trials in stacks.

    Raises:
        RunError: where a library is missing.
    """
    if _is_jax(loop):
        with _told("jax"):
            from ..train.jax import member as of_jax
            from ..train.jax import vectorized as in_jax
        named: Any = (of_jax.Member, in_jax.Stack)
        return Half(loop, *named)
    with _told():
        from ..train.torch.member import Member
        from ..train.torch.vectorized import Stack
    return Half(loop, Member, Stack)


def _is_jax(loop: object) -> bool:
    return type(loop).__module__ == "etude.train.jax.loop"


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
        with _told():
            from ..train.torch.vectorized import compute_with
        compute_with(threads)
    from .vectorized import Vectorized

    return Vectorized(load, width=width, print_to=print_to)


def judged(train: TrainFunction, assignments: Sequence[Assignment], workers: int) -> Verdict:
    """Whether these trials, and others like them, are to be trained in stacks.

    They are trained in one of so many workers. A plain function needs no word, and no PyTorch.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    if not isinstance(getattr(train, "workload", None), Workload):
        return Verdict(1, "")
    train = resolved(train, assignments[0].setting)
    if _is_jax(train):
        return _judged_in_jax(train, assignments)
    with _told():
        from ..train.torch import gate
        from ..train.torch.loop import Loop
    assert isinstance(train, Loop), "Only a loop has a workload. This is a bug."
    found = gate.judged(train, assignments, workers=workers)
    return Verdict(found.width, found.reason, found.ratio or 1.0, found.fastest, found.threads)


def prepared(train: TrainFunction, assignments: Sequence[Assignment]) -> None:
    """Has everything loaded that a stack of these trials takes: some seconds, while others judge.

    What is wrong with them is told when they are trained.
    """
    if isinstance(getattr(train, "workload", None), Workload):
        with suppress(Exception):
            half = half_of(resolved(train, assignments[0].setting))
            if _is_jax(half.loop):  # it compiles for each width
                return
            again = [probe_trial(one) for one in (*assignments, *assignments)]
            half.stack(half.loop, [half.member(half.loop, one) for one in again]).rows_after(1)


def _judged_in_jax(loop: Any, assignments: Sequence[Assignment]) -> Verdict:
    with _told("jax"):
        from ..train.jax import gate
    found = gate.judged(loop, assignments)
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

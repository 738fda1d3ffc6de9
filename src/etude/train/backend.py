"""Backends: the libraries that train workloads, PyTorch and JAX, each found by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, final

from ..errors import RunError
from ..trial import TrainFunction, Trial
from .architecture import Architecture
from .gate import Timings
from .workload import Setting, Workload

Library: TypeAlias = Literal["torch", "jax"]


class Stacking(NamedTuple):
    """What trains the trials of one loop together: PyTorch's, or JAX's by the same names.

    Args:
        member: Makes a trial of a stack from a trial.
        stack: Makes a stack of members of one signature.
    """

    member: Callable[[Trial], Any]
    stack: Callable[[Sequence[Any]], Any]


class Backend(Protocol):
    """A library that trains workloads."""

    def loop(self, workload: Workload) -> TrainFunction:
        """The loop that trains the trials of a workload one by one."""

    def stack(self, loop: Any) -> Stacking:
        """What trains the trials of a loop in stacks."""

    def timings(self, loop: Any) -> Timings:
        """What the gate measures of a loop."""


def backend(library: Library) -> Backend:
    """The backend of a library, loaded now.

    Raises:
        RunError: where the library, or what it saves checkpoints with, is missing.
    """
    with _refuse_missing(library):
        if library == "jax":
            from .jax.backend import Jax

            return Jax()
        from .torch.backend import Torch

        return Torch()


def backend_of(loop: Any) -> Backend:
    """The backend whose loop it is.

    Raises:
        RunError: where its library is missing.
    """
    assert hasattr(loop, "library"), "Only a loop of ours has a workload. This is a bug."
    return backend(loop.library)


def use_threads(threads: int) -> None:
    """Lets the operators of this process have so many threads: PyTorch's, for JAX sets its own.

    Raises:
        RunError: where PyTorch or safetensors is missing.
    """
    with _refuse_missing("torch"):
        from .torch.vectorized import compute_with
    compute_with(threads)


def loop_of(workload: Workload) -> TrainFunction:
    """The loop that trains a workload, PyTorch's or JAX's, as its model is one's or the other's.

    Raises:
        RunError: where a library is missing.
    """
    library = loaded_library()
    return DeferredLoop(workload) if library is None else backend(library).loop(workload)


def loaded_library() -> Library | None:
    """The only one of the two that was imported, by the file of the workload or before it.

    None where both were, or neither: then it takes a model to tell.
    """
    loaded = [name for name in ("torch", "jax") if name in sys.modules]
    if len(loaded) != 1:
        return None
    return "jax" if loaded == ["jax"] else "torch"


def library_of(model: Any) -> Library:
    """Whose model it is; what is neither is PyTorch's loop to refuse.

    >>> library_of(3)
    'torch'
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        return "torch"
    return "jax" if is_jax_model(model) else "torch"


def is_jax_model(model: object) -> bool:
    """Whether this is meant as a model of JAX: the two functions `init` and `apply`.

    >>> is_jax_model(3)
    False
    """
    return all(callable(getattr(model, name, None)) for name in ("init", "apply"))


@final
class DeferredLoop:
    """The loop of a workload whose first model tells which library trains it."""

    def __init__(self, workload: Workload) -> None:
        """Loads no library before there is a setting."""
        self.workload = workload
        self._loop: Any = None

    def resolved(self, setting: Setting) -> Any:
        """The loop, by the model of this setting where none has shown it before."""
        if self._loop is None:
            torch = sys.modules.get("torch")
            with torch.random.fork_rng() if torch is not None else nullcontext():
                model = self.workload.model(setting)
            self._loop = backend(library_of(model)).loop(self.workload)
        return self._loop

    def __call__(self, trial: Trial) -> None:
        """Trains one trial."""
        self.resolved(trial.noted)(trial)


def architecture_of(loop: Any, setting: Setting) -> Architecture:
    """What a look through the module of a loop of ours shows, `unclear` where that cannot be told.

    Source: D6.
    """
    try:
        trained = resolved(loop, setting)
    except Exception as error:  # noqa: BLE001  # a user's model may fail in any way
        return Architecture(unclear=f"`model` ended in {type(error).__name__}")
    if trained.library == "jax":
        return Architecture(unclear="a model of JAX is a function, without parts to name")
    from .torch.architecture import architecture

    return architecture(trained.workload, setting)


def resolved(train: Any, setting: Setting) -> Any:
    """A train function, or the loop that a deferred one comes to."""
    return train.resolved(setting) if isinstance(train, DeferredLoop) else train


@contextmanager
def _refuse_missing(library: Library) -> Iterator[None]:
    """Tells a missing library from a broken one, whose own error passes."""
    name = {"torch": "PyTorch", "jax": "JAX"}[library]
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in (library, "safetensors"):
            raise
        raise RunError(
            f"A workload is trained with {name}, and `{error.name}` is missing: "
            f"`pip install 'etude[{library}]'`."
        ) from error

"""Whose model a workload makes, PyTorch's or JAX's, found without loading either."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Literal, TypeAlias, final

from ..trial import Trial
from .workload import Setting, Workload

Library: TypeAlias = Literal["torch", "jax"]


def library() -> Library | None:
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
    is_jax = all(callable(getattr(model, name, None)) for name in ("init", "apply"))
    return "jax" if is_jax else "torch"


@final
class DeferredLoop:
    """The loop of a workload whose first model tells which library trains it."""

    def __init__(self, workload: Workload, make: Callable[[Workload, Library], Any]) -> None:
        """Takes what makes the loop."""
        self.workload = workload
        self._make = make
        self._loop: Any = None

    def decided(self, setting: Setting) -> Any:
        """The loop, by the model of this setting where no other told before."""
        if self._loop is None:
            torch = sys.modules.get("torch")
            with torch.random.fork_rng() if torch is not None else nullcontext():
                model = self.workload.model(setting)
            self._loop = self._make(self.workload, library_of(model))
        return self._loop

    def __call__(self, trial: Trial) -> None:
        """Trains one trial."""
        self.decided(trial.setting)(trial)


def resolved(train: Any, setting: Setting) -> Any:
    """A train function, or the loop that an undecided one comes to."""
    return train.decided(setting) if isinstance(train, DeferredLoop) else train

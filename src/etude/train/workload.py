"""Workload: a person writes model, loss, metrics and data; the loop is Etude's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from ..errors import WorkloadError

Setting: TypeAlias = Mapping[str, Any]
Predict: TypeAlias = Callable[..., Any]
Model: TypeAlias = Callable[[Setting], Any]
Loss: TypeAlias = Callable[[Predict, Any, Setting], Any]
Metrics: TypeAlias = Callable[[Predict, Any], Mapping[str, Any]]

FUNCTIONS = ("model", "loss", "metrics")
DATA = ("training", "validation")
_ASKED = {
    "model": "model(setting)",
    "loss": "loss(predict, batch, setting)",
    "metrics": "metrics(predict, batch)",
}


@final
@dataclass(frozen=True, kw_only=True)
class Workload:
    """A model, its loss and metrics, and data: all that Etude needs to train it.

    Args:
        model: From a setting to the untrained model. The random state is the trial's own, so an
            initialization needs no seed.
        loss: From `predict`, a batch and the setting to one number, the mean over the batch.
            `predict(inputs)` is the model with this trial's parameters.
        metrics: From `predict` and a batch to the metrics by name, each its mean over the batch or
            one value an example. `error` is recorded as `valid/error`.
        training: Examples to train on: a tensor, a tuple or a mapping of tensors of one length, or
            whatever has a length and examples by position.
        validation: Examples to evaluate on, of the same kind.
        split: From a seed to other examples to train on and to evaluate on, where the order of
            examples or groups of them matter; None to pool the two and draw anew. Asked only where
            the data are to be divided anew.
        name: What messages call it.
    """

    model: Model
    loss: Loss
    metrics: Metrics
    training: Any
    validation: Any
    split: Any = None
    name: str = "the workload"

    def __post_init__(self) -> None:
        """Refuses what cannot be trained, all of it at once."""
        if mistakes := [*self._functions(), *self._data()]:
            raise WorkloadError(f"{self.name}: {' '.join(mistakes)}")

    def _functions(self) -> list[str]:
        functions = {name: getattr(self, name) for name in FUNCTIONS}
        return [
            f"`{name}` cannot be called as `{_ASKED[name]}`; give it these parameters."
            for name, function in functions.items()
            if not takes(function, _ASKED[name].count(",") + 1)
        ]

    def _data(self) -> list[str]:
        return [text for name in DATA if (text := _data_mistake(name, getattr(self, name)))]


def is_workload(candidate: object) -> bool:
    """Whether this is meant as a workload, if perhaps an incomplete one: a class, or an instance.

    >>> is_workload(print)
    False
    """
    return (
        isinstance(candidate, Workload) or sum(hasattr(candidate, name) for name in FUNCTIONS) > 1
    )


def workload_of(candidate: Any) -> Workload:
    """The workload that a class, an instance of one or a Workload stands for.

    A class is called without arguments; what its instance holds is taken by name.

    Raises:
        WorkloadError: for what is missing, all of it at once.
    """
    if isinstance(candidate, Workload):
        return candidate
    if isinstance(candidate, type) and not takes(candidate, 0):
        raise WorkloadError(
            f"The workload `{candidate.__name__}` is made without arguments. Give each parameter "
            "of its `__init__` a default, or let `train` name an instance of it."
        )
    instance = candidate() if isinstance(candidate, type) else candidate
    name = f"`{type(instance).__name__}`"
    missing = [one for one in (*FUNCTIONS, *DATA) if not hasattr(instance, one)]
    if missing:
        listed = ", ".join(f"`{_ASKED.get(one, one)}`" for one in missing)
        raise WorkloadError(
            f"The workload {name} lacks {listed}. A workload has `model`, `loss` and `metrics`, "
            "and the data `training` and `validation`."
        )
    members = {one: getattr(instance, one) for one in (*FUNCTIONS, *DATA)}
    return Workload(name=name, split=getattr(instance, "split", None), **members)


def takes(function: object, count: int) -> bool:
    """Whether something can be called with so many arguments."""
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*range(count))
    except ValueError:  # a builtin says nothing about its parameters
        return True
    except TypeError:
        return False
    return True


def _data_mistake(name: str, data: Any) -> str:
    """What is wrong with examples; empty where nothing is."""
    if callable(data) and not hasattr(data, "__len__"):
        return f"`{name}` is a function; call it, so that it is data."
    parts = parts_of(data)
    if not all(hasattr(part, "__len__") and hasattr(part, "__getitem__") for part in parts):
        kind = type(data).__name__
        return (
            f"`{name}` is {kind}; give a tensor, a tuple or a mapping of tensors, or a dataset "
            "with a length and examples by position."
        )
    if isinstance(data, list) and len(shapes := _shapes(data[:2])) > 1:
        return (
            f"`{name}` is a list, so each entry is one example, and the first two have the shapes "
            f"{shapes[0]} and {shapes[1]}. If they are inputs and labels, write a tuple."
        )
    lengths = {len(part) for part in parts}
    if len(lengths) > 1:
        listed = ", ".join(str(length) for length in sorted(lengths))
        return f"the parts of `{name}` differ in length: {listed}. Give as many of each."
    if not parts or lengths == {0}:
        return f"`{name}` is empty. Check where it is read."
    return ""


def _shapes(examples: list[Any]) -> list[tuple[int, ...]]:
    """The different shapes of those that have one."""
    return list(dict.fromkeys(tuple(one.shape) for one in examples if hasattr(one, "shape")))


def parts_of(data: Any) -> list[Any]:
    """The parts of examples that hold an entry an example; the data itself where it is one."""
    if isinstance(data, Mapping):
        return list(data.values())
    return list(data) if isinstance(data, tuple) else [data]

"""Models of JAX: two functions, `init` and `apply`, and their parameters as one vector."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from ...errors import WorkloadError
from ...study import derived_seed
from ..backend import is_jax_model
from ..workload import Predict, Workload

Parameters: TypeAlias = Any
# Kinds that safetensors reads back into numpy, and an optimizer can add up in.
_TRAINED = ("float16", "float32", "float64")
_HOW = "return an object with `init(key)` and `apply(params, inputs)`, or a `torch.nn.Module`."


class Model(NamedTuple):
    """A model as two functions; any other object with these two attributes does as well.

    Args:
        init: From a random key to the parameters: arrays in tuples, lists and mappings.
        apply: From parameters and inputs to outputs. Where it takes `key`, it is given a random key
            of the step in training and None in evaluation: what dropout needs.
    """

    init: Callable[[Array], Parameters]
    apply: Callable[..., Any]


@final
@dataclass(frozen=True)
class Layout:
    """Where each parameter stands in the vector of all."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    tree: Any

    @cached_property
    def bounds(self) -> list[tuple[int, int]]:
        """Where each parameter starts and stops."""
        stops = np.cumsum([math.prod(shape) for shape in self.shapes]).tolist()
        return list(zip([0, *stops[:-1]], stops, strict=True))

    def parameters(self, x: Array) -> Parameters:
        """The parameters as `init` returned them, from a vector (P,)."""
        parts = [
            lax.slice_in_dim(x, start, stop).reshape(shape)
            for (start, stop), shape in zip(self.bounds, self.shapes, strict=True)
        ]
        return jax.tree.unflatten(self.tree, parts)

    def named(self, x: Array) -> dict[str, NDArray[Any]]:
        """The parameters by name, a copy."""
        vector = np.array(x)
        return {
            name: vector[start:stop].reshape(shape)
            for name, (start, stop), shape in zip(self.names, self.bounds, self.shapes, strict=True)
        }


@final
@dataclass(frozen=True)
class Network:
    """A model as a person built it for one setting and seed, with its first parameters (P,)."""

    model: Any
    layout: Layout
    vector: Array


def network(workload: Workload, model: Any, seed: int, *, double: bool = False) -> Network:
    """A model with parameters that depend on the seed alone.

    Raises:
        WorkloadError: for what is no model or has nothing to train.
    """
    if not is_jax_model(model):
        raise WorkloadError(f"{workload.name}: `model` returned {type(model).__name__}; {_HOW}")
    if hasattr(model, "init_with_output"):
        raise WorkloadError(
            f"{workload.name}: `model` returned a module of flax, whose `init` asks for inputs. "
            "Return Model(init=lambda key: net.init(key, inputs), apply=net.apply)."
        )
    parameters = model.init(key_of(derived_seed(seed, "initialization")))
    flat, tree = jax.tree_util.tree_flatten_with_path(parameters)
    parts = [jnp.asarray(part) for _, part in flat]
    _refuse_kinds(workload, parts)
    dtype = "float64" if double else str(parts[0].dtype)
    names = [jax.tree_util.keystr(path, simple=True, separator=".") or "params" for path, _ in flat]
    if len({*names}) < len(names):  # a key with a dot in it
        names = [jax.tree_util.keystr(path) for path, _ in flat]
    layout = Layout(tuple(names), tuple(part.shape for part in parts), dtype, tree)
    vector = jnp.concatenate([part.reshape(-1) for part in parts]).astype(dtype)
    return Network(model, layout, vector)


def key_of(seed: int | Array) -> Array:
    """A random key; its kind is named, for the one that is configured may not go through `vmap`."""
    return jax.random.key(seed, impl="threefry2x32")


def predicting(model: Any, parameters: Parameters, key: Array | None) -> Predict:
    """`predict` with these parameters; each of its calls in a step has a random key of its own."""
    takes_key = "key" in inspect.signature(model.apply).parameters
    calls = 0

    def predict(*inputs: Any, **named_inputs: Any) -> Any:
        nonlocal calls
        calls += 1
        options = {"key": None if key is None else jax.random.fold_in(key, calls)}
        return model.apply(parameters, *inputs, **(options if takes_key else {}), **named_inputs)

    return predict


def _refuse_kinds(workload: Workload, parts: list[Array]) -> None:
    kinds = sorted({str(part.dtype) for part in parts})
    if not parts:
        raise WorkloadError(f"{workload.name}: `init` of the model returned nothing to train.")
    if len(kinds) > 1 or kinds[0] not in _TRAINED:
        raise WorkloadError(
            f"{workload.name}: the parameters are {', '.join(kinds)}. Make them all one of "
            f"{', '.join(_TRAINED)}; what is not trained belongs into `apply`."
        )

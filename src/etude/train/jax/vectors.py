"""Vectors of a trial, or of a stack of them: parameters, moments, and the numbers beside them.

Axes: K trials, P parameters.
"""

from __future__ import annotations

from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array

from ...study import derived_seed
from ..moments import MomentsOrigin
from ..recipe import STAYING, Recipe
from .checkpoints import State
from .models import Layout
from .program import About

# Parameters, first and second moments: (P,) or (0,) each, or with a first axis of K trials.
Vectors: TypeAlias = tuple[Array, Array, Array]


def moments(recipe: Recipe, x: Array) -> tuple[Array, Array]:
    """First and second moments before the first step; empty where an optimizer has none."""
    m = jnp.zeros(len(x) if recipe.rule.first else 0, x.dtype)
    second = recipe.rule.second
    return m, jnp.zeros(0, x.dtype) if second is None else jnp.full_like(x, second)


def about(recipe: Recipe, seed: int, step: int, like: Array) -> About:
    """Inputs of the steps of a trial from `step` on, in the precision of its parameters."""
    staying = np.array([recipe.staying[name] for name in STAYING], dtype=like.dtype)
    noise = np.uint32(derived_seed(seed, "dropout"))
    return About(noise, np.int32(step), np.int32(0), staying, {})


def state(layout: Layout, vectors: Vectors, of: Recipe) -> State:
    """A copy of the parameters by name and of the moments that there are."""
    x, m, v = vectors
    both = {"m": m, "v": v}
    present = {name: np.array(part) for name, part in both.items() if part.size}
    return State(layout.named(x), present, MomentsOrigin(of.optimizer, of.moments_from))


def put(saved: State, layout: Layout, vectors: Vectors, optimizer: str) -> Vectors:
    """The vectors of a saved state, each of the kind that it had; `vectors` are those before.

    Another optimizer begins with moments of its own: those of before are none that it keeps.
    """
    _, m, v = vectors
    parts = [np.asarray(saved.model[name]).reshape(-1) for name in layout.names]
    kept = saved.moments_for(optimizer)
    both = [kept.get(name, before) for name, before in (("m", m), ("v", v))]
    return (jnp.asarray(np.concatenate(parts)), jnp.asarray(both[0]), jnp.asarray(both[1]))

"""Predictions of chosen examples in JAX, by the model with a checkpoint's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ...setting import quietly
from ..checkpointing import Savable
from ..predictions import chosen_of, save_workload_predictions, without_failing
from .checkpoints import State
from .models import Layout, predicting

if TYPE_CHECKING:
    from .loop import Loop


def save(
    loop: Loop, layout: Layout, setting: Mapping[str, Any], state: Savable, folder: Path
) -> None:
    """Writes what the model of a state makes of chosen validation examples, if that can be seen.

    Source: E7.
    """
    without_failing(lambda: _save(loop, layout, setting, state, folder))


def _save(
    loop: Loop, layout: Layout, setting: Mapping[str, Any], state: Savable, folder: Path
) -> None:
    assert isinstance(state, State), "A loop of JAX saves its own states. This is a bug."
    rows = chosen_of(loop.workload.validation)
    parts = [loop.validation.between(row, row + 1) for row in rows]
    batch = jax.tree.map(lambda *those: jnp.concatenate(those), *parts)
    parameters = jax.tree.unflatten(
        layout.tree, [jnp.asarray(state.model[name]) for name in layout.names]
    )
    model = loop.workload.model(quietly(setting))
    save_workload_predictions(
        folder, loop.workload, rows, batch, predicting(model, parameters, None)
    )

"""Predictions of chosen examples in PyTorch, by a copy of the model with a checkpoint's tensors."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..checkpointing import Savable
from ..predictions import chosen_of, save_workload_predictions, without_failing
from .checkpoints import State
from .network import Network

if TYPE_CHECKING:
    from .loop import Loop


def save(loop: Loop, network: Network, state: Savable, folder: Path) -> None:
    """Writes what the model of a state makes of chosen validation examples, if that can be seen.

    Source: E7.
    """
    without_failing(lambda: _save(loop, network, state, folder))


@torch.no_grad()
def _save(loop: Loop, network: Network, state: Savable, folder: Path) -> None:
    assert isinstance(state, State), "A loop of PyTorch saves its own states. This is a bug."
    rows = chosen_of(loop.workload.validation)
    batch = loop.validation.take(torch.tensor(rows))
    module = copy.deepcopy(network.module)
    module.load_state_dict(dict(state.model))
    save_workload_predictions(folder, loop.workload, rows, batch, module.eval())

"""Clipping: a gradient that is too long is shortened, never turned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def grad_norm(gradient: Tensor) -> Tensor:
    """The L2 norm over the last axis, which is all parameters of a trial.

    Source: D5.
    """
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=-1)
    return norm


def clipped(gradient: Tensor, norm: Tensor, threshold: Any) -> Tensor:
    """The gradient, shortened to the threshold where its norm is above: d min(1, l / norm(d)).

    A threshold is a number or, for many trials, one a trial; infinity clips nothing.

    Source: D9.
    """
    factor: Tensor = (threshold / norm).clamp(max=1.0)
    if isinstance(threshold, Tensor):  # beside trials that clip, a norm that is infinite clips none
        factor = torch.where(torch.isinf(threshold), torch.ones_like(factor), factor)
    return gradient * factor.unsqueeze(-1)

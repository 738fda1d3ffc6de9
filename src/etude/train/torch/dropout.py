"""Dropout whose rate is a tensor and whose masks depend on the trial's seed and the step alone.

`nn.Dropout` keeps its rate as a Python number and draws from one stream for all. In a stack of
trials the first would give its rate and its masks to all. Here the rate is a buffer, one value a
trial, and a mask is a hash of (seed, step, which call in the step, position): the same bits alone
and in any stack, on every device, with nothing to save in a checkpoint.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...study import derived_seed

_KINDS: dict[type[nn.Module], int] = {
    nn.Dropout: 0,  # how many trailing axes one decision covers
    nn.Dropout1d: 1,
    nn.Dropout2d: 2,
    nn.Dropout3d: 3,
}
_RANGE = 1 << 32


@final
class Noise:
    """The key of a step, and how many masks were drawn with it; all dropout of a model shares it.

    Attributes:
        key: A whole number of 32 bits as a tensor, one value for a trial.
    """

    def __init__(self) -> None:
        """Without a key there is no mask: `begin` comes first."""
        self.key: Tensor | None = None
        self._calls = 0
        self._places: dict[tuple[int, int], Tensor] = {}

    def __deepcopy__(self, memo: object) -> Noise:
        """A copy without a key: that of a step in a stack is no tensor that can be copied."""
        del memo
        return Noise()

    def begin(self, key: Tensor) -> None:
        """Starts a forward pass."""
        self.key = key
        self._calls = 0

    def skip(self) -> None:
        """Passes a mask over that nobody needs."""
        self._calls += 1

    def bits(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """Whole numbers of 32 bits, evenly spread: a hash of key, call and position."""
        assert self.key is not None, "A mask needs the key of a step. This is a bug."
        self._calls += 1
        call = (self._calls, math.prod(shape))
        place = self._places.get(call)
        if place is None:
            place = self._places[call] = _hash(_numbers(*call)).to(device)
        return _hash(place.view(shape) ^ self.key)


@final
class Dropout(nn.Module):
    """Zeroes activations with probability `rate` and scales the others by 1 / (1 - rate).

    Srivastava et al. 2014, in the scaled form of `nn.Dropout`.

    Attributes:
        idle: Whether nothing is dropped, so that there is nothing to compute.
    """

    threshold: Tensor
    scale: Tensor

    def __init__(self, rate: float, *, covers: int, noise: Noise) -> None:
        """Takes a rate, and how many trailing axes one decision covers (channels: 2)."""
        super().__init__()
        threshold = torch.tensor(rate * _RANGE - _RANGE / 2)
        scale = torch.tensor(1 / (1 - rate) if rate < 1 else 0.0)
        self.register_buffer("threshold", threshold, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.covers = covers
        self.noise = noise
        self.idle = rate == 0

    def forward(self, inputs: Tensor) -> Tensor:
        """The inputs, some of them zero while training."""
        if not self.training:
            return inputs
        if self.idle:
            # Beside trials that drop here, masks that come after have the same place among calls.
            self.noise.skip()
            return inputs
        decided = inputs.dim() - self.covers
        shape = (*inputs.shape[:decided], *((1,) * self.covers))
        mask = self.noise.bits(shape, inputs.device) >= self.threshold
        return inputs * (mask * self.scale).to(inputs.dtype)


def with_rows(model: nn.Module) -> Noise:
    """Puts ours in the place of each dropout of a model; returns the noise that they share."""
    noise = Noise()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) in _KINDS:
                ours = Dropout(float(vars(child)["p"]), covers=_KINDS[type(child)], noise=noise)
                setattr(parent, name, ours.train(child.training))
    return noise


def keys(seed: int, start: int, stop: int) -> NDArray[np.int32]:
    """The keys of steps `start` until before `stop`."""
    base = np.uint32(derived_seed(seed, "dropout"))
    steps_S = np.arange(start, stop, dtype=np.uint64)
    with np.errstate(over="ignore"):
        hashed_S = (steps_S + np.uint64(base)) * np.uint64(0x9E3779B97F4A7C15)
    return (hashed_S >> np.uint64(32)).astype(np.uint32).view(np.int32)


def _hash(x: Tensor) -> Tensor:
    """A hash of 32 bits, one to one: Chris Wellons 2018, Prospecting for hash functions, lowbias32.

    Tensors shift with the sign, so the bits that it brings in are cut off; and no last shift, for
    the upper bits, which decide, do not change in it.
    """
    x = x ^ ((x >> 16) & 0xFFFF)
    x = x * 0x7FEB352D
    x = x ^ ((x >> 15) & 0x1FFFF)
    return x * (0x846CA68B - _RANGE)


def _numbers(call: int, count: int) -> Tensor:
    """A number of 32 bits for each position, another in each call."""
    first = (call * 0x9E3779B9 + _RANGE // 2) % _RANGE - _RANGE // 2
    return torch.arange(count, dtype=torch.int32) + first

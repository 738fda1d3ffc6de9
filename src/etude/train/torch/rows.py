"""Rows: the tensors of a stack of trials, one row a trial.

Axes: K trials, P parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


@final
@dataclass(frozen=True)
class Rows:
    """All that the next step of each trial depends on.

    Args:
        x: The trained parameters, shape (K, P).
        m: First moments, (K, P); (K, 0) where no trial of the stack has any.
        v: Second moments, likewise.
        rest: Buffers and parameters that are not trained, by name, each with a first axis of K.
    """

    x: Tensor
    m: Tensor
    v: Tensor
    rest: Mapping[str, Tensor]

    def __len__(self) -> int:
        """How many trials there are."""
        return len(self.x)

    def take(self, places: Sequence[int]) -> Rows:
        """The rows at these places, in this order: trials leave, change places or are copied."""
        at = torch.tensor(places, device=self.x.device)
        return self._map(lambda part: part.index_select(0, at))

    def joined(self, others: Rows) -> Rows:
        """These rows and others below them."""
        both = {name: torch.cat([part, others.rest[name]]) for name, part in self.rest.items()}
        width = self.x.shape[1]
        m = [
            _wide(part, width) if _uneven(self.m, others.m) else part for part in (self.m, others.m)
        ]
        v = [
            _wide(part, width) if _uneven(self.v, others.v) else part for part in (self.v, others.v)
        ]
        return Rows(torch.cat([self.x, others.x]), torch.cat(m), torch.cat(v), both)

    def row(self, place: int) -> Rows:
        """One row, a copy, still with its first axis."""
        return self._map(lambda part: part[place : place + 1].clone())

    def _map(self, function: Callable[[Tensor], Tensor]) -> Rows:
        rest = {name: function(part) for name, part in self.rest.items()}
        return Rows(function(self.x), function(self.m), function(self.v), rest)


def stacked(rows: Sequence[Rows]) -> Rows:
    """Rows below each other."""
    first, *others = rows
    for other in others:
        first = first.joined(other)
    return first


def _uneven(one: Tensor, other: Tensor) -> bool:
    return one.shape[1] != other.shape[1]


def _wide(moments: Tensor, width: int) -> Tensor:
    """Moments with room for all parameters; what an optimizer does not read is 0."""
    return moments if moments.shape[1] else moments.new_zeros((len(moments), width))

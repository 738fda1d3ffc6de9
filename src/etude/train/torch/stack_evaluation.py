"""Evaluations of the rows of a stack: all validation examples, for all its trials at once.

Axes: K trials.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, final

import torch
from torch.fx import GraphModule

from .. import metrics
from . import evaluation, graph, recorded_step
from .examples import Batch, Examples
from .loop import Loop
from .network import Network
from .rows import Rows

# Measured: recording the evaluation of a small network takes half as long.
RECORDING_S = 0.1


@final
class Evaluator:
    """Evaluates stacks of one network; an evaluation that comes again is recorded, as steps are.

    Recording takes as long as some evaluations, and a stack that loses a trial has other shapes:
    what has taken little time so far is run as it is.
    """

    def __init__(
        self, loop: Loop, network: Network, batch_size: int, *, evaluate_training: int = 0
    ) -> None:
        """Batches are at least as large as the training batch (E1)."""
        self._evaluate_training = evaluate_training
        self._loop = loop
        self._network = network
        self._batch_size = batch_size
        self._sums = recorded_step.sums_of(loop.workload, network)
        self._recordings: dict[tuple[Any, ...], GraphModule] = {}
        self._spent_s: defaultdict[tuple[Any, ...], float] = defaultdict(float)
        self._names: tuple[str, ...] = ()

    @torch.no_grad()
    def means(self, rows: Rows, *, recording: bool = False) -> list[dict[str, float]]:
        """The metrics of each trial; with `recording`, by recordings from the first on."""
        means = self._over(self._loop.validation, rows, metrics.recorded_name, recording)
        if not self._evaluate_training:
            return means
        sample = self._loop.training_sample(self._evaluate_training)
        training = self._over(sample, rows, metrics.training_name, recording)
        return [one | other for one, other in zip(means, training, strict=True)]

    def _over(
        self,
        over: Examples,
        rows: Rows,
        named: Callable[[str], str],
        recording: bool,  # noqa: FBT001  # as `means` was asked
    ) -> list[dict[str, float]]:
        """The metrics of each trial over these examples; what has no name there is left out."""
        self._network.module.eval()
        try:
            parts = [
                self._summed(rows, batch, recording=recording)
                for batch in evaluation.batches(over, self._batch_size)
            ]
        finally:
            self._network.module.train()
        columns = {
            named(name): column.tolist()
            for name, column in evaluation.means(parts, over.count).items()
            if named(name)
        }
        return [
            {name: column[place] for name, column in columns.items()} for place in range(len(rows))
        ]

    @torch.no_grad()
    def recording(self, rows: Rows) -> GraphModule:
        """The operators of the evaluation of one batch, the largest."""
        batch = next(evaluation.batches(self._loop.validation, self._batch_size))
        self._network.module.eval()
        try:
            return self._recorded(rows, batch)
        finally:
            self._network.module.train()

    def _summed(self, rows: Rows, batch: Batch, *, recording: bool) -> evaluation.Sums:
        key = (len(rows), *(leaf.shape for leaf in graph.leaves(batch)))
        if self._spent_s[key] < RECORDING_S and not recording:
            begin = time.monotonic()
            sums = dict(self._sums(rows.x, dict(rows.rest), batch))
            self._spent_s[key] += time.monotonic() - begin
            return sums
        if key not in self._recordings:
            self._recordings[key] = self._recorded(rows, batch)
        tensors = self._recordings[key](rows.x, *rows.rest.values(), *graph.leaves(batch))
        return dict(zip(self._names, tensors, strict=True))

    def _recorded(self, rows: Rows, batch: Batch) -> GraphModule:
        def sums(*given: Any) -> evaluation.Sums:
            values: evaluation.Sums = self._sums(*given)
            self._names = tuple(values)
            return values

        return graph.recorded(sums, rows.x, dict(rows.rest), batch)

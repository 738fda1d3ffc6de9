"""Trainings by the plain loop, without rounds, searches or stores: what a plant truly does."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from etude.assignment import Assignment
from etude.study import evaluation_steps
from etude.train.gate import probe_trial
from etude.train.torch.loop import Learner, Loop
from etude.train.workload import workload_of

# As etude's default: so many times its first value a loss may rise before the trial is infeasible.
DIVERGED = 100.0


@dataclass(frozen=True)
class Training:
    """One training: what was logged at each step, and the metric where it was evaluated.

    Args:
        losses: The training loss of each step's batch, before the step.
        norms: The norm of each step's gradient, unclipped.
        steps: Where it was evaluated.
        values: The metric there.
        diverged: Whether it ended early, not finite or far above its first value.
    """

    losses: NDArray[np.float64]
    norms: NDArray[np.float64]
    steps: tuple[int, ...]
    values: NDArray[np.float64]
    diverged: bool

    @property
    def best(self) -> float:
        """The lowest value of the metric; infinite where it diverged, as `etude` counts it."""
        return math.inf if self.diverged else float(np.min(self.values))

    @property
    def last(self) -> float:
        return math.inf if self.diverged else float(self.values[-1])


def loop_of(folder: Path, name: str) -> Loop:
    """The loop of the workload that `train.py` in a folder defines under this name."""
    label = f"plant_{abs(hash(str(folder)))}"
    spec = importlib.util.spec_from_file_location(label, folder / "train.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module
    spec.loader.exec_module(module)
    return Loop(workload_of(getattr(module, name)))


def trained(
    loop: Loop,
    setting: Mapping[str, Any],
    seed: int,
    *,
    max_steps: int,
    evaluations: int | Sequence[int],
    metric: str = "valid/loss",
) -> Training:
    """A training from its first step to its last, or to where it diverges.

    Args:
        evaluations: How many, evenly spaced; or the steps themselves.
    """
    steps = (
        evaluation_steps(max_steps, evaluations) if isinstance(evaluations, int) else evaluations
    )
    learner = Learner(loop, _trial(setting, seed, max_steps, metric))
    losses, norms, seen, values, due = [], [], [], [], set(steps)
    diverged = False
    for step in range(max_steps):
        logged = learner.update(step)
        losses.append(logged["train/loss"])
        norms.append(logged["grad_norm"])
        if step in due:
            seen.append(step)
            values.append(learner.evaluation()[metric])
        if diverged := _is_diverged(losses) or _is_diverged(values):
            break
    return Training(np.array(losses), np.array(norms), tuple(seen), np.array(values), diverged)


def _is_diverged(values: Sequence[float]) -> bool:
    if not values:
        return False
    first, last = values[0], values[-1]
    return not math.isfinite(last) or bool(first and last - first > DIVERGED * abs(first))


def _trial(setting: Mapping[str, Any], seed: int, max_steps: int, metric: str) -> Any:
    assignment = Assignment(
        id=0,
        study="direct",
        setting=dict(setting),
        seed=seed,
        max_steps=max_steps,
        evaluations=1,
        metric=metric,
        maximize=False,
        diverged_above=DIVERGED,
        folder=Path(),
        checkpoints=Path(),
    )
    return probe_trial(assignment)


torch.set_num_threads(1)

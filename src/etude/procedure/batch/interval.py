"""Intervals of times per step that hold under a load that remembers itself.

Steps that follow each other share a load, so that their number says little. Processes that are some
time apart are the sample: one mean each, a Student t interval over them. A few processes know their
own spread badly, so it is moderated by that of the other sizes (Smyth 2004, limma), which share the
machine. The batch means within processes bound it from below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ...analyze.statistics.tails import t_bar
from .history import SizeProbe

LEVEL = 0.95
# Heuristic: what the other sizes say of a spread counts as much as so many processes of its own.
_PRIOR = 3
# Heuristic: two processes of one program differ by so much for good: where memory lies, which core.
_LASTING = 0.01
# Heuristic: a measurement ten times as long has a quarter of the variance of a process, for a load
# that remembers itself for seconds.
_OF_LONG = 0.25
# Heuristic: stretches in a row are taken together until this many are left of each process.
_BATCHES = 5


@final
@dataclass(frozen=True)
class Interval:
    """A mean with its interval at 95 %, on a logarithmic scale: the half is relative."""

    log_mean: float
    half: float

    @property
    def mean(self) -> float:
        """In its unit."""
        return math.exp(self.log_mean)

    @property
    def low(self) -> float:
        """Its lower end."""
        return math.exp(self.log_mean - self.half)

    @property
    def high(self) -> float:
        """Its upper end."""
        return math.exp(self.log_mean + self.half)

    @property
    def relative(self) -> float:
        """How far the upper end lies above the mean, as a share of it."""
        return math.exp(self.half) - 1.0 if self.half < math.inf else math.inf


def spread(samples: Sequence[Sequence[float]]) -> tuple[float, int]:
    """The variance that samples share around their own means, and its degrees of freedom.

    Source: S4.
    """
    squares = sum(float(np.var(one)) * len(one) for one in samples if len(one) > 1)
    degrees = sum(len(one) - 1 for one in samples if len(one) > 1)
    return (squares / degrees if degrees else math.inf), degrees


def interval(
    values: Sequence[float], shared: tuple[float, int], *, least: float = 0.0, lasting: float = 0.0
) -> Interval:
    """The interval of a mean of logarithms.

    Args:
        values: The logarithms, one a process.
        shared: The variance of all samples and its degrees of freedom, as `spread` gives them.
        least: A variance of the mean that is known otherwise; the larger one counts.
        lasting: The least standard deviation of a single long measurement; 0 for an interval of the
            mean alone.

    Source: S4.
    """
    count = len(values)
    mean = float(np.mean(values)) if count else math.nan
    variance, degrees = shared
    own = max(count - 1, 0)
    prior = min(_PRIOR, max(degrees - own, 0))
    # A single process knows no spread: that of enough others stands for its own.
    if not count or (count == 1 and prior < _PRIOR):
        return Interval(mean, math.inf)
    moderated = (float(np.var(values)) * count + prior * variance) / (own + prior)
    # The interval is for a long training yet to come, which meets a stretch of the load of its own.
    other = max(lasting**2, moderated * _OF_LONG) if lasting else 0.0
    error = math.sqrt(max(moderated / count, least) + other)
    return Interval(mean, t_bar((1.0 - LEVEL) / 2.0, own + prior) * error)


def step_interval(probes: Sequence[SizeProbe], shared: tuple[float, int]) -> Interval:
    """The seconds a step of a size, for one long training of it.

    Source: S4.
    """
    return interval(log_steps(probes), shared, least=_within(probes), lasting=_LASTING)


def log_steps(probes: Sequence[SizeProbe]) -> list[float]:
    """The logarithm of each probe's seconds a step.

    Source: S4.
    """
    return [math.log(probe.step_s) for probe in probes if probe.step_s]


def _within(probes: Sequence[SizeProbe]) -> float:
    """The variance of the mean, relative, by batch means of each process around its own mean."""
    variances = []
    for probe in probes:
        groups = [one for one in np.array_split(np.array(probe.blocks), _BATCHES) if len(one)]
        if probe.step_s is None or len(groups) < 2:
            continue
        steps = np.array([float(one[:, 0].sum()) for one in groups])
        seconds = np.array([float(one[:, 1].sum()) for one in groups])
        residuals = seconds - probe.step_s * steps
        count = len(groups)
        variances.append(
            float((residuals**2).sum()) * count / (count - 1) / float(seconds.sum()) ** 2
        )
    return sum(variances) / len(variances) ** 2 if variances else 0.0

"""Planted costs of a step against its batch size, as probes would time them."""

from __future__ import annotations

import math

import numpy as np

from etude.procedure.batch.history import History, SizeProbe
from etude.procedure.batch.turns import Limits, Next, next_probe


def knee(size, at=64):
    """Seconds a step that takes the same up to a size, and grows with it from there."""
    return 0.004 * max(1.0, size / at)


def probe(wanted, step_s, noise, **fields):
    """A probe of ten stretches whose load differs from one to the next."""
    seconds = [step_s * math.exp(noise.normal(0.0, 0.02)) for _ in range(10)]
    blocks = tuple((10, 10 * one, 0.0) for one in seconds)
    return SizeProbe(
        batch_size=wanted.batch_size,
        turn=wanted.turn,
        outcome="measured",
        **{"blocks": blocks, "steps": 100, "memory_bytes": 2**28, **fields},
    )


def history(cost=knee, *, most=1024, seed=0, load=0.01, **fields):
    """All that the turns ask for, under a load that differs from process to process."""
    noise, known = np.random.default_rng(seed), History()
    while (wanted := next_probe(known, Limits(most=most))) is not None:
        step_s = cost(wanted.batch_size) * math.exp(noise.normal(0.0, load))
        known += probe(wanted, step_s, noise, **fields)
    return known


def alone(size, outcome="measured", **fields):
    """One probe of the first turn."""
    if outcome == "measured":
        return probe(Next(size, 1), knee(size), np.random.default_rng(size), **fields)
    return SizeProbe(batch_size=size, turn=1, outcome=outcome, **fields)

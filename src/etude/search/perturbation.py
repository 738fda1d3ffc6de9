"""Perturbed settings: how a population explores around the settings of its best members."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..space import Choice, Domain, Integer, Scalar, Space

# Heuristic: so many attempts meet any constraint that leaves a tenth of the settings near by.
ATTEMPTS = 50


def perturbation(
    space: Space,
    setting: Mapping[str, Scalar],
    random: np.random.Generator,
    *,
    factor: float,
    resample: float,
) -> dict[str, Scalar]:
    """A setting near another one, inside the space and its constraints.

    Each hyperparameter, one by one, is drawn anew from the whole of its domain with probability
    `resample`, and else multiplied or divided by `factor`, as the space counts it: 1 - x where the
    scale is `one_minus_log`, and at least one step for whole numbers. An ordered list moves to a
    neighbour; one without an order is only ever drawn anew. Where a constraint refuses everything
    that is tried, the setting stays as it was.
    """
    for _ in range(ATTEMPTS):
        neighbour = {
            name: domain.value(random.random())
            if random.random() < resample
            else step(domain, setting[name], factor, up=bool(random.random() < 0.5))
            for name, domain in space.domains.items()
        }
        if space.admits(neighbour):
            return neighbour
    return {name: setting[name] for name in space.domains}


def step(domain: Domain, value: Scalar, factor: float, *, up: bool) -> Scalar:
    """The value one step up or down, at most to a bound.

    >>> step(Integer(1, 64, log=True), 8, 1.2, up=True)
    10
    >>> step(Choice([16, 32, 64], ordered=True), 32, 1.2, up=False)
    16
    """
    if isinstance(domain, Choice):
        places = (1 if up else -1) if domain.ordered else 0
        place = domain.values.index(value) + places
        return domain.values[min(max(place, 0), len(domain.values) - 1)]
    number = float(value)
    if domain.scale == "one_minus_log":
        number = 1.0 - (1.0 - number) * (factor if not up else 1.0 / factor)
    else:
        number *= factor if up == (number >= 0) else 1.0 / factor
    if isinstance(domain, Integer):
        # One at least: no factor leads away from 0.
        before = round(float(value))
        number = max(math.ceil(number), before + 1) if up else min(math.floor(number), before - 1)
    inside = min(max(number, domain.low), domain.high)
    return domain.value(domain.unit(inside))

"""The next value of a list of numbers: what its steps go on to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from .rounding import ten_digits, two_digits

# Heuristic: steps that are equal but for floating point.
TOLERANCE = 0.01
# Heuristic: 1, 2, 5, 10 repeats after three steps, and no list that people write after more.
LONGEST_PERIOD = 3


def next_number(values: Sequence[float]) -> float | int | None:
    """The number after the last, or None where the steps go on to nothing that makes sense.

    Equal ratios go on, then equal differences, then ratios that repeat or fill a decade (1, 5, 10,
    50); otherwise the last difference does. Whole numbers stay whole, and what is above zero stays
    there.

    >>> next_number([16, 32, 64]), next_number([0.3, 0.2, 0.1]), next_number([1e-3, 5e-3, 1e-2])
    (128, 0.05, 0.05)
    """
    last = values[-1]
    raw = _raw(values)
    positive = min(values) > 0
    if positive and raw <= 0:
        raw = last / 2
    if raw < 0 <= min(values):
        return None
    if all(isinstance(value, int) for value in values):
        whole = round(raw)
        return None if whole == last or (positive and whole < 1) else whole
    new = two_digits(ten_digits(raw), up=raw > last)
    return None if math.isclose(new, last) else new


def _raw(values: Sequence[float]) -> float:
    last = values[-1]
    steps = [after - before for before, after in itertools.pairwise(values)]
    ratios: list[float] = []
    if min(values) > 0:
        ratios = [after / before for before, after in itertools.pairwise(values)]
    if ratios and _repeats(ratios, 1):
        return last * ratios[-1]
    if _repeats(steps, 1):
        return last + steps[-1]
    periods = range(2, min(LONGEST_PERIOD, len(ratios)) + 1)
    decade = 10.0 if ratios and ratios[-1] > 1 else 0.1
    filled = [one for one in periods if math.isclose(math.prod(ratios[-one:]), decade)]
    repeated = [one for one in periods if _repeats(ratios, one)]
    if filled or repeated:
        return last * ratios[-(filled or repeated)[0]]
    return last + steps[-1]


def _repeats(steps: Sequence[float], period: int) -> bool:
    """Whether the last of the steps is that of a period before, as every one before it is."""
    pairs = list(zip(steps, steps[period:], strict=False))
    last = pairs[-2 * period :]
    return bool(last) and all(math.isclose(*pair, rel_tol=TOLERANCE) for pair in last)

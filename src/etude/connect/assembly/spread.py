"""The scale on which values of an axis are spread evenly, where they tell it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...space.domains import Scale

# The usual 5 %: values tell a scale where they are twenty times as likely on it as on any other.
MIN_ODDS = 20.0
# The 1 % point of the Kolmogorov-Smirnov statistic: beyond, they are even on no scale, as where a
# search adapted, and tell none.
MAX_DISTANCE = 1.63
# Heuristic: rounded by whoever listed them.
STEP_TOLERANCE = 0.01


def spread_scale(values: Iterable[float], candidates: Iterable[Scale]) -> Scale | None:
    """The scale of these on which the values are even; None where they do not tell.

    Of n values between the outermost two, each drawn evenly on a scale `w`, the density is the
    product of `w'(x) / (w(high) - w(low))`. Values in equal steps of one scale were listed on it.

    Source: R13.

    >>> spread_scale([0.001, 0.01, 0.1], ["linear", "log"])
    'log'
    """
    ordered = sorted(set(values))
    scales = [scale for scale in dict.fromkeys(candidates) if _possible(scale, ordered)]
    if len(ordered) < 3 or not scales:
        return None
    stepped = [scale for scale in scales if _in_steps(_warped(scale, ordered))]
    if len(stepped) == 1:
        return stepped[0]
    log_chances = sorted(((_log_density(scale, ordered), scale) for scale in scales), reverse=True)
    best, scale = log_chances[0]
    odds_suffice = all(best - other >= math.log(MIN_ODDS) for other, _ in log_chances[1:])
    return scale if odds_suffice and _is_even(_warped(scale, ordered)) else None


def _possible(scale: Scale, ordered: Sequence[float]) -> bool:
    return {"log": ordered[0] > 0, "one_minus_log": ordered[-1] < 1}.get(scale, True)


def _warped(scale: Scale, ordered: Sequence[float]) -> list[float]:
    """The values on the scale, from 0 to 1."""
    warps: Mapping[Scale, Callable[[float], float]] = {
        "linear": float,
        "log": math.log,
        "one_minus_log": lambda value: -math.log1p(-value),
    }
    plain = [warps[scale](value) for value in ordered]
    width = plain[-1] - plain[0]
    return [(value - plain[0]) / width for value in plain] if width > 0 else [0.0] * len(plain)


def _in_steps(units: Sequence[float]) -> bool:
    steps = [after - before for before, after in itertools.pairwise(units)]
    return min(steps) > 0 and max(steps) <= (1 + STEP_TOLERANCE) * min(steps)


def _log_density(scale: Scale, ordered: Sequence[float]) -> float:
    low, high, inner = ordered[0], ordered[-1], ordered[1:-1]
    if scale == "log":
        return -sum(map(math.log, inner)) - len(inner) * math.log(math.log(high / low))
    if scale == "one_minus_log":
        width = math.log1p(-low) - math.log1p(-high)
        return -sum(math.log1p(-value) for value in inner) - len(inner) * math.log(width)
    return -len(inner) * math.log(high - low)


def _is_even(units: Sequence[float]) -> bool:
    inner = units[1:-1]
    count = len(inner)
    distance = max(
        max((place + 1) / count - unit, unit - place / count) for place, unit in enumerate(inner)
    )
    return distance * math.sqrt(count) <= MAX_DISTANCE

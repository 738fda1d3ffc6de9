"""The points of a sequence that a study's constraints admit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import SpaceError
from ..space import vectorized
from ..study import Study

Floats: TypeAlias = NDArray[np.float64]

# Heuristic: a share as small as this is a slip of the constraint far more often than a wish.
MIN_SHARE = 1e-4
# So many points show it: of fewer, thirteen cannot be told from the seven of half of that share.
PROBES = 2**17
FEWEST = 2**8
# Where to give up: seconds, and a quarter of a gigabyte in ten dimensions.
MOST_POINTS = 2**21


def admitted(study: Study, points: Callable[[int, int, int], Floats], count: int) -> Floats:
    """The first `count` points that satisfy every constraint of the study, shape (count, D).

    Rejection: the sequence of the whole cube without what is refused, so that what is left is
    filled as evenly, no part of it is preferred, and a longer study begins with the shorter one.

    Args:
        study: Its space has the constraints, and its seed is that of the sequence.
        points: The first points of a sequence, of so many dimensions, this seed, and so many.
        count: How many are needed.

    Raises:
        SpaceError: where almost nothing satisfies the constraints.
    """
    space = study.space
    if not space.constraints:
        return points(space.dimensions, study.seed, count)
    done, length, found_T = 0, min(max(2 * count, FEWEST), PROBES), np.empty(0, dtype=np.intp)
    while True:
        points_TxD = points(space.dimensions, study.seed, length)
        while done < length and len(found_T) < count:
            chunk_T = done + vectorized.admitted(
                space, points_TxD[done : min(done + PROBES, length)]
            )
            found_T, done = np.concatenate([found_T, chunk_T]), min(done + PROBES, length)
        if len(found_T) >= count:
            return points_TxD[found_T[:count]]
        rare = length >= PROBES and len(found_T) < MIN_SHARE * length
        if rare or length >= MOST_POINTS:
            raise _refusal(study, points_TxD[:PROBES], len(found_T), length, count)
        length = _next_length(length, len(found_T), count)


def _next_length(length: int, found: int, count: int) -> int:
    """So many points that enough are probably among them, as the share so far has it."""
    needed = int(1.1 * length * count / max(found, 1))
    return min(max(2 * length, needed), PROBES if length < PROBES else MOST_POINTS)


def _refusal(study: Study, points_TxD: Floats, found: int, length: int, count: int) -> SpaceError:
    satisfied = vectorized.satisfied(study.space, points_TxD)
    shares = {text: float(holds_T.mean()) for text, holds_T in satisfied.items()}
    strictest = min(shares, key=lambda text: shares[text])
    share = f"{100 * shares[strictest]:.2g} %" if shares[strictest] else "none"
    return SpaceError(
        f"The constraints leave almost nothing of the space of study `{study.name}`: {found} of "
        f"{length:,} points, and {count} trials are asked for. `{strictest}` refuses most: {share} "
        f"of the points satisfy it. Loosen it, or give its hyperparameters ranges that meet it: "
        f"between ranges of real numbers, `==` almost never holds."
    )

"""Searches that walk along one sequence of points: its next trials, and rejection sampling.

Axes: T points of the sequence, D hyperparameters that vary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..errors import SpaceError
from ..move import Move, Start
from ..record import Records
from ..space import vectorized
from ..study import Study
from .base import Search

Floats: TypeAlias = NDArray[np.float64]
# The first points of a sequence, shape (count, D), from the dimensions, the seed and the count. A
# longer sequence begins with the shorter one.
PointSequence: TypeAlias = Callable[[int, int, int], Floats]

# Heuristic: a share as small as this is a slip of the constraint far more often than a wish.
MIN_SHARE = 1e-4
# So many points show it: of fewer, thirteen cannot be told from the seven of half of that share.
PROBES = 2**17
FEWEST = 2**8
# Where to give up: seconds, and a quarter of a gigabyte in ten dimensions.
MOST_POINTS = 2**21


def next_trials(study: Study, records: Records, free: int) -> slice:
    """The places of the next trials in a list written down beforehand, after those that started."""
    begin = records.count()
    return slice(begin, max(begin, min(begin + free, study.max_trials)))


def starts(study: Study, records: Records, free: int, units: Callable[[int], Floats]) -> list[Move]:
    """The next trials of a search that takes the points of one sequence in turn.

    Args:
        study: What is searched.
        records: Its trials so far.
        free: How many may begin.
        units: The first so many points of the unit cube, shape (count, D); fewer where there are
            no more.
    """
    trials = next_trials(study, records, free)
    if trials.start == trials.stop:
        return []
    units_TxD = units(trials.stop)[trials]
    return [Start(searched) for searched in vectorized.settings(study.space, units_TxD)]


@final
class Beginnings:
    """The trials of a search that does not adapt, in its order, each asked for once.

    Asked for one by one, a sequence would be made anew, up to that trial, for every one of them.
    """

    # Heuristic: an ask costs milliseconds. Each block is as long as all before it.
    FIRST = 64

    def __init__(self, search: Search, study: Study) -> None:
        """Has asked for nothing."""
        self._search = search
        self._study = study
        self._begin = 0
        self._is_whole = False
        self._starts: list[Start] = []

    def after(self, begun: int, count: int) -> list[Start]:
        """So many trials after those that began, fewer where there are no more."""
        end = self._begin + len(self._starts)
        if begun < self._begin or (begun + count > end and not self._is_whole):
            self._begin = begun
            history = Records(list, {"pending": begun})
            wanted = max(count, begun, self.FIRST)
            asked = self._search.moves(self._study, history, wanted)
            self._starts = [move for move in asked if isinstance(move, Start)]
            self._is_whole = len(self._starts) < wanted
        offset = begun - self._begin
        return self._starts[offset : offset + count]


def accepted_points(
    study: Study, sequence: PointSequence, count: int, *, fewer_do: bool = False
) -> Floats:
    """The first `count` points that satisfy every constraint of the study, shape (count, D).

    Rejection sampling: the sequence of the whole cube without what is refused, so that what is
    left is filled as evenly, no part of it is preferred, and a longer study begins with the
    shorter one.

    Args:
        study: Its space has the constraints, and its seed is that of the sequence.
        sequence: Where the points come from.
        count: How many are needed.
        fewer_do: Whether those of the first `PROBES` points do, none too, where they are fewer.

    Raises:
        SpaceError: where almost nothing satisfies the constraints.
    """
    space = study.space
    if not space.constraints:
        return sequence(space.dimensions, study.seed, count)
    tested, length = 0, min(max(2 * count, FEWEST), PROBES)
    accepted_T = np.empty(0, dtype=np.intp)
    while True:
        points_TxD = sequence(space.dimensions, study.seed, length)
        # Test what was not tested before, in chunks, until enough are accepted.
        while tested < length and len(accepted_T) < count:
            end = min(tested + PROBES, length)
            chunk_T = tested + vectorized.admissible(space, points_TxD[tested:end])
            accepted_T, tested = np.concatenate([accepted_T, chunk_T]), end
        if len(accepted_T) >= count:
            return points_TxD[accepted_T[:count]]
        if fewer_do and length >= PROBES:
            return points_TxD[accepted_T]
        # Give up, or take a longer sequence, which begins with this one.
        rare = length >= PROBES and len(accepted_T) < MIN_SHARE * length
        if rare or length >= MOST_POINTS:
            raise _refusal(study, points_TxD[:PROBES], len(accepted_T), length, count)
        length = _next_length(length, len(accepted_T), count)


def _next_length(length: int, accepted: int, count: int) -> int:
    """So many points that enough are probably accepted, by the share so far."""
    needed = int(1.1 * length * count / max(accepted, 1))
    return min(max(2 * length, needed), PROBES if length < PROBES else MOST_POINTS)


def _refusal(
    study: Study, points_TxD: Floats, accepted: int, length: int, count: int
) -> SpaceError:
    satisfied = vectorized.satisfied(study.space, points_TxD)
    shares = {text: float(holds_T.mean()) for text, holds_T in satisfied.items()}
    strictest = min(shares, key=lambda text: shares[text])
    share = f"{100 * shares[strictest]:.2g} %" if shares[strictest] else "none"
    return SpaceError(
        f"The constraints leave almost nothing of the space of study `{study.name}`: {accepted} of "
        f"{length:,} points, and {count} trials are asked for. `{strictest}` refuses most: {share} "
        f"of the points satisfy it. Loosen it, or give its hyperparameters ranges that meet it: "
        f"between ranges of real numbers, `==` almost never holds."
    )

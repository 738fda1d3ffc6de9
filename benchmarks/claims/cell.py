"""A cell of `truth.py`: one kind of study, what is said of it, and how often it may or must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

# Of a seed sequence: how often the sentence was said in one study, of how often it could have been.
Measure: TypeAlias = Callable[[Sequence[int]], tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One kind of study, repeated.

    Args:
        name: Unique in its row.
        group: The demand that it belongs to; the mean of a group's cells must meet the limit.
        measure: Of one repeat: hits and how many could have been.
        limit: A share, 0 to 1; None where the figure is for information.
        at_most: Whether the limit is an upper one.
        repeats: At least 400 where the limit is 5 % or less, else 200.
        full: Whether only `--full` measures it.
    """

    name: str
    group: str
    measure: Measure
    limit: float | None
    at_most: bool = True
    repeats: int = 200
    full: bool = False

    def reaches(self, share: float) -> bool:
        """Whether a share meets the limit."""
        assert self.limit is not None
        return share <= self.limit if self.at_most else share >= self.limit

    def meets(self, share: float) -> bool:
        """Whether it meets the limit, or misses it by no more than two standard errors."""
        if self.limit is None:
            return True
        slack = 2 * math.sqrt(self.limit * (1 - self.limit) / self.repeats)
        return self.reaches(share - slack if self.at_most else share + slack)

    def line(self, share: float, judged: int) -> str:
        """The cell as a row of the printed table."""
        value = "   nan" if math.isnan(share) else f"{100 * share:5.1f}"
        if self.limit is None:
            return f"{self.name:<58} {value} %  of {judged}"
        word = "at most" if self.at_most else "at least"
        verdict = "" if self.meets(share) else "  MISSES"
        return f"{self.name:<58} {value} %  of {judged}, {word} {100 * self.limit:.0f} %{verdict}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One claim with its cells.

    Args:
        claim: The sentence that is measured.
        rests_on: Folders of `src/etude` whose change makes the cache stale.
    """

    claim: str
    cells: Sequence[Cell]
    rests_on: Sequence[str] = ("analyze", "advise")

"""Pieces: a schedule as factors of the rate from steps on, in one text or as the rows of a table.

One text is a value of an experiment file like any other: it stands in the store, in every trial's
setting and in the file of the next round, so that whoever has one of them can train it again (L4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..errors import SpaceError

# Heuristic: published schedules have fewer than ten; a hundred still fit into one readable value.
MAX_PIECES = 100
# Heuristic: as `max_steps`; beyond it, steps are no whole numbers in double precision before long.
_MAX_STEP = 10**12
_EXAMPLE = '"0:1 3000:0.1 6000:0.01"'


class Piece(NamedTuple):
    """From this step on, until the next piece, the rate is multiplied by this factor."""

    step: int
    factor: float


def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text, `STEP:FACTOR` with blanks between, in the order of their steps.

    Raises:
        SpaceError: with every mistake of the text.

    >>> pieces("0:1 3000:0.1")
    (Piece(step=0, factor=1.0), Piece(step=3000, factor=0.1))
    """
    rows = [(step, factor) for step, _, factor in (part.partition(":") for part in text.split())]
    if clauses := [clause for _, clause in mistakes(rows)]:
        raise SpaceError(
            f"{'; '.join(clauses)}. Write each step from which a factor of the learning rate holds "
            f"with the factor, a colon between: {_EXAMPLE}."
        )
    return tuple(_piece(*row) for row in rows)


def pieces_text(rows: Sequence[tuple[str, str]]) -> str:
    """The text of pieces whose steps and factors are texts without mistakes.

    >>> pieces_text([("0", "1.0"), ("3e3", ".1")])
    '0:1 3000:0.1'
    """
    whole = (_piece(*row) for row in rows)
    return " ".join(f"{step}:{repr(factor).removesuffix('.0')}" for step, factor in whole)


def mistakes(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """What is wrong with steps and factors as texts: the place of the row, and a clause about it.

    >>> list(mistakes([("5", "1"), ("4", "0.1")]))
    [(0, 'the first step is 5, not 0'), (1, 'step 4 follows step 5')]
    """
    if not 1 <= len(rows) <= MAX_PIECES:
        yield 0, f"{len(rows)} pieces are not between 1 and {MAX_PIECES}"
        return
    for place, (step, factor) in enumerate(rows):
        if not _is_step(step):
            yield place, f"the step {step!r} is no whole number from 0 on"
        if not 0.0 <= _number(factor) < math.inf:
            yield place, f"the factor {factor!r} is no number from 0 on"
    steps = [(place, int(_number(step))) for place, (step, _) in enumerate(rows) if _is_step(step)]
    if _is_step(rows[0][0]) and steps[0][1] > 0:
        yield 0, f"the first step is {steps[0][1]}, not 0"
    for (_, before), (place, after) in pairwise(steps):
        if after <= before:
            yield place, f"step {after} follows step {before}"


def _piece(step: str, factor: str) -> Piece:
    return Piece(int(_number(step)), _number(factor))


def _is_step(text: str) -> bool:
    return 0.0 <= _number(text) <= _MAX_STEP and _number(text) % 1 == 0


def _number(text: str) -> float:
    """The number of a text; nan where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan

"""How often `compare` is wrong where its own "run n more seeds" is followed to the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from claims.cell import Cell, Row
from etude.analyze.comparison import comparison

# More seeds a side than anybody runs.
MOST = 400
FALSE = "better or worse of equals, followed to the end"
INFORMATION = "found, for information"


def followed(start: int, failing: float, by: float, seed: Sequence[int]) -> tuple[int, int]:
    """Whether a comparison says that B, better by so much, differs, once all advice is followed."""
    rng = np.random.default_rng(seed)
    a_N, b_N = rng.standard_normal((2, 2 * MOST))
    b_N = b_N - by
    for side_N in (a_N, b_N):
        side_N[rng.random(len(side_N)) < failing] = np.nan
    seeds = start
    while True:
        found = comparison(a_N[:seeds].tolist(), b_N[:seeds].tolist())
        if found.answer != "undecided" or not found.more_seeds or seeds >= MOST:
            break
        seeds += found.more_seeds
    said = ("better",) if by else ("better", "worse")
    return int(found.answer in said), 1


def _cells() -> list[Cell]:
    shapes = {"normal": 0.0, "a fifth fails": 0.2}
    return (
        [
            Cell(
                name=f"wrong: from {start} a side, {shape}",
                group=FALSE,
                measure=partial(followed, start, failing, 0.0),
                limit=0.06,
                repeats=1000 if start < 20 else 400,
                full=start > 10,
            )
            for start in (5, 10, 20)
            for shape, failing in shapes.items()
        ]
        + [
            Cell(
                name=f"better: by {by:g} deviations, from {start} a side, {shape}",
                group=INFORMATION,
                measure=partial(followed, start, failing, by),
                limit=None,
                full=start > 5,
            )
            for by in (1.0, 2.0)
            for start in (5, 10)
            for shape, failing in shapes.items()
        ]
        + [
            Cell(
                name=f"wrong: from 3 a side, two looks at the least, {shape}",
                group=INFORMATION,
                measure=partial(followed, 3, failing, 0.0),
                limit=None,
                repeats=400,
                full=True,
            )
            for shape, failing in shapes.items()
        ]
    )


ROW = Row(
    claim="`compare`, its own advice followed to the end (A2)",
    cells=_cells(),
    rests_on=("analyze/comparison", "analyze/statistics"),
)

"""Rows that sum up the others, as people write them below a table: no trials."""

from __future__ import annotations

from collections.abc import Sequence

from .headers import plain
from .roles import Assigned

_WORDS = frozenset(
    {"mean", "average", "avg", "median", "std", "stdev", "std_dev", "sd", "stderr", "sem", "var"}
    | {"variance", "min", "minimum", "max", "maximum", "best", "worst", "sum", "total", "count"}
)


def totals(columns: Sequence[Assigned]) -> list[int]:
    """The rows that are called `mean` or the like and have no setting, where others have one.

    Source: A2 (a mean of trials is no training of a setting).
    """
    settings = [one.column.cells for one in columns if one.role == "setting"]
    named = [one.column.cells for one in columns if one.role in ("id", "own")]
    rows = range(len(columns[0].column.cells)) if settings else ()
    bare = [at for at in rows if not any(cells[at].strip() for cells in settings)]
    found = [at for at in bare if any(plain(cells[at][:20]) in _WORDS for cells in named)]
    return found if len(bare) < len(rows) else []

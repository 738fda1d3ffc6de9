"""Figure: a chart of a report that is drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import altair as alt


@final
@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart that is drawn when asked for, and what is said about it.

    Args:
        name: Of its picture's file, unique in a report: `axis-1-learning_rate`.
        study: Whose it is; empty for a chart of the whole experiment.
        wide: Whether it takes the whole width of a page.
        draw: The chart, with at most about so many rows of data.
        rows: How many rows it has in full.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[int], alt.LayerChart]
    rows: int
    study: str = ""
    wide: bool = False

"""What a plan says about its budget: the hours, and the trade that its trials make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..design.hours import Hours
    from ..design.trade import Design


def budget_as_json(designs: Sequence[Design], timing: Hours | None) -> dict[str, Any]:
    """The keys `hours` and `trade` of a plan; null where nothing is known or searched."""
    from ..design.trade import ASSUMPTION

    if timing is None:
        hours = None
    else:
        hours = {"left": timing.left, "all": timing.all, "measured": timing.measured}
    trade = {"assumption": ASSUMPTION, "designs": [_design(one) for one in designs]}
    return {"hours": hours, "trade": trade if designs else None}


def budget_lines(designs: Sequence[Design], timing: Hours | None) -> list[str]:
    """The same for people."""
    lines = [] if timing is None else ["", _hours(timing)]
    return [*lines, "", *_table(designs)] if designs else lines


def _design(one: Design) -> dict[str, Any]:
    return {
        "design": one.name,
        "values": one.values,
        "dimensions": one.dimensions,
        "trials": one.trials,
        "trials_each": one.each,
        "points_per_dimension": one.points_per_dimension,
        "distance": one.distance,
        "distances": {str(size): distance for size, distance in one.distances().items()},
    }


def _hours(timing: Hours) -> str:
    from .messages import duration

    left, whole = duration(3600 * timing.left), duration(3600 * timing.all)
    return (
        f"Training is left for {left} of {whole}, on one worker, at the pace of "
        f"{timing.measured} completed trials."
    )


def _table(designs: Sequence[Design]) -> list[str]:
    from ..design.trade import ASSUMPTION
    from .messages import columns, wrapped

    now, sizes = designs[0], list(designs[0].distances())
    header = [
        "design",
        "values",
        "dimensions",
        "trials each",
        "per dimension",
        "distance",
        *(f"with {size}" for size in sizes),
    ]
    rows = [[*_row(one), *map(_percent, one.distances().values())] for one in designs]
    return [
        f"What {now.trials} trials buy (R15): scientific values x nuisance dimensions x points "
        "along each.",
        *(f"  {line}" for line in columns([header, *rows])),
        wrapped(ASSUMPTION, indent="  "),
    ]


def _row(one: Design) -> list[str]:
    return [
        one.name,
        str(one.values),
        str(one.dimensions),
        f"{one.each:.3g}",
        f"{one.points_per_dimension:.2g}",
        _percent(one.distance),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"

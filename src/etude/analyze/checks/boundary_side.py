"""One side of an axis: the trials near it, and the sentences that report them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity
from ...space import Scalar
from ...space import Side as AxisSide
from ...wording import number, plural


@final
@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of one axis.

    Args:
        bound: The value at this side.
        near: How wide the edge is, as a fraction of the axis.
        top: The best feasible trials (more than asked for where values tie).
        near_top: Those of them in the edge.
        best_unit: Where the best trial lies on the axis, 0 to 1; None without a feasible trial.
        chance: How likely so many of the top lie in the edge of some side of this study, if the
            hyperparameters do not matter; None where it was not computed.
        fall: How likely a quadratic fitted to the ranks of the trials still falls towards the
            bound, at the bound or at the cliff; None where none was fitted.
        min_fall: So likely is asked for.
        infeasible: The infeasible trials in the edge.
        cliff: Whether the feasible region ends here, rather than the space: at least half of the
            trials in the edge, or of those closer to the bound than the top, are infeasible, or
            C3 finds a region at this side where trials diverge or fail.
        natural: Whether the bound is a natural limit, which cannot move.
        observed: Whether it is only the outermost value that was tried.
        reason: Why the side is `unclear`; empty otherwise.
    """

    hyperparameter: str
    side: AxisSide
    status: Severity
    bound: Scalar
    near: float = 0.0
    top: tuple[int, ...] = ()
    near_top: tuple[int, ...] = ()
    best_unit: float | None = None
    chance: float | None = None
    fall: float | None = None
    min_fall: float = 0.0
    infeasible: tuple[int, ...] = ()
    cliff: bool = False
    natural: bool = False
    observed: bool = False
    reason: str = ""

    @property
    def falling(self) -> bool:
        """Whether the objective most likely falls towards the bound."""
        return self.fall is not None and self.fall >= self.min_fall


def finding(study: str, side: Side) -> Finding:
    """The finding on one side.

    Source: C1, D3.
    """
    return Finding(
        rule="C1",
        check="boundary",
        status=side.status,
        subject={"study": study, "hyperparameter": side.hyperparameter, "side": side.side},
        message=_message(study, side),
        evidence={
            "trials": list(side.near_top),
            "top": list(side.top),
            "bound": side.bound,
            "near": side.near,
            "best_unit": side.best_unit,
            "chance": side.chance,
            "fall": side.fall,
            "min_fall": side.min_fall,
            "infeasible": list(side.infeasible),
            "cliff": side.cliff,
            "natural_limit": side.natural,
            "observed": side.observed,
        },
        advice=_advice(side),
    )


def _message(study: str, side: Side) -> str:
    word = "lower" if side.side == "low" else "upper"
    place = f"the {word} bound {number(side.bound)} of `{side.hyperparameter}` in `{study}`"
    taken = f" No space was given: {number(side.bound)} is only the outermost value that was tried."
    observed = taken if side.observed else ""
    if side.natural:
        return f"{place[0].upper()}{place[1:]} is a natural limit and cannot move."
    if side.reason:
        return f"Whether the best trials lie near {place} is unclear: {side.reason}.{observed}"
    message = (
        f"{len(side.near_top)} of the best {len(side.top)} trials "
        f"{'lies' if len(side.near_top) == 1 else 'lie'} near {place} "
        f"(within {100 * side.near:.0f} % of its scale){_best_clause(side)}."
    )
    if side.falling:
        message += f" {_falls_sentence(side)}"
    if side.status == "notice" and side.cliff:
        message += f" {_infeasible_clause(side)}: training breaks there."
    elif side.status == "notice":
        message += " That may be chance."
    return message + observed


def _falls_sentence(side: Side) -> str:
    where = "up to where training breaks" if side.cliff else "at the bound"
    return (
        f"By the ranks of all trials the objective still improves {where}: likely by "
        f"{100 * (side.fall or 0.0):.0f} %, {100 * side.min_fall:.0f} % needed."
    )


def _infeasible_clause(side: Side) -> str:
    if not side.infeasible:
        return "Infeasible trials lie towards it"
    count = plural(len(side.infeasible), "infeasible trial")
    verb = "lies" if len(side.infeasible) == 1 else "lie"
    return f"{count} {verb} near it too"


def _best_clause(side: Side) -> str:
    if not side.near_top or side.near_top[0] != side.top[0]:
        return ""
    return ", the very best" if len(side.near_top) == 1 else ", the very best among them"


def _advice(side: Side) -> str:
    if side.status == "notice" and side.cliff:
        return "Do not widen this side: stabilize training first, for example by warmup (D3, D6)."
    if side.status == "problem":
        beyond = "below" if side.side == "low" else "above"
        return f"Extend `{side.hyperparameter}` {beyond} {number(side.bound)} and run again (C1)."
    return ""


def sides_clause(sides: Sequence[Side]) -> str:
    """How many of the best trials lie near one side of a hyperparameter, over several studies.

    Source: C1.
    """
    hits = _range_text([len(side.near_top) for side in sides])
    top = _range_text([len(side.top) for side in sides])
    word = "lower" if sides[0].side == "low" else "upper"
    bounds = list(dict.fromkeys(number(side.bound) for side in sides))
    bound = f"the {word} bound {bounds[0]}" if len(bounds) == 1 else f"their {word} bounds"
    text = (
        f"{hits} of the best {top} trials lie near {bound} of `{sides[0].hyperparameter}` in "
        f"{plural(len(sides), 'study')}"
    )
    falling = sum(side.falling for side in sides)
    if not falling:
        return text
    where = "there" if falling == len(sides) else f"in {falling} of them"
    return f"{text}, and the objective still improves {where}"


def _range_text(counts: Sequence[int]) -> str:
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"

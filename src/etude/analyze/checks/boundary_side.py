"""One side of an axis: the trials near it, and the sentences that report them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity
from ...space import Scalar
from ...space import Side as AxisSide
from ...wording import number, percent, plural, study_text
from ..views.walls import Wall

# The kind of the finding on a side beyond which training breaks.
CLIFF = "cliff"


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
        best: Its value there.
        breaks_from: The first value towards the bound that breaks, where none beyond trains; None
            where another beyond it trains.
        chance: How likely so many of the top lie in the edge of some side of this study, if the
            hyperparameters do not matter; None where it was not computed.
        fall: How likely a quadratic fitted to the ranks of the trials still falls towards the
            bound, at the bound or at the cliff; None where none was fitted.
        min_fall: So likely is asked for.
        lowest: How often draws of a Gaussian process fitted to the losses are lowest at the bound,
            or at the cliff; None where none was fitted.
        odds: The product of the odds of `fall` and `lowest`; None where the process leaves so much
            to chance that values tell no more than ranks.
        min_odds: Such odds are asked for.
        infeasible: The infeasible trials in the edge.
        cliff: Whether the feasible region ends here, rather than the space: at least half of the
            trials in the edge, or of those closer to the bound than the top, are infeasible, or
            C3 finds a region at this side where trials diverge or fail.
        natural: Whether the bound is a natural limit, which cannot move.
        observed: Whether it is only the outermost value that was tried.
        listed: Whether its values are a list.
        reason: Why the side is `unclear`; empty otherwise.
        cause: The same in a few words.
        constrained: Whether a constraint is why.
        wall: Where trials of earlier rounds broke beyond it; None where they did not.
    """

    hyperparameter: str
    side: AxisSide
    status: Severity
    bound: Scalar
    near: float = 0.0
    top: tuple[int, ...] = ()
    near_top: tuple[int, ...] = ()
    best_unit: float | None = None
    best: Scalar | None = None
    breaks_from: Scalar | None = None
    chance: float | None = None
    fall: float | None = None
    min_fall: float = 0.0
    lowest: float | None = None
    odds: float | None = None
    min_odds: float = 0.0
    infeasible: tuple[int, ...] = ()
    cliff: bool = False
    natural: bool = False
    observed: bool = False
    listed: bool = False
    reason: str = ""
    cause: str = ""
    constrained: bool = False
    wall: Wall | None = None

    @property
    def breaks_beyond(self) -> bool:
        """Whether training breaks beyond, by trials of this round or of earlier ones."""
        return self.status == "notice" and (self.cliff or self.wall is not None)

    @property
    def falling(self) -> bool:
        """Whether the ranks most likely fall towards the bound."""
        return self.fall is not None and self.fall >= self.min_fall

    @property
    def lowest_there(self) -> bool:
        """Whether the losses themselves are most likely lowest at the bound."""
        return self.odds is not None and self.odds >= self.min_odds


def finding(study: str, side: Side) -> Finding:
    """The finding on one side.

    Source: C1, D3.
    """
    return Finding(
        rule="C1",
        check="boundary",
        status=side.status,
        subject={"study": study, "hyperparameter": side.hyperparameter, "side": side.side},
        headline=_headline(side),
        message=_message(study, side),
        evidence={
            "trials": list(side.near_top),
            "top": list(side.top),
            "bound": side.bound,
            "near": side.near,
            "best_unit": side.best_unit,
            "best": side.best,
            "breaks_from": side.breaks_from,
            "chance": side.chance,
            "fall": side.fall,
            "min_fall": side.min_fall,
            "lowest": side.lowest,
            "odds": side.odds,
            "min_odds": side.min_odds,
            "infeasible": list(side.infeasible),
            "cliff": side.cliff,
            "natural_limit": side.natural,
            "observed": side.observed,
            "wall": None if side.wall is None else vars(side.wall),
        },
        advice=_advice(side),
        kind=_kind(side),
    )


def _kind(side: Side) -> str:
    """What the finding speaks of, so that sides of which the same is said are one line."""
    if side.natural:
        return "natural"
    if side.cause:
        return side.cause
    return CLIFF if side.breaks_beyond else side.status


def _bound(side: Side) -> str:
    """The bound as it is called: of a space that nobody gave, the outermost value tried."""
    if side.observed:
        return f"{'smallest' if side.side == 'low' else 'largest'} value tried, {_value(side)},"
    return f"{'lower' if side.side == 'low' else 'upper'} bound {_value(side)}"


def _value(side: Side) -> str:
    return number(side.bound, 3)


def _headline(side: Side) -> str:
    name, word = f"`{side.hyperparameter}`", "lower" if side.side == "low" else "upper"
    if side.natural:
        return f"The {word} bound {_value(side)} of {name} is a natural limit"
    if side.cause:
        return f"The {word} bound {_value(side)} of {name} cannot be judged: {side.cause}"
    if side.status == "ok":
        return f"No sign that {name} is cut off at its {word} bound {_value(side)}"
    if side.breaks_beyond:
        return f"{name} is best at {number(side.best, 3)}, and training breaks {_beyond(side)}"
    if side.status == "problem" and (side.falling or side.lowest_there):
        return f"{name} still improves at its {word} bound {_value(side)}"
    verb = "lies" if len(side.near_top) == 1 else "lie"
    return f"{_count(side)} {verb} near the {word} bound {_value(side)} of {name}"


def _beyond(side: Side) -> str:
    """Where training breaks, of this round or of earlier ones."""
    first = side.breaks_from
    if first is None and side.wall is not None:
        first = side.wall.begins
    if first is None:
        return "beyond"
    return f"from {number(first, 3)} {'on' if side.side == 'high' else 'downward'}"


def _count(side: Side) -> str:
    return f"{len(side.near_top)} of the best {len(side.top)} trials"


def _message(study: str, side: Side) -> str:
    place = f"the {_bound(side)} of `{side.hyperparameter}` in {study_text(study)}"
    if side.natural:
        return f"{place[0].upper()}{place[1:]} is a natural limit and cannot move."
    if side.reason:
        return f"Whether the best trials lie near {place} is unclear: {side.reason}."
    verb = "lies" if len(side.near_top) == 1 else "lie"
    message = (
        f"{_count(side)} {verb} near {place} "
        f"(within {100 * side.near:.0f} % of its scale){_best_clause(side)}."
    )
    if side.breaks_beyond:
        return f"{message} {_broken_clause(side)}: training breaks there."
    if side.status == "notice":
        return f"{message} That may be chance."
    return f"{message} {_course_sentence(side)}".rstrip()


def _course_sentence(side: Side) -> str:
    """What the course of the objective says of the bound, by each sign that speaks."""
    if side.status != "problem":
        return ""
    ranks = f"the objective still improves there ({_percent(side.fall)} likely)"
    values = f"by their values its best lies there ({_percent(side.lowest)} likely)"
    if side.falling and side.lowest_there:
        return f"By the ranks of all trials {ranks}; {values}."
    if side.falling:
        return f"By the ranks of all trials {ranks}."
    return f"{values[0].upper()}{values[1:]}." if side.lowest_there else ""


def _percent(share: float | None) -> str:
    # Nothing fitted to a few trials is certain.
    return percent(min(share or 0.0, 0.99))


def _broken_clause(side: Side) -> str:
    if side.wall is not None and not side.cliff:
        broke = plural(side.wall.broken, "trial")
        return f"From {number(side.wall.begins, 3)} on, {broke} of earlier rounds broke"
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
    if side.breaks_beyond:
        return "Do not widen this side: stabilize training first, for example by warmup."
    if side.constrained:
        return "Loosen the constraint together with the range, and run again."
    if side.status == "problem":
        beyond = "below" if side.side == "low" else "above"
        if side.listed:
            return f"Add a value {beyond} {_value(side)} to `{side.hyperparameter}` and run again."
        return f"Extend `{side.hyperparameter}` {beyond} {_value(side)} and run again."
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
    falling = sum(side.falling or side.lowest_there for side in sides)
    if not falling:
        return text
    where = "there" if falling == len(sides) else f"in {falling} of them"
    return f"{text}, and the objective still improves {where}"


def _range_text(counts: Sequence[int]) -> str:
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"

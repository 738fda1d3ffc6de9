"""Which trials are infeasible, how many that is, why, and where they lie."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from ...finding import Finding, Severity
from ...study import Study
from ...wording import number, plural
from ..thresholds import InfeasibleThresholds
from ..views.outcomes import Outcome
from .infeasible_regions import Region, Slice, infeasible_regions, slices

Cause: TypeAlias = Literal["", "bug", "cliff", "choice", "scattered"]
THRESHOLDS = InfeasibleThresholds()
# What to look at, by the reason a trial gives; the others have their own advice below.
_REMEDIES = {
    "error": "read the tracebacks that the trials keep",
    "out_of_memory": "use less memory: a smaller batch or model",
    "killed": "find out what ended the workers, often memory or a time limit of the machine",
    "no_value": "look for where the metric becomes infinite or NaN",
}


@final
@dataclass(frozen=True, kw_only=True)
class Infeasible:
    """The infeasible trials of a study; `reasons` counts them, most frequent first.

    Args:
        ended: Trials that count: ended, and not `missing`.
        low: The fraction in the long run is hardly below this, nor above `high` (95 %).
        cause: The probable cause: a `bug` where everything breaks, a `cliff` beyond a value of one
            axis, one `choice`, or `scattered` over the space; empty without infeasible trials.
        regions: Where they lie, by reason, as far as that is hardly chance.
        slices: How many lie in each tenth of each axis, and at each value of a choice.
        stopped: Ended early with a value, by a schedule or by the time limit: not infeasible.
        missing: Ended well without any value of the metric: that is no divergence.
    """

    study: str
    metric: str
    status: Severity
    ended: int
    trials: tuple[int, ...]
    low: float
    high: float
    reasons: Mapping[str, int]
    cause: Cause
    regions: tuple[Region, ...]
    slices: tuple[Slice, ...]
    stopped: tuple[int, ...] = ()
    timed_out: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def fraction(self) -> float:
        """Of the ended trials, how many are infeasible; 0 where none has ended."""
        return len(self.trials) / self.ended if self.ended else 0.0


def infeasible(
    study: Study, ended: Sequence[Outcome], *, thresholds: InfeasibleThresholds = THRESHOLDS
) -> Infeasible:
    """Counts, reasons, places and the probable cause of a study's infeasible trials.

    A trial whose values of the metric are all not finite counts as infeasible.

    Source: C3.
    """
    found = [one for one in ended if not one.missing]
    lost = [one for one in found if not one.feasible]
    reasons = Counter(_reason(one) for one in lost)
    low, high = share_interval(len(lost), len(found))
    regions = infeasible_regions(study, found, max_chance=thresholds.max_chance)
    return Infeasible(
        study=study.name,
        metric=study.metric,
        status=_status(len(found), len(lost), len(ended), thresholds),
        ended=len(found),
        trials=tuple(one.trial for one in lost),
        low=low,
        high=high,
        reasons=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        cause=_cause(found, lost, regions),
        regions=regions,
        slices=slices(study, found),
        stopped=tuple(one.trial for one in found if one.feasible and _stopped_early(one)),
        timed_out=tuple(one.trial for one in found if one.feasible and one.timed_out),
        missing=tuple(one.trial for one in ended if one.missing),
    )


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; 0 to 1 where nothing was counted.

    Source: C3.

    >>> [round(end, 2) for end in share_interval(5, 20)]
    [0.11, 0.47]
    """
    if not of:
        return 0.0, 1.0
    z = 1.96
    middle = (hits + z * z / 2) / (of + z * z)
    half = z / (of + z * z) * math.sqrt(hits * (of - hits) / of + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def _reason(one: Outcome) -> str:
    return one.record.reason or "no_value"


def _stopped_early(one: Outcome) -> bool:
    return one.record.status == "stopped"


def _status(found: int, lost: int, ended: int, thresholds: InfeasibleThresholds) -> Severity:
    if found < thresholds.min_ended:
        return "unclear"
    if lost > thresholds.max_fraction * found:
        return "problem"
    return "notice" if lost or found < ended else "ok"


def _cause(found: Sequence[Outcome], lost: Sequence[Outcome], there: Sequence[Region]) -> Cause:
    if not lost:
        return ""
    if len(lost) == len(found):
        return "bug"
    # The cause is that of the place that holds the most of them.
    most = max(there, key=lambda place: place.infeasible, default=None)
    if most is None or 2 * most.infeasible < len(lost):
        return "scattered"
    return "cliff" if most.side else "choice"


def findings(result: Infeasible) -> list[Finding]:
    """One finding a study.

    Source: C3.
    """
    return [
        Finding(
            rule="C3",
            check="infeasible",
            status=result.status,
            subject={"study": result.study},
            message=_message(result),
            evidence={
                "trials": list(result.trials),
                "ended": result.ended,
                "fraction": result.fraction,
                "interval": [result.low, result.high],
                "reasons": dict(result.reasons),
                "cause": result.cause,
                "places": [vars(each) for each in result.regions],
                "stopped": list(result.stopped),
                "missing": list(result.missing),
            },
            advice=_advice(result),
        )
    ]


def _message(result: Infeasible) -> str:
    parts = [_share(result)]
    if result.status == "unclear":
        parts.append("Too few have ended to judge the fraction.")
    parts += [_place(each, result) for each in result.regions]
    if result.cause == "scattered" and result.status == "problem":
        parts.append("No value of any hyperparameter sets them apart.")
    parts += [_stopped(result), _missing(result)]
    return " ".join(part for part in parts if part)


def _share(result: Infeasible) -> str:
    listed = ", ".join(f"{count} {reason}" for reason, count in result.reasons.items())
    because = f" ({listed})" if listed else ""
    if result.ended == 1:
        said = "is infeasible" if result.trials else "is feasible"
        return f"The only ended trial of `{result.study}` {said}{because}."
    share = f"{len(result.trials)} of {plural(result.ended, 'ended trial')} of `{result.study}`"
    is_ = "is" if len(result.trials) == 1 else "are"
    if not result.trials:
        return f"{share} are infeasible."
    low, high = (f"{100 * end:.0f}" for end in (result.low, result.high))
    return (
        f"{share} {is_} infeasible{because}: {100 * result.fraction:.0f} %, in the long run {low} "
        f"to {high} %."
    )


def _stopped(result: Infeasible) -> str:
    clauses = [
        (len(result.timed_out), "by the time limit"),
        (len(result.stopped) - len(result.timed_out), "early by a schedule"),
    ]
    said = []
    for count, by in clauses:
        were, they = ("was", "it is") if count == 1 else ("were", "they are")
        text = f"{count} more {were} ended {by}; {they} neither infeasible nor complete."
        said += [text] if count else []
    return " ".join(said)


def _missing(result: Infeasible) -> str:
    count = len(result.missing)
    if not count:
        return ""
    it, is_ = ("it", "is") if count == 1 else ("they", "are")
    return (
        f"{plural(count, 'trial')} ended well without any value of {result.metric}: {it} {is_} "
        "missing, not infeasible."
    )


def _place(place: Region, result: Infeasible) -> str:
    whose = f" {place.reason}" if place.reason and len(result.reasons) > 1 else ""
    count = result.reasons[place.reason] if place.reason else len(result.trials)
    if place.infeasible < count:
        who = f"{place.infeasible} of {count}{whose} lie"
    else:
        every = {1: "It lies", 2: f"Both{whose} lie"}
        who = every.get(count, f"All {count}{whose} lie")
    return f"{who} {where(place)}, where {place.infeasible} of {place.trials} break."


def where(place: Region) -> str:
    """The place in words.

    Source: C3.
    """
    if not place.side:
        return f"at {place.hyperparameter} = {number(place.begins)}"
    word, onward = ("from", " upward") if place.side == "high" else ("up to", "")
    return f"{word} {place.hyperparameter} = {number(place.begins)}{onward}"


def _advice(result: Infeasible) -> str:
    if result.status != "problem":
        missing = f"Check that every trial reports {result.metric} (C3)."
        return missing if result.missing and not result.trials else ""
    remedies = [_REMEDIES[reason] for reason in result.reasons if reason in _REMEDIES]
    also = f" For these reasons: {'; '.join(remedies)}." if remedies else ""
    if result.cause == "bug":
        return f"Look for a bug in the training code first, then move the space (C3).{also}"
    if result.regions:
        names = " and ".join(dict.fromkeys(f"`{each.hyperparameter}`" for each in result.regions))
        from_ = f"move {names} away from it (C3)"
        breaks = result.reasons.keys() - _REMEDIES.keys()
        stabilize = "Stabilize training there (D6), or " if breaks else ""
        text = f"{stabilize}{from_}."
        return f"{text[0].upper()}{text[1:]}{also}"
    return f"Move or reparametrize the space; it may be a bug in the training code (C3).{also}"

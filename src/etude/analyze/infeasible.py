"""Which trials are infeasible, why, and where they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ..finding import Finding, Severity
from ..record import Record
from ..space import Choice, Domain, Scalar
from ..study import Study
from .chance import at_least
from .outcome import Outcome, outcomes
from .wording import counted, number


@final
@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Where infeasible trials lie along one axis: from `low` to `high`, in values and in units.

    Args:
        feasible: How many feasible trials lie in the same stretch.
        side: `high` where all lie above `low` and that is hardly chance, `low` likewise; else
            empty.
    """

    hyperparameter: str
    low: Scalar
    high: Scalar
    low_unit: float
    high_unit: float
    feasible: int
    side: str


@final
@dataclass(frozen=True, kw_only=True)
class Infeasible:
    """The infeasible trials of a study; `reasons` counts them, most frequent first.

    `stopped` are the trials that the time limit ended with a value: they are not infeasible, and
    they did not train as long as the others.
    """

    study: str
    status: Severity
    ended: int
    trials: tuple[int, ...]
    reasons: Mapping[str, int]
    stretches: tuple[Stretch, ...]
    stopped: tuple[int, ...] = ()

    @property
    def fraction(self) -> float:
        """Of the ended trials, how many are infeasible; 0 where none has ended."""
        return len(self.trials) / self.ended if self.ended else 0.0


def infeasible(
    study: Study,
    records: Sequence[Record],
    *,
    # No source, ours: beyond a quarter, the trials that teach something cost a third more.
    max_fraction: float = 0.25,
    # No source, ours: of four trials, a single one decides what the fraction is.
    min_ended: int = 5,
) -> Infeasible:
    """Counts, reasons and places of a study's infeasible trials.

    A trial that ended without one finite value of the metric counts as infeasible.

    Source: C3.
    """
    found = outcomes(study, records)
    lost = [one for one in found if not one.feasible]
    reasons = Counter(one.record.reason or "no_value" for one in lost)
    status: Severity = "notice" if lost else "ok"
    if len(lost) > max_fraction * len(found):
        status = "problem"
    if len(found) < min_ended:
        status = "unclear"
    return Infeasible(
        study=study.name,
        status=status,
        ended=len(found),
        trials=tuple(one.trial for one in lost),
        reasons=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        stretches=stretches(study, found),
        stopped=tuple(one.trial for one in found if one.feasible and one.timed_out),
    )


def stretches(study: Study, found: Sequence[Outcome]) -> tuple[Stretch, ...]:
    """Where the infeasible trials lie along each axis that has sides; nothing where there are none.

    Source: C3.
    """
    if all(one.feasible for one in found):
        return ()
    ordered = {
        name: domain
        for name, domain in study.space.domains.items()
        if not isinstance(domain, Choice) or domain.ordered
    }
    return tuple(
        _stretch(name, domain, found, sides=2 * len(ordered)) for name, domain in ordered.items()
    )


def _stretch(name: str, domain: Domain, found: Sequence[Outcome], *, sides: int) -> Stretch:
    placed = [(domain.unit(one.record.setting[name]), one) for one in found]
    lost = sorted((unit, one.record.setting[name]) for unit, one in placed if not one.feasible)
    (low_unit, low), (high_unit, high) = lost[0], lost[-1]
    above = sum(unit >= low_unit for unit, _ in placed)
    below = sum(unit <= high_unit for unit, _ in placed)
    chances = {
        side: sides * at_least(len(lost), drawn=len(lost), there=there, items=len(placed))
        for side, there in (("high", above), ("low", below))
    }
    side = min(chances, key=lambda each: chances[each])
    return Stretch(
        hyperparameter=name,
        low=low,
        high=high,
        low_unit=low_unit,
        high_unit=high_unit,
        feasible=sum(one.feasible and low_unit <= unit <= high_unit for unit, one in placed),
        # The usual 5 %, over all sides of the study: a place is named only if it is hardly chance.
        side=side if chances[side] < 0.05 else "",
    )


def findings(result: Infeasible) -> list[Finding]:
    """One finding a study.

    Source: C3.
    """
    share = f"{len(result.trials)} of {counted(result.ended, 'ended trial')}"
    message = f"{share} of `{result.study}` infeasible{_because(result.reasons)}."
    if result.status == "unclear":
        message += " Too few have ended to judge the fraction."
    message += "".join(
        f" {_place(each, len(result.trials))}" for each in result.stretches if each.side
    )
    message += _stopped(len(result.stopped))
    return [
        Finding(
            rule="C3",
            check="infeasible",
            status=result.status,
            subject={"study": result.study},
            message=message,
            evidence={
                "trials": list(result.trials),
                "ended": result.ended,
                "fraction": result.fraction,
                "reasons": dict(result.reasons),
                "stretches": [vars(each) for each in result.stretches],
                "stopped": list(result.stopped),
            },
            advice=_advice(result),
        )
    ]


def _because(reasons: Mapping[str, int]) -> str:
    listed = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    return f" ({listed})" if listed else ""


def _stopped(count: int) -> str:
    if not count:
        return ""
    were, they = ("was", "it is") if count == 1 else ("were", "they are")
    return f" {count} more {were} ended by the time limit; {they} neither infeasible nor complete."


def _place(stretch: Stretch, lost: int) -> str:
    everyone = f"All {lost}" if lost > 2 else "Both" if lost == 2 else "It"
    lies = "lies" if lost == 1 else "lie"
    word, bound = ("from", stretch.low) if stretch.side == "high" else ("up to", stretch.high)
    onward = " upward" if stretch.side == "high" else ""
    return f"{everyone} {lies} {word} {stretch.hyperparameter} = {number(bound)}{onward}."


def _advice(result: Infeasible) -> str:
    if result.status != "problem":
        return ""
    if len(result.trials) == result.ended:
        return "Look for a bug in the training code first, then move the space (C3)."
    sided = [each for each in result.stretches if each.side]
    if sided:
        names = " and ".join(f"`{each.hyperparameter}`" for each in sided)
        return f"Stabilize training there (D6), or move the range of {names} away from it (C3)."
    return "Move or reparametrize the space; it may also be a bug in the training code (C3)."

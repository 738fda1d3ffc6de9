"""Infeasible trials: how many there are, why, and where they lie."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from ...experiment.methods import SEARCHES
from ...finding import Finding, Severity
from ...playbook.error_kinds import sites_text
from ...study import Study
from ...wording import join, number, plural, study_text
from ..thresholds import InfeasibleThresholds
from ..views.outcomes import NEVER_LEARNED, Outcome, without_learning
from .infeasible_code import NO_CODE_FAILURES, CodeFailures, code_failures
from .infeasible_regions import Region, Slice, infeasible_regions, slices

Cause: TypeAlias = Literal["", "bug", "cliff", "choice", "scattered"]
THRESHOLDS = InfeasibleThresholds()
# A second sentence of more is not read; `evidence` has every region.
MOST_CLAUSES = 2
# The other way beside a stable training, which a line of a file can do.
END_THERE = "end the range there"
# What to look at, by the reason a trial gives; the others have their own advice below.
_REMEDIES = {
    "error": "read the tracebacks that the trials keep",
    "out_of_memory": "use less memory: a smaller batch or model",
    "killed": "find out what ended the workers, often memory or a time limit of the machine",
    "no_value": "look for where the metric becomes infinite or NaN",
    NEVER_LEARNED: "move the learning rates, far too low or far too high there",
}


@final
@dataclass(frozen=True, kw_only=True)
class Infeasible:
    """The infeasible trials of a study; `reasons` counts them, most frequent first.

    Args:
        ended: Trials that count: ended, and not `missing`.
        low: The fraction in the long run is hardly below this, nor above `high` (95 %).
        cause: The probable cause: a `bug` where all trials are infeasible, a `cliff` beyond a value
            of one axis, one `choice`, or `scattered` over the space; empty without infeasible
            trials.
        regions: Where they lie, by reason, as far as that is hardly chance.
        slices: How many lie in each tenth of each axis, and at each value of a choice.
        code: What an error of the code or the machine ended, told apart: it says nothing of
            settings, and is not among `ended`.
        stopped: Ended early with a value, by a schedule, by hand or by the time limit: feasible.
        missing: Ended well without any value of the metric: that is no divergence.
        alike: Whether more trials would be drawn as these were: not where a search adapts, or may
            have, nor where settings were listed. Else nothing is known of the long run.
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
    by_others: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    code: CodeFailures = NO_CODE_FAILURES
    alike: bool = True

    @property
    def fraction(self) -> float:
        """Of the ended trials, how many are infeasible; 0 where none has ended."""
        return len(self.trials) / self.ended if self.ended else 0.0


def infeasible(
    study: Study,
    ended: Sequence[Outcome],
    *,
    never_learned: Collection[int] = (),
    not_finite: Collection[int] = (),
    thresholds: InfeasibleThresholds = THRESHOLDS,
) -> Infeasible:
    """Counts, reasons, regions and the probable cause of a study's infeasible trials.

    A trial whose values of the metric are all not finite counts as infeasible, and so does one that
    trained to its end and never learned, or of which a loss ends not finite (D1).

    Source: C3.
    """
    present = without_learning([one for one in ended if not one.missing], never_learned)
    outcomes = without_learning(present, not_finite, reason="nan")
    failed = [outcome for outcome in outcomes if not outcome.feasible]
    reasons = Counter(_reason(outcome) for outcome in failed)
    low, high = share_interval(len(failed), len(outcomes))
    regions = infeasible_regions(study, outcomes, thresholds=thresholds)
    search = SEARCHES[study.search]
    by_code = code_failures(study, ended, thresholds)
    return Infeasible(
        study=study.name,
        metric=study.metric,
        status="problem"
        if by_code.decides
        else _status(len(outcomes), len(failed), len(ended), thresholds),
        ended=len(outcomes),
        trials=tuple(outcome.trial for outcome in failed),
        low=low,
        high=high,
        reasons=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        cause=_cause(outcomes, failed, regions),
        regions=regions,
        slices=slices(study, outcomes),
        stopped=tuple(
            outcome.trial for outcome in outcomes if outcome.feasible and _is_stopped(outcome)
        ),
        timed_out=tuple(one.trial for one in outcomes if one.feasible and one.timed_out),
        by_others=tuple(one.trial for one in outcomes if one.feasible and one.by_others),
        missing=tuple(one.trial for one in ended if one.missing and not one.by_code),
        code=by_code,
        alike=search.samples_space and not (search.adaptive or search.trained_elsewhere),
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


def _reason(outcome: Outcome) -> str:
    return outcome.record.reason or "no_value"


def _is_stopped(outcome: Outcome) -> bool:
    return outcome.record.status == "stopped"


def _status(outcomes: int, failed: int, ended: int, thresholds: InfeasibleThresholds) -> Severity:
    if outcomes < thresholds.min_ended:
        return "problem" if thresholds.min_all <= failed == outcomes else "unclear"
    if failed > thresholds.max_fraction * outcomes:
        return "problem"
    return "notice" if failed or outcomes < ended else "ok"


def _cause(
    outcomes: Sequence[Outcome], failed: Sequence[Outcome], regions: Sequence[Region]
) -> Cause:
    if not failed:
        return ""
    if len(failed) == len(outcomes):
        return "bug"
    # The cause is that of the region that holds the most of them.
    largest = max(regions, key=lambda region: region.infeasible, default=None)
    if largest is None or 2 * largest.infeasible < len(failed):
        return "scattered"
    return "cliff" if largest.side else "choice"


def findings(result: Infeasible) -> list[Finding]:
    """One finding for each study.

    Source: C3.
    """
    return [
        Finding(
            rule="C3",
            check="infeasible",
            status=result.status,
            subject={"study": result.study},
            kind=sites_text(result.code.sites) if result.code.decides else "",
            headline=_headline(result),
            message=_message(result),
            evidence={
                "trials": list(result.trials),
                "ended": result.ended,
                "fraction": result.fraction,
                "interval": [result.low, result.high],
                "reasons": dict(result.reasons),
                "cause": result.cause,
                "places": [vars(region) for region in result.regions],
                "stopped": list(result.stopped),
                "missing": list(result.missing),
                "code": list(result.code.trials),
            },
            advice=_advice(result),
        )
    ]


def _headline(result: Infeasible) -> str:
    if result.code.decides:
        return result.code.headline(result.study)
    ended = plural(result.ended, "ended trial")
    if result.status == "unclear":
        few = f"{ended} {'is' if result.ended == 1 else 'are'} too few"
        return f"{few} to judge how many of {study_text(result.study)} break"
    if not result.trials:
        return f"None of {ended} of {study_text(result.study)} breaks"
    verb = _fate(result)
    of_study = f" of {study_text(result.study)}"
    share = f"{len(result.trials)} of {plural(result.ended, 'trial')}{of_study} {verb}"
    if result.cause == "bug":
        why = next(iter(result.reasons)) if len(result.reasons) == 1 else ""
        because = f" ({_words(why)})" if why and why != NEVER_LEARNED else ""
        return f"All {ended} of {study_text(result.study)} {verb}{because}"
    if result.regions:
        largest = max(_joined(result.regions), key=lambda region: region.infeasible)
        return f"{share}, {_share_there(largest, result)} {region_phrase(largest, quote='`')}"
    return f"{share}, no pattern seen"


def _fate(result: Infeasible) -> str:
    """What became of the infeasible ones, as a verb."""
    if set(result.reasons) == {NEVER_LEARNED}:
        return "never learned"
    verb = "fail" if NEVER_LEARNED in result.reasons else "break"
    return f"{verb}s" if len(result.trials) == 1 else verb


def _joined(regions: Sequence[Region]) -> list[Region]:
    """The regions at one side of an axis as one that holds all of them, whatever their reasons."""
    groups: dict[object, list[Region]] = {}
    for region in regions:
        place = region.hyperparameter, region.side, "" if region.side else region.begins
        groups.setdefault(place, []).append(region)
    return [
        replace(
            (max if alike[0].side == "low" else min)(alike, key=lambda one: one.begins_unit),
            infeasible=sum(region.infeasible for region in alike),
        )
        for alike in groups.values()
    ]


def _share_there(region: Region, result: Infeasible) -> str:
    is_all = region.infeasible == len(result.trials)
    return "all" if is_all else str(region.infeasible)


def _message(result: Infeasible) -> str:
    """How many there are, then where they lie, or what else stands beside them."""
    if result.code.decides:
        others = f" {_share(result)}" if result.ended else ""
        return f"{result.code.sentence()}{others}"
    clauses = [_region_clause(region, result) for region in result.regions]
    # After the first they go on, they do not begin anew.
    clauses[1:] = [f"{clause[0].lower()}{clause[1:]}" for clause in clauses[1:]]
    if result.cause == "scattered" and result.status == "problem":
        clauses.append("No value of any hyperparameter sets them apart")
    if result.status == "unclear":
        clauses.append("Too few have ended to judge the fraction")
    further = (result.code.clause(), *_stopped(result), _missing(result))
    clauses += [clause for clause in further if clause]
    second = f" {'; '.join(clauses[:MOST_CLAUSES])}." if clauses else ""
    return f"{_share(result)}{second}"


def _share(result: Infeasible) -> str:
    listed = join([f"{count} {_words(reason)}" for reason, count in result.reasons.items()])
    because = f" ({listed})" if listed else ""
    if result.ended == 1:
        verb = "is infeasible" if result.trials else "is feasible"
        return f"The only ended trial of {study_text(result.study)} {verb}{because}."
    ended = plural(result.ended, "ended trial")
    share = f"{len(result.trials)} of {ended} of {study_text(result.study)}"
    is_ = "is" if len(result.trials) == 1 else "are"
    if not result.trials:
        return f"{share} are infeasible."
    if not result.alike:
        return f"{share} {is_} infeasible{because}."
    low, high = (f"{100 * end:.0f}" for end in (result.low, result.high))
    return f"{share} {is_} infeasible{because}, in the long run {low} to {high} %."


def _words(reason: str) -> str:
    """A reason as words."""
    return reason.replace("_", " ")


def _stopped(result: Infeasible) -> Iterator[str]:
    for count, by in (
        (len(result.timed_out), "by the time limit"),
        (len(result.by_others), "early by hand"),
        (
            len(result.stopped) - len(result.timed_out) - len(result.by_others),
            "early by a schedule",
        ),
    ):
        were, they = ("was", "it is") if count == 1 else ("were", "they are")
        if count:
            yield f"{count} more {were} ended {by}; {they} neither infeasible nor complete"


def _missing(result: Infeasible) -> str:
    count = len(result.missing)
    if not count:
        return ""
    it, is_ = ("it", "is") if count == 1 else ("they", "are")
    return (
        f"{plural(count, 'trial')} ended well without any value of {result.metric}: {it} {is_} "
        "missing, not infeasible"
    )


def _region_clause(region: Region, result: Infeasible) -> str:
    whose = f" {_words(region.reason)}" if region.reason and len(result.reasons) > 1 else ""
    count = result.reasons[region.reason] if region.reason else len(result.trials)
    if region.infeasible < count:
        who = f"{region.infeasible} of {count}{whose} lie"
    else:
        every = {1: "It lies", 2: f"Both{whose} lie"}
        who = every.get(count, f"All {count}{whose} lie")
    there = "" if region.infeasible == region.trials else f" of {region.trials} there"
    return f"{who} {region_phrase(region, quote='`')}{there}"


def region_phrase(region: Region, *, quote: str = "") -> str:
    """The region in words.

    Source: C3.
    """
    name = f"{quote}{region.hyperparameter}{quote}"
    if not region.side:
        return f"at {name} = {number(region.begins, 3)}"
    word, onward = ("from", " upward") if region.side == "high" else ("up to", "")
    return f"{word} {name} = {number(region.begins, 3)}{onward}"


def _advice(result: Infeasible) -> str:
    """One sentence: what is to be done, for the reasons that most give."""
    if result.code.decides or (result.code.trials and result.status != "problem"):
        return result.code.advice()
    if result.status != "problem":
        missing = f"Check that every trial reports {result.metric}."
        return missing if result.missing and not result.trials else ""
    # Where trials that never learned lie says more than that they did not.
    known = result.reasons.keys() & _REMEDIES.keys()
    known -= {NEVER_LEARNED} if result.regions else set()
    remedies = [_REMEDIES[reason] for reason in result.reasons if reason in known]
    by_reason = f": {'; '.join(remedies[:2])}" if remedies else ""
    if result.cause == "bug":
        return f"Look for a bug in the training code first, then move the space{by_reason}."
    breaks = result.reasons.keys() - _REMEDIES.keys()
    if result.regions:
        return f"{_away(result, stabilize=bool(breaks))}{by_reason}."
    return f"Look for a bug in the training code, or move or reparametrize the space{by_reason}."


def _away(result: Infeasible, *, stabilize: bool) -> str:
    """The way out of the regions: the range ends before them, or training there is made stable."""
    regions = {region.hyperparameter: region for region in _joined(result.regions)}
    where = " and ".join(region_phrase(region, quote="`") for region in regions.values())
    is_range = all(region.side for region in regions.values())
    leave = END_THERE if is_range else "leave that out"
    if stabilize:
        return f"Stabilize training {where}, or {leave}"
    return f"End the range before it: {where}" if is_range else f"Leave out what breaks: {where}"

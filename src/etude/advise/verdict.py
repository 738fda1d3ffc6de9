"""The answer to the experiment's question, as far as the evidence carries it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from ..analyze.analysis import Analysis
from ..finding import Finding, Lead, StudyMean, Verdict
from ..wording import number, percent, plural
from .caveats import caveats
from .ranking import (
    RankedStudy,
    best_of_each,
    lead,
    means,
    means_sentence,
    ranking,
    relevant_findings,
)

Status: TypeAlias = Literal["better", "unclear", "no_question"]

# From so many others on, a message names the nearest and counts the rest (a heuristic).
MANY = 3


def verdict(analysis: Analysis, findings: Sequence[Finding]) -> Verdict:
    """Whether the leading study beats every other beyond the noise that is known without reruns.

    That noise is the luck of the search and, where it is known, the metric's sampling error. A
    finding that is a problem forbids an answer, and so does a study that tunes nothing: its best
    trial is its luckiest seed.

    Source: A1, A2, C14, Q10, R5, R13.
    """
    studies = ranking(analysis)
    untuned = means(studies)
    leads = [lead(studies[0], other) for other in studies[1:]] if studies[0].best else []
    relevant = relevant_findings(findings, best_of_each(studies))
    problems = [finding for finding in relevant if finding.status == "problem"]
    status, message = _answer(studies, leads, untuned, problems)
    return Verdict(
        status=status,
        winner=studies[0].study.name if studies[0].best else "",
        message=message,
        doubts=caveats(analysis, studies, findings),
        best_trials=tuple(sorted(best_of_each(studies))),
        leads=tuple(leads),
        means=tuple(untuned),
        evidence=_evidence(studies, leads, untuned),
    )


def _answer(
    studies: Sequence[RankedStudy],
    leads: Sequence[Lead],
    untuned: Sequence[StudyMean],
    problems: Sequence[Finding],
) -> tuple[Status, str]:
    """The word of a verdict, and its sentences."""
    leader = studies[0]
    if not leader.best:
        return "unclear", _nothing(studies)
    only = f" {means_sentence(untuned, leader.study.metric)}" if untuned else ""
    if len(studies) == 1:
        return "no_question", f"Nothing was compared. {_best_of_all(leader)}{only}"
    if not problems and not untuned and all(lead.holds for lead in leads):
        return "better", _better(studies, leads)
    return "unclear", _unclear(studies, [] if untuned else leads, problems) + only


def _nothing(standing: Sequence[RankedStudy]) -> str:
    ended = sum(len(one.outcomes) for one in standing)
    if not ended:
        return "No trial has ended yet, so there is nothing to compare."
    none = "The only ended trial is not" if ended == 1 else f"None of {ended} ended trials is"
    return (
        f"{none} feasible, so there is nothing to compare: "
        "look for a bug in the training code, then move the space (C3)."
    )


def _best_of_all(leader: RankedStudy) -> str:
    return f"The best of {plural(len(leader.outcomes), 'trial')} is {_result(leader)}."


def _result(standing: RankedStudy) -> str:
    best = standing.best
    if best is None or best.value is None:
        return "no feasible trial"
    return f"{standing.study.metric} {number(best.value)} (trial {best.trial} at step {best.step})"


def _better(standing: Sequence[RankedStudy], leads: Sequence[Lead]) -> str:
    leader, others = standing[0], standing[1:]
    word = leader.study.objective.best
    named = others if len(others) < MANY else others[:1]
    over = "; ".join(
        f"{_result(other)} for `{other.study.name}`, better by {_reach(leader, each)}, and "
        f"{_run(leader, each)}"
        for other, each in zip(named, leads, strict=False)
    )
    rest = f"; {len(others) - 1} others are further behind" if named != others else ""
    return f"`{leader.study.name}` reaches the {word} {_result(leader)}, against {over}{rest}."


def _unclear(
    standing: Sequence[RankedStudy], leads: Sequence[Lead], problems: Sequence[Finding]
) -> str:
    leader, others = standing[0], standing[1:]
    parts = [f"`{leader.study.name}` leads with {_result(leader)}."]
    pairs = zip(others, leads, strict=False)
    said = [_open(leader, other, each) for other, each in pairs if not each.holds]
    if len(others) >= MANY and leads:
        also = f", {len(said) - 1} of them as open" if len(said) > 1 else ""
        said = [*said[:1], f"{len(others) - len(said[:1])} others are behind{also}."]
    parts += said
    if problems:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in problems))
        parts.append(
            f"{plural(len(problems), 'failed check')} ({rules}) must be amended and run again "
            "before the question is judged (C14)."
        )
    return " ".join(parts)


def _open(leader: RankedStudy, other: RankedStudy, each: Lead) -> str:
    name = f"`{other.study.name}`"
    if other.best is None:
        return f"{name} has no feasible trial to compare with."
    if each.by == 0:
        return f"{name} has the same best: {_result(other)}."
    if not math.isfinite(each.low):
        return (
            f"{name} has {_result(other)}, behind by {number(each.by)}, but there are too few "
            "feasible trials to know the luck of the search (Q10)."
        )
    behind = f"{name} has {_result(other)}, behind by {_reach(leader, each)}"
    if each.low > 0:
        return f"{behind}, but only {_run(leader, each)}, which leaves it open (A2)."
    return f"{behind}, which leaves it open (A2)."


def _reach(leader: RankedStudy, each: Lead) -> str:
    luck = "the luck of the search"
    if leader.standard_error is not None:
        luck += " and of the validation examples"
    return (
        f"{number(each.by)} (by {luck} anywhere from {number(each.low)} to {number(each.high)}: "
        "95 % of resampled studies, mirrored)"
    )


def _run(leader: RankedStudy, each: Lead) -> str:
    name = f"`{leader.study.name}`"
    whose = (
        f"the very best trial of both is {name}'s"
        if each.run == 1
        else f"the best {each.run} trials of both are all {name}'s"
    )
    one = "it" if each.run == 1 else "them all"
    return f"{whose}: were both alike, either would have {one} in {percent(each.p_value)} of draws"


def _evidence(
    studies: Sequence[RankedStudy], leads: Sequence[Lead], untuned: Sequence[StudyMean]
) -> dict[str, Any]:
    """What the verdict rests on, as JSON has it."""
    evidence: dict[str, Any] = {"studies": {one.study.name: _of_study(one) for one in studies}}
    if untuned:
        evidence["means"] = {one.study: vars(one) for one in untuned}
    if leads:
        evidence["leads"] = {one.over: _of_lead(one) for one in leads}
    return evidence


def _of_study(study: RankedStudy) -> dict[str, Any]:
    best = study.best
    return {
        "trial": best.trial if best else None,
        "value": best.value if best else None,
        "step": best.step if best else None,
        "standard_error": study.standard_error,
        "ended": len(study.outcomes),
        "feasible": study.feasible,
    }


def _of_lead(lead: Lead) -> dict[str, float | None]:
    """The lead's numbers; None for what is not finite."""
    numbers = {
        "by": lead.by,
        "low": lead.low,
        "high": lead.high,
        "run": lead.run,
        "chance": lead.p_value,
        "max_chance": lead.max_p_value,
    }
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}

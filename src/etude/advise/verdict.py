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
    best_trials,
    means,
    means_sentence,
    ranking,
    relevant_findings,
)
from .significance import lead
from .study_rows import study_rows

Status: TypeAlias = Literal["better", "leads", "unclear", "no_question"]

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
    best = best_trials(studies)
    relevant = relevant_findings(findings, best)
    problems = [finding for finding in relevant if finding.status == "problem"]
    status, message = _answer(studies, leads, untuned, problems)
    reasons = caveats(analysis, studies, findings)
    return Verdict(
        status=status,
        winner=studies[0].study.name if studies[0].best else "",
        message=message,
        rows=study_rows(studies, analysis.experiment.validation_examples),
        caveats=reasons,
        doubts=tuple(caveat.doubt for caveat in reasons),
        best_trials=tuple(sorted(best)),
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
        return "unclear", _nothing_message(studies)
    only = f" {means_sentence(untuned, leader.study.metric)}" if untuned else ""
    if len(studies) == 1:
        return "no_question", f"Nothing was compared. {_best_of_all(leader)}{only}"
    if not problems and not untuned and all(lead.holds for lead in leads):
        return "better", _better_message(studies, leads)
    return "unclear", _unclear_message(studies, [] if untuned else leads, problems) + only


def _nothing_message(studies: Sequence[RankedStudy]) -> str:
    ended = sum(len(study.outcomes) for study in studies)
    if not ended:
        return "No trial has ended yet, so there is nothing to compare."
    none = "The only ended trial is not" if ended == 1 else f"None of {ended} ended trials is"
    return (
        f"{none} feasible, so there is nothing to compare: "
        "look for a bug in the training code, then move the space (C3)."
    )


def _best_of_all(leader: RankedStudy) -> str:
    return f"The best of {plural(len(leader.outcomes), 'trial')} is {_result_phrase(leader)}."


def _result_phrase(study: RankedStudy) -> str:
    best = study.best
    if best is None or best.value is None:
        return "no feasible trial"
    return f"{study.study.metric} {number(best.value)} (trial {best.trial} at step {best.step})"


def _better_message(studies: Sequence[RankedStudy], leads: Sequence[Lead]) -> str:
    leader, others = studies[0], studies[1:]
    word = leader.study.objective.best
    named = others if len(others) < MANY else others[:1]
    over = "; ".join(
        f"{_result_phrase(other)} for `{other.study.name}`, better by "
        f"{_reach_phrase(leader, lead)}, and {_run_phrase(leader, lead)}"
        for other, lead in zip(named, leads, strict=False)
    )
    rest = f"; {len(others) - 1} others are further behind" if named != others else ""
    best = _result_phrase(leader)
    return f"`{leader.study.name}` reaches the {word} {best}, against {over}{rest}."


def _unclear_message(
    studies: Sequence[RankedStudy], leads: Sequence[Lead], problems: Sequence[Finding]
) -> str:
    leader, others = studies[0], studies[1:]
    parts = [f"`{leader.study.name}` leads with {_result_phrase(leader)}."]
    pairs = zip(others, leads, strict=False)
    open_leads = [_open_message(leader, other, lead) for other, lead in pairs if not lead.holds]
    if len(others) >= MANY and leads:
        also = f", {len(open_leads) - 1} of them as open" if len(open_leads) > 1 else ""
        nearest = open_leads[:1]
        open_leads = [*nearest, f"{len(others) - len(nearest)} others are behind{also}."]
    parts += open_leads
    if problems:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in problems))
        parts.append(
            f"{plural(len(problems), 'failed check')} ({rules}) must be amended and run again "
            "before the question is judged (C14)."
        )
    return " ".join(parts)


def _open_message(leader: RankedStudy, other: RankedStudy, lead: Lead) -> str:
    """Why a lead leaves the question open."""
    name = f"`{other.study.name}`"
    if other.best is None:
        return f"{name} has no feasible trial to compare with."
    if lead.by == 0:
        return f"{name} has the same best: {_result_phrase(other)}."
    if not math.isfinite(lead.low):
        return (
            f"{name} has {_result_phrase(other)}, behind by {number(lead.by)}, but there are too "
            "few feasible trials to know the luck of the search (Q10)."
        )
    behind = f"{name} has {_result_phrase(other)}, behind by {_reach_phrase(leader, lead)}"
    if lead.low > 0:
        return f"{behind}, but only {_run_phrase(leader, lead)}, which leaves it open (A2)."
    return f"{behind}, which leaves it open (A2)."


def _reach_phrase(leader: RankedStudy, lead: Lead) -> str:
    luck = "the luck of the search"
    if leader.standard_error is not None:
        luck += " and of the validation examples"
    return (
        f"{number(lead.by)} (by {luck} anywhere from {number(lead.low)} to {number(lead.high)}: "
        "95 % of resampled studies, mirrored)"
    )


def _run_phrase(leader: RankedStudy, lead: Lead) -> str:
    name = f"`{leader.study.name}`"
    whose = (
        f"the very best trial of both is {name}'s"
        if lead.run == 1
        else f"the best {lead.run} trials of both are all {name}'s"
    )
    run = "it" if lead.run == 1 else "them all"
    return f"{whose}: were both alike, either would have {run} in {percent(lead.p_value)} of draws"


def _evidence(
    studies: Sequence[RankedStudy], leads: Sequence[Lead], untuned: Sequence[StudyMean]
) -> dict[str, Any]:
    """What the verdict rests on, as JSON has it."""
    evidence: dict[str, Any] = {
        "studies": {study.study.name: _study_evidence(study) for study in studies}
    }
    if untuned:
        evidence["means"] = {mean.study: vars(mean) for mean in untuned}
    if leads:
        evidence["leads"] = {lead.over: _lead_evidence(lead) for lead in leads}
    return evidence


def _study_evidence(study: RankedStudy) -> dict[str, Any]:
    best = study.best
    return {
        "trial": best.trial if best else None,
        "value": best.value if best else None,
        "step": best.step if best else None,
        "standard_error": study.standard_error,
        "ended": len(study.outcomes),
        "feasible": study.feasible,
    }


def _lead_evidence(lead: Lead) -> dict[str, float | None]:
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

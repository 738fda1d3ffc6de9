"""The answer to the experiment's question, as far as the evidence carries it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..analyze.wording import counted, number
from ..experiment import Experiment
from ..finding import Finding, Verdict
from ..record import Record
from ..study import Study
from .doubts import doubts
from .standing import Lead, Standing, lead, standings


def verdict(
    experiment: Experiment,
    studies: Sequence[Study],
    records: Sequence[Record],
    findings: Sequence[Finding],
) -> Verdict:
    """Whether the leading study beats every other beyond the noise that is known without reruns.

    That noise is the luck of the search and, where it is known, the metric's sampling error. A
    finding that is a problem forbids an answer.

    Source: A1, A2, C14, Q10, R5, R13.
    """
    standing = standings(experiment, studies, records)
    said = doubts(experiment, standing, findings)
    evidence: dict[str, Any] = {"studies": {one.study.name: _evidence(one) for one in standing}}
    if not any(one.best for one in standing):
        return Verdict(
            status="unclear", winner="", message=_nothing(standing), doubts=said, evidence=evidence
        )
    leader = standing[0]
    if len(standing) == 1:
        message = f"Nothing was compared. {_best_of_all(leader)}"
        return Verdict(
            status="no_question",
            winner=leader.study.name,
            message=message,
            doubts=said,
            evidence=evidence,
        )
    leads = [lead(leader, other) for other in standing[1:]]
    problems = [finding for finding in findings if finding.status == "problem"]
    evidence["leads"] = {each.over: _finite(each) for each in leads}
    better = not problems and all(each.holds for each in leads)
    return Verdict(
        status="better" if better else "unclear",
        winner=leader.study.name,
        message=_better(standing, leads) if better else _unclear(standing, leads, problems),
        doubts=said,
        evidence=evidence,
    )


def _nothing(standing: Sequence[Standing]) -> str:
    ended = sum(len(one.outcomes) for one in standing)
    if not ended:
        return "No trial has ended yet, so there is nothing to compare."
    return (
        f"None of {counted(ended, 'ended trial')} is feasible, so there is nothing to compare: "
        "look for a bug in the training code, then move the space (C3)."
    )


def _best_of_all(leader: Standing) -> str:
    return f"The best of {counted(len(leader.outcomes), 'trial')} is {_result(leader)}."


def _result(standing: Standing) -> str:
    best = standing.best
    if best is None or best.value is None:
        return "no feasible trial"
    return f"{standing.study.metric} {number(best.value)} (trial {best.trial} at step {best.step})"


def _better(standing: Sequence[Standing], leads: Sequence[Lead]) -> str:
    leader = standing[0]
    word = "highest" if leader.study.maximize else "lowest"
    over = "; ".join(
        f"{_result(other)} for `{other.study.name}`, better by {_interval(each)}"
        for other, each in zip(standing[1:], leads, strict=True)
    )
    return f"`{leader.study.name}` reaches the {word} {_result(leader)}, against {over}."


def _unclear(
    standing: Sequence[Standing], leads: Sequence[Lead], problems: Sequence[Finding]
) -> str:
    parts = [f"`{standing[0].study.name}` leads with {_result(standing[0])}."]
    for other, each in zip(standing[1:], leads, strict=True):
        if not each.holds:
            parts.append(_open(other, each))
    if problems:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in problems))
        parts.append(
            f"{counted(len(problems), 'failed check')} ({rules}) must be amended and run again "
            "before the question is judged (C14)."
        )
    return " ".join(parts)


def _open(other: Standing, each: Lead) -> str:
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
    return f"{name} has {_result(other)}, behind by {_interval(each)}, which leaves it open (A2)."


def _interval(each: Lead) -> str:
    return f"{number(each.by)} (95 % interval {number(each.low)} to {number(each.high)})"


def _evidence(standing: Standing) -> dict[str, Any]:
    best = standing.best
    return {
        "trial": best.trial if best else None,
        "value": best.value if best else None,
        "step": best.step if best else None,
        "standard_error": standing.standard_error,
        "ended": len(standing.outcomes),
        "feasible": standing.feasible,
    }


def _finite(each: Lead) -> dict[str, float | None]:
    ends = {"by": each.by, "low": each.low, "high": each.high}
    return {name: end if math.isfinite(end) else None for name, end in ends.items()}

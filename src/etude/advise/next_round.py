"""What the next round changes: as few lines as the evidence asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..analyze.wording import counted, listed, number, percent
from ..experiment import Experiment
from ..finding import Finding, Recommendation, Verdict
from ..hyperparameter import Hyperparameter
from ..record import Record
from ..space import Choice
from ..study import Study
from .bearing import bearing, compared
from .crowded import crowded
from .widen import widened

Sided: TypeAlias = tuple[Hyperparameter, Literal["low", "high"]]


def next_round(
    experiment: Experiment,
    studies: Sequence[Study],
    findings: Sequence[Finding],
    verdict: Verdict,
) -> list[Recommendation]:
    """Sides to widen; without any, more trials where the verdict is unclear; else nothing.

    Configurations listed by hand have neither sides nor a number of trials: a person lists more.
    A problem that no wider side amends (trials that break, a choice at its end) is left to a
    person, whom its finding advises: more trials of the same would not amend it either (C14).

    Source: C1, C2, C3, C14, Q10, R11.
    """
    flagged = _flagged(experiment, studies, findings)
    wider = [
        recommendation
        for (one, side), causes in flagged.items()
        for recommendation in _wider(one, side, causes, studies)
    ]
    mine = bearing(findings, compared(verdict))
    failed = any(finding.status == "problem" for finding in mine)
    # Where only seeds differ, more of them would leave the verdict as open.
    alone = experiment.configurations or verdict.evidence.get("means")
    if wider or failed or alone or verdict.status != "unclear":
        return wider
    return [
        Recommendation(
            rule="Q10",
            path="experiment.trials",
            part="",
            old=experiment.trials,
            # No source, ours: as many trials again, the usual unit of a budget.
            new=2 * experiment.trials,
            because=_open(verdict),
        )
    ]


def left_to_you(
    records: Sequence[Record], findings: Sequence[Finding], verdict: Verdict
) -> list[str]:
    """What to do where no change of the file is recommended: finish the round, or amend by hand.

    Of the curves only those count that the verdict compared.

    Source: C14, R13.
    """
    waiting = sum(not record.ended for record in records)
    if waiting:
        verb = "has" if waiting == 1 else "have"
        return [f"{counted(waiting, 'trial')} {verb} not ended: let the round finish first (R13)."]
    mine = bearing(findings, compared(verdict))
    failed = [finding for finding in mine if finding.status == "problem" and finding.advice]
    return list(dict.fromkeys(map(_amended, failed))) or [
        "No check of this version asks for another round; read the doubts before you conclude."
    ]


def _amended(finding: Finding) -> str:
    """What to do about a problem; of a curve, with what was found: its advice speaks of it."""
    found = f"{finding.message} " if "trial" in finding.subject else ""
    return f"{finding.rule}: {found}{finding.advice}"


def _open(verdict: Verdict) -> str:
    """What the verdict leaves open, short enough for the line of a file."""
    for study, lead in verdict.evidence.get("leads", {}).items():
        if lead["low"] is not None and lead["low"] <= 0:
            reach = f"{number(lead['low'])} to {number(lead['high'])}"
            return (
                f"`{study}` is behind by {number(lead['by'])}, by the luck of the search anywhere "
                f"from {reach}; more trials lessen it."
            )
        if lead["by"] is not None and lead["chance"] > lead["max_chance"]:
            return (
                f"`{study}` is behind by {number(lead['by'])}, which happens in "
                f"{percent(lead['chance'])} of draws from equal studies; more trials tell."
            )
    return "the verdict is open; more trials lessen the luck of the search."


def _flagged(
    experiment: Experiment, studies: Sequence[Study], findings: Sequence[Finding]
) -> dict[Sided, list[Finding]]:
    """The sides to widen as hyperparameters of the experiment, with the findings that name them."""
    by_name = {study.name: study for study in studies}
    flagged: dict[Sided, list[Finding]] = {}
    for finding in findings:
        if finding.rule == "C1" and finding.status == "problem":
            study = by_name[finding.subject["study"]]
            one = _owner(experiment, study, finding.subject["hyperparameter"])
            flagged.setdefault((one, finding.subject["side"]), []).append(finding)
    return flagged


def _owner(experiment: Experiment, study: Study, name: str) -> Hyperparameter:
    return next(
        one
        for one in experiment.hyperparameters
        if one.name == name and one.role != "fixed" and one.exists(study.scientific)
    )


def _wider(
    one: Hyperparameter,
    side: Literal["low", "high"],
    causes: Sequence[Finding],
    studies: Sequence[Study],
) -> list[Recommendation]:
    # What could come beyond the values of a choice, a person must say: its finding asks for it.
    if isinstance(one.value, Choice | bool | float | int | str):
        return []
    old = one.value.low if side == "low" else one.value.high
    new = widened(one.name, one.value, side)
    if new == old:
        return []
    because = causes[0].message if len(causes) == 1 else f"{crowded(causes)}."
    named = {finding.subject["study"] for finding in causes}
    others = [
        study for study in studies if study.name not in named and one.exists(study.scientific)
    ]
    if others:
        names = listed([f"`{study.name}`" for study in others])
        because += f" The range is shared, so it widens for {names} too."
    return [Recommendation(rule="C1", path=one.path, part=side, old=old, new=new, because=because)]

"""What the next round changes: as few lines as the evidence asks for, else what a person does."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.wording import counted
from ..experiment import Experiment
from ..finding import Finding, Recommendation, Verdict
from ..record import Record
from ..study import Study
from .bearing import bearing, compared
from .case import Case
from .remedies import advice
from .stop import stop


def next_round(
    experiment: Experiment,
    studies: Sequence[Study],
    findings: Sequence[Finding],
    verdict: Verdict,
    records: Sequence[Record] = (),
) -> list[Recommendation]:
    """The edits of the first step of the playbook's order that has any; none where none has.

    Source: C1, C2, C3, C14, Q10, R3, R11.
    """
    case = Case(
        experiment=experiment,
        studies=studies,
        records=records,
        findings=findings,
        verdict=verdict,
    )
    return list(advice(case).recommendations)


def left_to_you(case: Case, records: Sequence[Record], words: Sequence[str] = ()) -> list[str]:
    """What to do where no change of the file is recommended: finish the round, or amend by hand.

    Of the curves only those count that the verdict compared. Where nothing is left to do: stop,
    with the numbers that say so.

    Args:
        case: The round.
        records: The trials that count as its own.
        words: What remedies leave to a person.

    Source: C14, R13, R2.
    """
    waiting = sum(not record.ended for record in records)
    if waiting:
        verb = "has" if waiting == 1 else "have"
        return [f"{counted(waiting, 'trial')} {verb} not ended: let the round finish first (R13)."]
    mine = bearing(case.findings, compared(case.verdict))
    failed = [finding for finding in mine if finding.status == "problem" and finding.advice]
    said = list(words)
    said += [text for text in map(_amended, failed) if not any(text in each for each in said)]
    return list(dict.fromkeys(said)) or [stop(case)]


def _amended(finding: Finding) -> str:
    """What to do about a problem; of a curve, with what was found: its advice speaks of it."""
    found = f"{finding.message} " if "trial" in finding.subject else ""
    return f"{finding.rule}: {found}{finding.advice}"

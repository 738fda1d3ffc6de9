"""Rounds in which one thing is wrong, or nothing, for the tests of remedies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.analyze.trials import at_units, experiment

from etude.advise.context import Context
from etude.design.studies import studies
from etude.experiment import Experiment
from etude.finding import Finding, Verdict
from etude.record import Record
from etude.search.sobol import points

ALONE = Verdict(status="no_question", winner="all", message="Nothing was compared.")


def case(
    question: Experiment | None = None,
    *found: Finding,
    records: Sequence[Record] = (),
    answer: Verdict = ALONE,
) -> Context:
    """A round with these findings; trial 0 is the best of its first study."""
    asked = question or experiment()
    designed = studies(asked)
    best = {designed[0].name: {"trial": 0}}
    evidence = {"studies": best, **answer.evidence}
    return Context(
        experiment=asked,
        studies=designed,
        records=records,
        findings=found,
        verdict=Verdict(
            status=answer.status, winner=answer.winner, message=answer.message, evidence=evidence
        ),
    )


def said(check: str, rule: str, status: str, *, trial: int | None = None, **given: Any) -> Finding:
    """A finding about the study `all`, or about one of its trials."""
    subject: dict[str, Any] = {"study": given.pop("study", "all")}
    subject |= {key: given.pop(key) for key in ("hyperparameter", "side") if key in given}
    subject |= {} if trial is None else {"trial": trial}
    return Finding(
        rule=rule,
        check=check,
        status=status,
        subject=subject,
        message=f"{rule} was seen.",
        evidence=given,
        advice=f"Do what {rule} asks.",
    )


def broken_above(question: Experiment, unit: float, count: int = 40) -> list[Record]:
    """Trials over a valley, of which all break above `unit` of the first axis."""
    (study,) = studies(question)
    unit_TxD = points(study.space.dimensions, 3, count)
    values = [
        None if one[0] > unit else float((one[0] - 0.5 * unit) ** 2 + sum((one[1:] - 0.5) ** 2))
        for one in unit_TxD
    ]
    return at_units(study, unit_TxD.tolist(), values)

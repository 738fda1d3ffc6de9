"""A round with its findings and its verdict, all computed from its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from etude.advise.context import Context, Remedy
from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.design.studies import studies
from etude.experiment import Experiment
from etude.finding import Finding, Severity
from etude.record import Record


def context_of(
    question: Experiment, records: Sequence[Record] = (), *, before: Sequence[Analysis] = ()
) -> Context:
    """The round of an experiment in which these trials were trained."""
    analysis = Analysis(question, studies(question), records, before=before)
    findings = analysis.findings
    return Context(analysis=analysis, findings=findings, verdict=verdict(analysis, findings))


def with_status(context: Context, finding: Finding, status: Severity) -> Context:
    """The same round, in which a check found this to be of another status."""
    assert finding in context.findings
    others = [
        replace(other, status=status) if other == finding else other for other in context.findings
    ]
    return replace(context, findings=others)


def only(context: Context, check: str, rule: str, *status: str, **subject: object) -> Finding:
    """The one relevant finding of a check under a rule, with this status and subject."""
    (finding,) = [
        finding
        for finding in context.of(check, rule, *status)
        if subject.items() <= finding.subject.items()
    ]
    return finding


def changes(remedies: Sequence[Remedy]) -> list[tuple[str, str, Any]]:
    """Where they change the file, in which part, and to what."""
    return [(edit.path, edit.part, edit.new) for remedy in remedies for edit in remedy.edits]

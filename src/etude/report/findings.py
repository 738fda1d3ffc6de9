"""The findings of a page: a line for each group, its advice, and its evidence folded away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from ..advise.digest import Line, digest
from ..finding import Finding, Severity, Verdict, grouped
from ..wording import quantity
from .markup import evidence_lines, subject_text

STATUS_LABELS = {
    "problem": "Problem",
    "notice": "Notice",
    "unclear": "Cannot be judged",
    "ok": "In order",
}
_STATUS_ORDER: Final[tuple[Severity, ...]] = ("problem", "unclear", "notice", "ok")
# So many findings of a group stand in a page; `etude check --json` has all of them.
MAX_MEMBERS = 12


def finding_groups(findings: Sequence[Finding], verdict: Verdict) -> dict[str, Any]:
    """What the template shows of the findings: problems and notices, and folded the others.

    Source: C5, C14.
    """
    lines = digest(findings, (), verdict.best_trials)
    groups = {status: [_group(one) for one in lines if one.status == status] for status in _SHOWN}
    in_order = grouped([finding for finding in findings if finding.status == "ok"])
    return {
        "status_labels": STATUS_LABELS,
        "findings_note": _note(findings),
        "open_findings": [*groups["problem"], *groups["notice"]],
        "unclear_findings": groups["unclear"],
        "ok_findings": [
            {"message": group.message, "rule": group.first.rule, "subject": _subject(group.first)}
            for group in in_order
        ],
    }


_SHOWN: Final[tuple[Severity, ...]] = ("problem", "notice", "unclear")


def _note(findings: Sequence[Finding]) -> str:
    """How many findings of each kind there are."""
    counts = Counter(finding.status for finding in findings)
    nouns = {
        "problem": quantity(counts["problem"], "problem"),
        "unclear": f"{counts['unclear']:,} that cannot be judged",
        "notice": quantity(counts["notice"], "notice"),
        "ok": f"{counts['ok']:,} in order",
    }
    texts = [nouns[status] for status in _STATUS_ORDER if counts[status]]
    if not texts:
        return "No check has run."
    return f"What the checks found: {', '.join(texts)}. What has one cause is one line."


def _group(line: Line) -> dict[str, Any]:
    """A line, what it is about, the first advice, and what stands behind it."""
    advice = next((one.advice for one in line.findings if one.advice), "")
    members = line.findings[:MAX_MEMBERS]
    return {
        "status": line.status,
        "headline": line.text,
        "subject": _subject(line.findings[0]),
        "rules": line.rules,
        "advice": advice,
        "acknowledged": any(one.acknowledged for one in line.findings),
        "members": [
            {
                "subject": subject_text(one),
                "message": one.message,
                "advice": "" if one.advice == advice else one.advice,
                "evidence": evidence_lines(one.evidence),
            }
            for one in members
        ],
        "hidden": len(line.findings) - len(members),
    }


def _subject(finding: Finding) -> str:
    return subject_text(finding) or finding.check.replace("_", " ")

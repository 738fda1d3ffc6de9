"""Which findings bear on the answer to the question."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..finding import Finding, Verdict
from .standing import Standing


def bearing(findings: Sequence[Finding], best: Collection[int]) -> list[Finding]:
    """The findings about a design, a study or an axis, and those about the best trials' curves.

    Studies are compared by the best trial of each; what the curve of another one shows is no reason
    to doubt the comparison. That taking the best may favour some trials (C7) is a finding of the
    study.

    Source: C5, C6, C14.
    """
    return [one for one in findings if "trial" not in one.subject or one.subject["trial"] in best]


def best_of_each(standing: Sequence[Standing]) -> set[int]:
    """The best trial of each study.

    Source: C5, C6.
    """
    return {one.best.trial for one in standing if one.best}


def compared(verdict: Verdict) -> set[int]:
    """The trials that a verdict compared.

    Source: C5, C6.
    """
    studies = verdict.evidence.get("studies", {}).values()
    return {one["trial"] for one in studies if one["trial"] is not None}

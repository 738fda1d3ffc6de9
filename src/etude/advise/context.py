"""Case: a round as it stands, which is all that a remedy is handed; Remedy: what it proposes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import final

from ..analyze.views.outcomes import Outcome, outcomes, ranked
from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..finding import Finding, Recommendation, Verdict
from ..record import Record
from ..space import Integer, Real
from ..study import Study
from .ranking import compared_trials, relevant_findings


@final
@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One thing to change.

    Args:
        rule: The rule that asks for it.
        edits: Lines of the experiment file; empty where only a person can do it.
        words: What to do, for a person, where no line can say it.

    Source: C14.
    """

    rule: str
    edits: tuple[Recommendation, ...] = ()
    words: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Context:
    """An experiment with its trials, its findings and its verdict."""

    experiment: Experiment
    studies: Sequence[Study]
    records: Sequence[Record]
    findings: Sequence[Finding]
    verdict: Verdict

    @property
    def bearing(self) -> list[Finding]:
        """The findings that bear on the answer: no curves but those of the trials compared."""
        return relevant_findings(self.findings, compared_trials(self.verdict))

    @property
    def troubled(self) -> bool:
        """Whether one of them is a problem, so that no more of the same amends it (C14)."""
        return any(finding.status == "problem" for finding in self.bearing)

    def of(self, check: str, rule: str, *status: str) -> list[Finding]:
        """The bearing findings of a check under a rule, with one of these statuses."""
        return [
            one
            for one in self.bearing
            if (one.check, one.rule) == (check, rule) and one.status in status
        ]

    def study(self, finding: Finding) -> Study:
        """The study that a finding is about."""
        return next(one for one in self.studies if one.name == finding.subject["study"])

    def sharing(self, one: Hyperparameter) -> list[Study]:
        """The studies that search, or hold, this hyperparameter."""
        return [study for study in self.studies if one.exists(study.scientific)]

    def best_first(self, study: Study) -> list[Outcome]:
        """Its feasible trials, best first."""
        return ranked(outcomes(study, self.records))

    def owner(self, study: Study, name: str) -> Hyperparameter | None:
        """The hyperparameter of the experiment that a study searches under this name."""
        return next(
            (
                one
                for one in self.experiment.hyperparameters
                if one.name == name and one.role != "fixed" and one.exists(study.scientific)
            ),
            None,
        )


def bounded(
    domain: Real | Integer, *, low: float | None = None, high: float | None = None
) -> Real | Integer:
    """The range with another bound, whole where it counts whole numbers.

    Source: R2.
    """
    low = domain.low if low is None else low
    high = domain.high if high is None else high
    if isinstance(domain, Integer):
        return replace(domain, low=math.floor(low), high=math.ceil(high))
    return replace(domain, low=low, high=high)


def ranges(case: Context, roles: Collection[str] = ("nuisance",)) -> list[Hyperparameter]:
    """The hyperparameters with a range from one number to another, in these roles.

    Source: R2.
    """
    return [
        one
        for one in case.experiment.hyperparameters
        if one.role in roles and isinstance(one.value, Real | Integer)
    ]

"""Context: a round with its results, which is all that a remedy gets; Remedy: what it proposes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar, final

from ..analyze.analysis import Analysis
from ..analyze.checks.boundary import boundary
from ..analyze.checks.boundary_side import Side
from ..analyze.checks.coverage import coverage
from ..analyze.thresholds import CoverageThresholds
from ..analyze.views.outcomes import Outcome
from ..experiment import Experiment
from ..experiment.change import Change
from ..experiment.hyperparameter import Hyperparameter, Role, table_keys
from ..finding import Finding, Recommendation, Verdict
from ..space import Choice, Domain, Integer, Real, Scalar
from ..study import Study
from .ranking import relevant_findings

R = TypeVar("R")
FEW = CoverageThresholds()
# What an advice beside its finding means, and a sentence by itself must name.
_IT = re.compile(r"\bit\b")


@final
@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One thing to change.

    Args:
        rule: The rule that asks for it.
        edits: Lines of the experiment file; empty where only a person can do it.
        words: What to do, for a person, where no line can say it; at most 20 words.
        causes: The findings that it answers, so that nothing is asked for twice.
        procedure: The command that carries out what the words say, `stability`; empty without one.

    Source: C14.
    """

    rule: str
    edits: tuple[Recommendation, ...] = ()
    words: str = ""
    causes: tuple[Finding, ...] = ()
    procedure: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Context:
    """A round as it stands: its trials with every result, its findings and its verdict.

    Args:
        retraining: The ended round that trained its best settings again; empty without one.
        retraining_status: The word of that round's verdict; empty without one.
        retraining_changed: The files that changed between this round and that one.
        retrains: The round whose best settings this one trains again; empty for any other.
        own_loop: Whether Etude's own loop trained it, so that its schedule is known.
    """

    analysis: Analysis
    findings: Sequence[Finding]
    verdict: Verdict
    retraining: str = ""
    retraining_status: str = ""
    retraining_changed: tuple[str, ...] = ()
    retrains: str = ""
    own_loop: bool = False

    @property
    def experiment(self) -> Experiment:
        """The experiment, as it was written."""
        return self.analysis.experiment

    @property
    def studies(self) -> Sequence[Study]:
        """Its studies."""
        return self.analysis.studies

    @cached_property
    def relevant_findings(self) -> list[Finding]:
        """The findings that bear on the answer: no curves but those of the trials compared."""
        return relevant_findings(self.findings, self.verdict.best_trials)

    @property
    def has_problem(self) -> bool:
        """Whether a relevant finding is a problem, so that no more of the same amends it (C14)."""
        return any(finding.status == "problem" for finding in self.relevant_findings)

    def of(self, check: str, rule: str, *status: str) -> list[Finding]:
        """The relevant findings of a check under a rule, with one of these statuses."""
        return [
            finding
            for finding in self.relevant_findings
            if (finding.check, finding.rule) == (check, rule) and finding.status in status
        ]

    @property
    def too_few(self) -> list[tuple[Study, int]]:
        """The searches with too few feasible trials for checks to judge, and how many they lack.

        Not what trains settings again, nor what has hardly another setting to try.

        Source: C2, Q10.
        """
        results = [(study, self.analysis.result(study, coverage)) for study in self.studies]
        return [
            (study, FEW.min_feasible - result.feasible)
            for study, result in results
            if study.space.dimensions and not (study.listed or self.retrains)
            if result.status == "unclear" and result.feasible < FEW.min_feasible
            # Trainings of one setting alone are no search.
            if not result.feasible == 1 < len(self.best_first(study))
        ]

    @property
    def unread_compared(self) -> list[Finding]:
        """What is said of compared hyperparameters that nobody read: no round tells them apart."""
        return [one for one in self.findings if one.check == "unread" and one.status == "problem"]

    def is_unread(self, keys: Sequence[str]) -> bool:
        """Whether a key of the file is a hyperparameter that nobody read in any of its studies."""
        same = [one for one in self.experiment.hyperparameters if one.name == keys[-1]]
        own = [one for one in same if one.keys == tuple(keys)] or same
        studies = {study.name for one in own for study in self.studies_with(one)}
        left = self.analysis.unread
        return bool(studies) and all(keys[-1] in left.of(study) for study in studies)

    @property
    def sides(self) -> list[Finding]:
        """What is said of the sides of the space (C1)."""
        return [
            finding
            for finding in self.findings
            if (finding.check, finding.rule) == ("boundary", "C1")
        ]

    def study(self, finding: Finding) -> Study:
        """The study that a finding is about."""
        return next(study for study in self.studies if study.name == finding.subject["study"])

    def result(self, finding: Finding, check: Callable[..., R]) -> R:
        """What a check computed of the study that a finding is about."""
        return self.analysis.result(self.study(finding), check)

    def studies_with(self, hyperparameter: Hyperparameter) -> list[Study]:
        """The studies that search, or hold, this hyperparameter."""
        return [study for study in self.studies if hyperparameter.exists(study.scientific)]

    def best_first(self, study: Study) -> list[Outcome]:
        """Its feasible trials, best first."""
        return self.analysis.best_first(study)

    def owner(self, study: Study, name: str) -> Hyperparameter | None:
        """The hyperparameter of the experiment that a study searches under this name."""
        return next(
            (
                hyperparameter
                for hyperparameter in self.experiment.hyperparameters
                if hyperparameter.name == name
                and hyperparameter.role != "fixed"
                and hyperparameter.exists(study.scientific)
            ),
            None,
        )


def with_bounds(
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


def manual_remedy(rule: str, finding: Finding) -> Remedy:
    """What a finding asks for, left to a person.

    Source: C14.
    """
    return Remedy(rule=rule, words=step_text(finding), causes=(finding,))


def claim(finding: Finding) -> str:
    """What a finding says in a line: its headline, else its first sentence, without a full stop.

    Source: C14.
    """
    return finding.headline or finding.message.partition(". ")[0].rstrip(".")


def step_text(finding: Finding) -> str:
    """What a finding asks for, as a sentence that stands by itself: its "it" by name.

    Source: C14.
    """
    subject = finding.subject
    name = f"`{subject['hyperparameter']}`" if subject.get("hyperparameter") else ""
    name = name or (f"trial {subject['trial']}" if "trial" in subject else "")
    text = finding.advice.rstrip(".")
    if name and name not in text:
        named = _IT.sub(name, text, count=1)
        text = f"{text}: {name}" if named == text else named
    return f"{text}." if finding.rule in text else f"{text} ({finding.rule})."


def experiment_remedy(
    context: Context, key: str, new: str | int, rule: str, because: str
) -> Remedy:
    """The remedy that gives a key of `[experiment]` another value.

    Source: R3.
    """
    edit = Recommendation(
        rule=rule,
        change=Change(("experiment", key), "", new),
        old=getattr(context.experiment, key),
        because=because,
    )
    return Remedy(rule=rule, edits=(edit,))


def value_edits(
    hyperparameter: Hyperparameter, new: Domain | Scalar, rule: str, because: str
) -> Iterator[Recommendation]:
    """The edits that give a hyperparameter this value or range, in the table where it belongs.

    Source: R4.
    """
    role: Role = "nuisance" if isinstance(new, Real | Integer | Choice) else "fixed"
    keys = (*table_keys(role, hyperparameter.when), hyperparameter.name)
    stays = keys == hyperparameter.keys
    yield Recommendation(
        rule=rule,
        change=Change(keys, "", new),
        old=hyperparameter.value if stays else None,
        because=because,
    )
    if not stays:
        yield Recommendation(
            rule=rule,
            change=Change(hyperparameter.keys, "", None),
            old=hyperparameter.value,
            because=because,
        )


def side_of(analysis: Analysis, finding: Finding) -> Side:
    """The side of an axis that a C1 finding is about.

    Source: C1.
    """
    study = next(study for study in analysis.studies if study.name == finding.subject["study"])
    axis = finding.subject["hyperparameter"], finding.subject["side"]
    sides = analysis.result(study, boundary).sides
    return next(side for side in sides if (side.hyperparameter, side.side) == axis)

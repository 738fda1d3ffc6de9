"""Every check of this version, in the order of the checklist: one entry each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

from ..finding import Finding
from .checks import (
    batch_norm,
    best_step,
    boundary,
    censored,
    chance,
    code,
    coverage,
    evaluation_kind,
    evaluation_sample,
    fixed_caveats,
    gradient_norm,
    importance,
    infeasible,
    overfitting,
    periodicity,
    rare_class,
    sampling_luck,
    saturated,
    stability,
    step_variance,
    still_improving,
    training_loss_rises,
    trial_noise,
    unread,
)

Subject: TypeAlias = Literal["outcomes", "curves", "shares", "studies", "records", "trials"]


@final
@dataclass(frozen=True)
class Check:
    """One check: a result that is computed once, and the findings that report it.

    Args:
        name: As findings carry it; `etude check --json` knows it too.
        rules: The rules of the playbook that its findings stand for.
        of: What it looks at: the `outcomes` of a study, its `curves`, the outcomes of each value's
            share of a merged study (`shares`), the `studies` as they were designed, or all the
            `records` by the study that is compared, or the studies with all `trials`.
        result: Computes the result from a study and what it looks at.
        findings: The findings that report a result.
        title: What the report calls its chart; empty for a check that has none.
        along_axes: Whether it asks where trials lie, so that those without a place say nothing.
        against_rivals: Whether it is given the best values of the other studies.
        minds_learning: Whether it is given those that broke or never learned, as `stability` says.
        knows_earlier: Whether it is given the trials of earlier rounds.
        knows_round_before: Whether it is given the studies and trials of the round before.
        repair_betters: Those of the rules whose repair can only better the study that has the
            problem, so that a leader leads still. Not where its value itself may be false: such a
            problem always keeps the verdict open (`advise/failed_checks.py`).
    """

    name: str
    rules: tuple[str, ...]
    of: Subject
    result: Callable[..., Any]
    findings: Callable[[Any], list[Finding]]
    title: str = ""
    against_rivals: bool = False
    minds_learning: bool = False
    knows_earlier: bool = False
    knows_round_before: bool = False
    along_axes: bool = False
    repair_betters: tuple[str, ...] = ()


CHECKS = (
    Check(
        "chance",
        rules=("S11",),
        of="curves",
        result=chance.chance,
        findings=chance.findings,
    ),
    Check(
        "boundary",
        rules=("C1",),
        of="outcomes",
        result=boundary.boundary,
        findings=boundary.findings,
        along_axes=True,
        knows_earlier=True,
        title="The best trials and the edges",
        repair_betters=("C1",),
    ),
    Check(
        "coverage",
        rules=("C2",),
        of="outcomes",
        result=coverage.coverage,
        findings=coverage.findings,
        along_axes=True,
        title="How densely it was searched",
        repair_betters=("C2",),
    ),
    Check(
        "schedule",
        rules=("T8", "W4"),
        of="outcomes",
        result=censored.censored,
        findings=censored.findings,
    ),
    Check(
        "infeasible",
        rules=("C3",),
        of="outcomes",
        result=infeasible.infeasible,
        findings=infeasible.findings,
        title="Where training breaks",
        minds_learning=True,
        repair_betters=("C3",),
    ),
    Check(
        "stability",
        rules=("C4", "D1", "D3", "D4"),
        of="curves",
        result=stability.stability,
        findings=stability.findings,
        title="Stability of training",
        repair_betters=("C4", "D1", "D4"),
    ),
    Check(
        "overfitting",
        rules=("C6", "C7"),
        of="curves",
        result=overfitting.overfitting,
        findings=overfitting.findings,
        title="Overfitting",
        repair_betters=("C6",),
    ),
    Check(
        "step_variance",
        rules=("C8",),
        of="curves",
        result=step_variance.step_variance,
        findings=step_variance.findings,
        title="Late jumps of the metric",
        against_rivals=True,
    ),
    Check(
        "still_improving",
        rules=("C9", "T1"),
        of="curves",
        result=still_improving.still_improving,
        findings=still_improving.findings,
        title="Still improving",
    ),
    Check(
        "saturated",
        rules=("C10",),
        of="curves",
        result=saturated.saturated,
        findings=saturated.findings,
        title="When the final level was reached",
    ),
    Check(
        "training_loss_rises",
        rules=("C11", "D2"),
        of="curves",
        result=training_loss_rises.training_loss_rises,
        findings=training_loss_rises.findings,
        title="Climbing training loss",
    ),
    Check(
        "best_step",
        rules=("T5",),
        of="curves",
        result=best_step.best_step,
        findings=best_step.findings,
        title="Where the best step fell",
    ),
    Check(
        "gradient_norm",
        rules=("D5", "D9", "D10"),
        of="curves",
        result=gradient_norm.gradient_norm,
        findings=gradient_norm.findings,
        title="Gradient norms",
        repair_betters=("D5", "D9", "D10"),
    ),
    Check(
        "periodicity",
        rules=("E6",),
        of="curves",
        result=periodicity.periodicity,
        findings=periodicity.findings,
        title="Periods in a metric",
    ),
    Check(
        "evaluation_kind",
        rules=("E8",),
        of="trials",
        result=evaluation_kind.evaluation_kind,
        findings=evaluation_kind.findings,
    ),
    Check(
        "evaluation_sample",
        rules=("E4",),
        of="trials",
        result=evaluation_sample.evaluation_sample,
        findings=evaluation_sample.findings,
    ),
    Check(
        "rare_class",
        rules=("E5",),
        of="trials",
        result=rare_class.rare_class,
        findings=rare_class.findings,
    ),
    Check(
        "sampling_luck",
        rules=("Q10",),
        of="shares",
        result=sampling_luck.sampling_luck,
        findings=sampling_luck.findings,
        title="Luck of the search",
    ),
    Check(
        "trial_noise",
        rules=("A2",),
        of="outcomes",
        result=trial_noise.trial_noise,
        findings=trial_noise.findings,
    ),
    Check(
        "importance",
        rules=("R2",),
        of="outcomes",
        result=importance.importance,
        findings=importance.findings,
        along_axes=True,
        title="What matters",
    ),
    Check(
        "code",
        rules=("K3",),
        of="records",
        result=code.code,
        findings=code.findings,
    ),
    Check(
        "fixed_caveats",
        rules=("R5",),
        of="trials",
        result=fixed_caveats.fixed_caveats,
        findings=fixed_caveats.findings,
    ),
    Check(
        "unread",
        rules=("W8",),
        of="trials",
        result=unread.unread,
        findings=unread.findings,
    ),
    Check(
        "batch_norm",
        rules=("B1", "B2"),
        of="trials",
        result=batch_norm.batch_norm,
        findings=batch_norm.findings,
        knows_round_before=True,
    ),
)

# Rules of the checklist that no check can see in a trial's values: a report says so, or silence
# would look like approval.
NOT_CHECKED = {
    "D4": "instability in steps that nothing was logged at",
    "E4": "whether a sampled evaluation set stands for the full one",
    "E5": "how many examples of rare classes are right",
}
# Those that a check speaks of where the training logs what it asks.
_LOGGED = {"E4": "evaluation_sample", "E5": "rare_class"}


def not_checked(findings: Iterable[Finding]) -> dict[str, str]:
    """What no check could see of these trials, by rule.

    Source: D4, E4, E5.
    """
    spoken = {one.check for one in findings}
    return {rule: text for rule, text in NOT_CHECKED.items() if _LOGGED.get(rule) not in spoken}

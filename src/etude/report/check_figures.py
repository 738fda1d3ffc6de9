"""The figures of the checks: one for each check and study, under the check's name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any, Final

from ..analyze.analysis import Analysis
from ..analyze.registry import CHECKS
from ..finding import Finding, Severity
from ..plot import (
    best_step,
    boundary,
    coverage,
    gradient_norm,
    importance,
    infeasible,
    overfitting,
    periodicity,
    saturated,
    stability,
    step_variance,
    still_improving,
    training_loss_rises,
)
from ..study import Study
from .inputs import Figure

# Heuristic: beyond so many, a page is a heap of charts; its findings still say all.
MAX_CHECKS = 24
# Heuristic: these charts sum trials up in about so many rows of data, whatever their number.
_ROWS = 80

# The charts in the order of the report, each under its check's name.
CHARTS: Final = {
    "boundary": boundary,
    "coverage": coverage,
    "infeasible": infeasible,
    "importance": importance,
    "stability": stability,
    "overfitting": overfitting,
    "step_variance": step_variance,
    "still_improving": still_improving,
    "saturated": saturated,
    "training_loss_rises": training_loss_rises,
    "best_step": best_step,
    "gradient_norm": gradient_norm,
    "periodicity": periodicity,
}
# The reasons why the other checks have no chart: a test holds both tables to the registry.
WITHOUT_CHART: Final = {
    "chance": "one value against another: a line below the verdict has both",
    "schedule": "a sentence says how many trials were stopped where",
    "sampling_luck": "the report's overview draws it for each study, beside the comparison",
    "trial_noise": "the overview draws it as the interval of the best setting",
    "evaluation_kind": "which kind of evaluation a number is, is a word",
    "evaluation_sample": "two numbers a sentence tells",
    "rare_class": "a count of a handful of examples is read, not drawn",
    "code": "a sentence says which files changed and how many trials are on either side",
    "fixed_caveats": "there is nothing to draw",
    "unread": "what nobody read has no effect to draw",
    "batch_norm": "a sentence says over how many examples",
}
_CHECKS: Final = {check.name: check for check in CHECKS}


def notable_checks(findings: Sequence[Finding], study: str) -> list[str]:
    """The checks with a problem or a notice about a study, those with a problem first."""
    statuses: dict[str, set[Severity]] = {}
    for finding in findings:
        if finding.subject.get("study") == study:
            statuses.setdefault(finding.check, set()).add(finding.status)
    problems = [name for name in CHARTS if "problem" in statuses.get(name, ())]
    notices = [name for name in CHARTS if "notice" in statuses.get(name, ())]
    return list(dict.fromkeys([*problems, *notices]))


def check_figures(
    place: int, study: Study, analysis: Analysis, names: Sequence[str] | None
) -> list[Figure]:
    """The figures of the named checks on a study; of all checks with a chart where None.

    A check with nothing to draw has no figure: its finding says why.
    """
    results = [
        (name, analysis.result(study, _CHECKS[name].result))
        for name in (CHARTS if names is None else names)
    ]
    return [
        _figure(place, study, name, result)
        for name, result in results
        if CHARTS[name].has_marks(result)
    ]


def _figure(place: int, study: Study, name: str, result: Any) -> Figure:
    chart, check = CHARTS[name], _CHECKS[name]
    return Figure(
        name=f"{name}-{place}",
        title=check.title,
        caption=chart.caption(result),
        study=study.name,
        draw=partial(_chart, chart, result),
        rows=_ROWS,
    )


def _chart(chart: ModuleType, result: Any, max_rows: int) -> Any:
    del max_rows  # such a chart sums trials up
    return chart.draw(result)

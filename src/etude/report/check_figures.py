"""The charts of the checks, one a check and study, each under the check's name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any, Final

from ..analyze.analysis import Analysis
from ..analyze.registry import CHECKS
from ..finding import Finding
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
from .content import Figure

# Heuristic: beyond so many, a page is a heap of charts; its findings still say all.
MAX_CHECKS = 24
# Heuristic, of what was drawn: these charts sum trials up, whatever their number.
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
# Why the other checks have none of their own: a test holds the two tables to the registry.
WITHOUT_CHART: Final = {
    "schedule": "a sentence says how many trials were stopped where",
    "sampling_luck": "the report's overview draws it for each study, beside the comparison",
    "trial_noise": "the overview draws it as the interval of the best setting",
    "fixed_caveats": "there is nothing to draw",
}
_CHECKS: Final = {check.name: check for check in CHECKS}


def flagged(findings: Sequence[Finding], study: str) -> list[str]:
    """The checks that have something to show about a study, problems first."""
    told: dict[str, bool] = {}
    for finding in findings:
        mine = finding.subject.get("study") == study and finding.check in CHARTS
        if mine and finding.status in ("problem", "notice"):
            told[finding.check] = told.get(finding.check, False) or finding.status == "problem"
    return sorted(told, key=lambda name: (not told[name], list(CHARTS).index(name)))


def check_figures(
    place: int, study: Study, analysis: Analysis, names: Sequence[str] | None
) -> list[Figure]:
    """The charts of these checks on a study; of all of them where None."""
    return [_figure(place, study, analysis, name) for name in (CHARTS if names is None else names)]


def _figure(place: int, study: Study, analysis: Analysis, name: str) -> Figure:
    chart, check = CHARTS[name], _CHECKS[name]
    result = analysis.result(study, check.result)
    return Figure(
        name=f"{name}-{place}",
        title=check.title,
        caption=chart.caption(result),
        study=study.name,
        draw=partial(_drawn, chart, result),
        rows=_ROWS,
    )


def _drawn(chart: ModuleType, result: Any, rows: int) -> Any:
    del rows  # it sums trials up
    return chart.draw(result)

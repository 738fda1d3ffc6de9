"""The charts of the checks, one a check and study, each under the check's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Final, TypeAlias, final

from ..analyze.checks.best_step import best_step
from ..analyze.checks.boundary import boundary
from ..analyze.checks.coverage import coverage
from ..analyze.checks.gradient_norm import gradient_norm
from ..analyze.checks.importance import importance
from ..analyze.checks.infeasible import infeasible
from ..analyze.checks.overfitting import overfitting
from ..analyze.checks.periodicity import periodicity
from ..analyze.checks.saturated import saturated
from ..analyze.checks.stability import stability
from ..analyze.checks.step_variance import step_variance
from ..analyze.checks.still_improving import still_improving
from ..analyze.checks.training_loss_rises import training_loss_rises
from ..analyze.views.curves import trial_curves
from ..finding import Finding
from ..plot import best_step as best_step_plot
from ..plot import boundary as boundary_plot
from ..plot import coverage as coverage_plot
from ..plot import gradient_norm as gradient_norm_plot
from ..plot import importance as importance_plot
from ..plot import infeasible as infeasible_plot
from ..plot import overfitting as overfitting_plot
from ..plot import periodicity as periodicity_plot
from ..plot import saturated as saturated_plot
from ..plot import stability as stability_plot
from ..plot import step_variance as step_variance_plot
from ..plot import still_improving as still_improving_plot
from ..plot import training_loss_rises as training_loss_rises_plot
from ..record import Record
from ..study import Study
from .content import Figure

# Heuristic: beyond so many, a page is a heap of charts; its findings still say all.
MAX_CHECKS = 24
# These charts sum trials up, whatever their number: no source, ours, of what was drawn.
_ROWS = 80

Analysis: TypeAlias = Callable[[Study, Sequence[Any]], Any]


@final
@dataclass(frozen=True)
class _Check:
    """A check's chart: what it is called, what computes it, what draws it."""

    title: str
    result: Analysis
    chart: ModuleType
    of_curves: bool = True


_CHECKS: Final = {
    "boundary": _Check("The best trials and the edges", boundary, boundary_plot, of_curves=False),
    "coverage": _Check("How densely it was searched", coverage, coverage_plot, of_curves=False),
    "infeasible": _Check("Where training breaks", infeasible, infeasible_plot, of_curves=False),
    "importance": _Check("What matters", importance, importance_plot, of_curves=False),
    "stability": _Check("Stability of training", stability, stability_plot),
    "overfitting": _Check("Overfitting", overfitting, overfitting_plot),
    "step_variance": _Check("Late jumps of the metric", step_variance, step_variance_plot),
    "still_improving": _Check("Still improving", still_improving, still_improving_plot),
    "saturated": _Check("When the final level was reached", saturated, saturated_plot),
    "training_loss_rises": _Check(
        "Climbing training loss", training_loss_rises, training_loss_rises_plot
    ),
    "best_step": _Check("Where the best step fell", best_step, best_step_plot),
    "gradient_norm": _Check("Gradient norms", gradient_norm, gradient_norm_plot),
    "periodicity": _Check("Periods in a metric", periodicity, periodicity_plot),
}


def flagged(findings: Sequence[Finding], study: str) -> list[str]:
    """The checks that have something to show about a study, problems first."""
    told: dict[str, bool] = {}
    for finding in findings:
        mine = finding.subject.get("study") == study and finding.check in _CHECKS
        if mine and finding.status in ("problem", "notice"):
            told[finding.check] = told.get(finding.check, False) or finding.status == "problem"
    return sorted(told, key=lambda name: (not told[name], list(_CHECKS).index(name)))


def check_figures(
    place: int, study: Study, records: Sequence[Record], names: Sequence[str] | None
) -> list[Figure]:
    """The charts of these checks on a study; of all of them where None."""
    curves = trial_curves(study, records)
    return [
        _figure(place, study, name, curves if _CHECKS[name].of_curves else records)
        for name in (_CHECKS if names is None else names)
    ]


def _figure(place: int, study: Study, name: str, found: Sequence[Any]) -> Figure:
    check = _CHECKS[name]
    result = check.result(study, found)
    return Figure(
        name=f"{name}-{place}",
        title=check.title,
        caption=check.chart.caption(result),
        study=study.name,
        draw=partial(_drawn, check.chart, result),
        rows=_ROWS,
    )


def _drawn(chart: ModuleType, result: Any, rows: int) -> Any:
    del rows  # it sums trials up
    return chart.draw(result)

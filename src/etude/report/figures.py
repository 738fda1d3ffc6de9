"""The figures of a report in reading order, each with its name, title and caption."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..analyze.analysis import Analysis
from ..analyze.checks.sampling_luck import SamplingLuck, sampling_luck
from ..analyze.summaries.axis import Axis, AxisGrid, axis, axis_grids
from ..analyze.summaries.isolation import Isolation, isolation
from ..analyze.summaries.learning_curves import Curves, best_curves, curves, metrics
from ..analyze.summaries.lineage import lineage
from ..analyze.views.outcomes import Outcome
from ..finding import Finding, StudyRow, about_studies
from ..plot import axis as axis_plot
from ..plot import axis_grid as grid_plot
from ..plot import best_curves as best_plot
from ..plot import curves as curves_plot
from ..plot import isolation as isolation_plot
from ..plot import lineage as lineage_plot
from ..plot import sampling_luck as luck_plot
from ..plot import study_strip as strip_plot
from ..record import Record
from ..space import Choice
from ..study import Study
from .check_figures import MAX_CHECKS, check_figures, notable_checks
from .inputs import Figure

# Heuristic: at some 50 bytes a row, the charts of one page stay below 3 MB.
MAX_ROWS = 60_000
# A row of an axis is as long as so many of a curve.
_AXIS_ROW = 3
# Beyond this many studies, a page draws the hyperparameters of the best ones.
MAX_COLUMNS = 12
# Beyond this many metrics, a report draws the experiment's own and the first ones by name.
MAX_METRICS = 6


def figures(
    analysis: Analysis,
    axes: Mapping[str, Sequence[str]] | None = None,
    findings: Sequence[Finding] | None = None,
    *,
    intervals: Sequence[StudyRow] = (),
) -> list[Figure]:
    """The figures of an experiment, the comparison first; none before a trial has ended.

    Args:
        analysis: The trials, and the result of every check.
        axes: The hyperparameters to draw, by study; None draws all of them, singly too.
        findings: Only checks with a problem or a notice among them are drawn; None draws all.
        intervals: What the verdict says of each study, with the intervals of their values.

    Source: C5, C12, C13, Q10, R14.
    """
    studies = analysis.studies
    with_outcomes = [
        (place, study) for place, study in enumerate(studies, start=1) if analysis.outcomes(study)
    ]
    if not with_outcomes:
        return []
    luck = [
        figure
        for place, study in with_outcomes
        for share in analysis.shares(study)
        for figure in _luck(place, analysis.result(share, sampling_luck))
    ]
    compared = [(study, analysis.outcomes(study)) for study in analysis.compared_studies]
    best = isolation(compared)
    return _with_unique_names(
        [
            _strip(best, intervals),
            *_best_curves(compared),
            *_axis_grids(analysis, best, axes),
            *_comparison(best),
            *luck,
            *_of_studies(with_outcomes, analysis, axes, findings),
        ]
    )


def _of_studies(
    studies: Sequence[tuple[int, Study]],
    analysis: Analysis,
    axes: Mapping[str, Sequence[str]] | None,
    findings: Sequence[Finding] | None,
) -> list[Figure]:
    """The figures of each study with its place, as many charts of checks as a page holds."""
    room = MAX_CHECKS if findings is not None else None
    said = about_studies(findings or ())
    figures: list[Figure] = []
    for place, study in studies:
        checks = None
        if findings is not None:
            checks = notable_checks(said.get(study.name, ()), study.name)[:room]
        room = None if room is None or checks is None else room - len(checks)
        singly = list(study.space.domains) if axes is None else []
        figures += _of_study(place, study, analysis, singly)
        figures += check_figures(place, study, analysis, checks)
    return figures


def row_limit(figures: Sequence[Figure], *, total: int = MAX_ROWS) -> int:
    """How many rows each chart may hold for `total` in all; small charts leave their share."""
    remaining = total
    for place, rows in enumerate(sorted(figure.rows for figure in figures)):
        share = remaining // (len(figures) - place)
        if rows > share:
            return share
        remaining -= rows
    return total


def _strip(result: Isolation, intervals: Sequence[StudyRow]) -> Figure:
    return Figure(
        name="strip",
        title=f"{result.metric} of every trial",
        caption=strip_plot.caption(result, intervals),
        draw=lambda rows: strip_plot.draw(result, intervals, max_rows=rows),
        rows=sum(study.ended for study in result.studies),
        wide=True,
    )


def _comparison(result: Isolation) -> list[Figure]:
    """One figure; none where no value stands in any row."""
    figure = Figure(
        name="isolation",
        title=f"The best {result.metric}" + (" of each study" if len(result.studies) > 1 else ""),
        caption=isolation_plot.caption(result),
        draw=lambda rows: isolation_plot.draw(result, max_rows=rows),
        rows=sum(len(study.values) for study in result.studies),
        wide=True,
    )
    return [figure] if any(study.values for study in result.studies) else []


def _best_curves(compared: Sequence[tuple[Study, Sequence[Outcome]]]) -> list[Figure]:
    """One figure where there are curves to compare; a study alone has its own."""
    result = best_curves(compared, max_points=100)
    if len(result.curves) < 2:
        return []
    max_steps = max(study.max_steps for study, _ in compared)
    figure = Figure(
        name="curves",
        title=f"{result.metric} of the best trial of each study",
        caption=best_plot.caption(result),
        draw=lambda rows: best_plot.draw(result, max_steps=max_steps, max_rows=rows),
        rows=sum(len(one.curve.steps_P) for one in result.curves),
        wide=True,
    )
    return [figure]


def _axis_grids(
    analysis: Analysis, best: Isolation, axes: Mapping[str, Sequence[str]] | None
) -> list[Figure]:
    """The hyperparameters of all studies beside each other, the best studies first."""
    columns = [column for study in analysis.studies for column in _columns(analysis, study)]
    place = {study.study: at for at, study in enumerate(strip_plot.ordered(best))}
    columns.sort(key=lambda study: place.get(study.name, 0))
    columns = columns[:MAX_COLUMNS] if axes is not None else columns
    names = None if axes is None else {name for drawn in axes.values() for name in drawn}
    compared = [(study, analysis.outcomes(study)) for study in columns]
    grids = axis_grids(compared, None if names is None else sorted(names))
    firsts = [sum(len(grid.columns) for grid in grids[:at]) + 1 for at in range(len(grids))]
    known = len(analysis.compared_studies)
    return [
        _axis_grid(grid, first, known)
        for grid, first in zip(grids, firsts, strict=True)
        if grid.rows
    ]


def _columns(analysis: Analysis, study: Study) -> list[Study]:
    """A merged study in its values, but whole where one of its axes is a range that it asks of."""
    domains = [study.space.domains[name] for name in study.merged]
    whole = any(not isinstance(domain, Choice) for domain in domains)
    return [study] if whole else analysis.shares(study)


def _axis_grid(grid: AxisGrid, first: int, known: int) -> Figure:
    """The figure of a few studies, the first of them at this place of all that are known."""
    last = first + len(grid.columns) - 1
    alone = first == 1 and (last >= known or len(grid.columns) == 1)
    which = "" if alone else f", studies {first} to {last} of {known}, the best first"
    return Figure(
        name="axes",
        title=f"{grid.metric} along the hyperparameters{which}",
        caption=grid_plot.caption(grid),
        draw=lambda rows: grid_plot.draw(grid, max_rows=rows // _AXIS_ROW),
        rows=sum(len(cell.points) for _, cells in grid.rows for cell in cells if cell) * _AXIS_ROW,
        wide=True,
        min_width=grid_plot.width(grid),
    )


def _of_study(place: int, study: Study, analysis: Analysis, names: Sequence[str]) -> list[Figure]:
    outcomes = analysis.outcomes(study)
    records = [outcome.record for outcome in outcomes]
    drawn_metrics = metrics(study, records)[:MAX_METRICS]
    return [
        # A fork may have ended before the trial that it began from.
        *_lineage(place, study, analysis.records_of(study)),
        *(_axis(place, axis(study, outcomes, name)) for name in names),
        *(
            _curves(place, curves(study, outcomes, metric, max_points=100), study.max_steps)
            for metric in drawn_metrics
        ),
    ]


def _axis(place: int, result: Axis) -> Figure:
    return Figure(
        name=f"axis-{place}-{result.hyperparameter}",
        title=f"{result.metric} along {result.hyperparameter}",
        caption=axis_plot.caption(result),
        study=result.study,
        draw=lambda rows: axis_plot.draw(result, max_rows=rows // _AXIS_ROW),
        rows=len(result.points) * _AXIS_ROW,
    )


def _curves(place: int, result: Curves, max_steps: int) -> Figure:
    return Figure(
        name=f"curves-{place}-{result.metric}",
        title=f"{result.metric} while training",
        caption=curves_plot.caption(result),
        study=result.study,
        draw=lambda rows: curves_plot.draw(result, max_steps=max_steps, max_rows=rows),
        rows=sum(len(curve.steps_P) for curve in result.curves),
    )


def _lineage(place: int, study: Study, records: Sequence[Record]) -> list[Figure]:
    """One figure where trials were forked; none elsewhere."""
    if all(record.parent is None for record in records):
        return []
    result = lineage(study, records)
    figure = Figure(
        name=f"lineage-{place}",
        title=f"{result.metric} of families of trials",
        caption=lineage_plot.caption(result),
        study=study.name,
        draw=lambda rows: lineage_plot.draw(result, max_rows=rows),
        rows=sum(len(curve.steps_P) for curve in result.stretches),
    )
    return [figure]


def _luck(place: int, result: SamplingLuck) -> list[Figure]:
    """One figure; none where the study has too few trials to speak of luck."""
    figure = Figure(
        name=f"luck-{place}",
        title="Luck of the search" + ("" if result.study == "all" else f" in {result.study}"),
        caption=luck_plot.caption(result),
        draw=lambda _: luck_plot.draw(result),
        rows=len(result.budgets),
    )
    return [figure] if any(budget.median is not None for budget in result.budgets) else []


def _with_unique_names(figures: Iterable[Figure]) -> list[Figure]:
    """The figures with names that differ and are safe in the name of a file."""
    counts: Counter[str] = Counter()
    renamed = []
    for figure in figures:
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", figure.name)[:80]
        counts[name] += 1
        suffix = f"-{counts[name]}" if counts[name] > 1 else ""
        renamed.append(replace(figure, name=f"{name}{suffix}"))
    return renamed

"""The table of a verdict, a row a study, the leader first; and two values side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..analyze.checks.infeasible import infeasible
from ..finding import StudyMean, StudyRow
from ..wording import number, quantity
from .context import Context

# The form of what is said: more rows are not read.
MOST_ROWS = 5


def _error(row: StudyRow) -> float | None:
    """The standard error of a value, where its interval is known."""
    if row.low is None or row.high is None:
        return None
    return (row.high - row.low) / 4


def pair(leader: StudyRow, rival: StudyRow, context: Context) -> str:
    """The two best values, in examples where that is known, or how far they are apart.

    Source: A1.
    """
    examples = context.experiment.validation_examples
    if leader.count is not None and rival.count is not None and examples:
        return f"{leader.count:,} against {rival.count:,} of {examples:,} {_counted(context)}"
    digits = _digits([leader, rival])
    texts = [number(row.value, digits) for row in (leader, rival)]
    if texts[0] == texts[1] and None not in (leader.value, rival.value):
        return f"{_apart(leader, rival)} apart"
    return " against ".join(texts)


def _apart(leader: StudyRow, row: StudyRow) -> str:
    """By how much a study is behind, where rounded values do not tell."""
    if leader.value is None or row.value is None:
        return ""
    return number(abs(leader.value - row.value), 2)


def _counted(context: Context) -> str:
    return "right" if context.experiment.maximize else "wrong"


def by_mean(context: Context) -> list[StudyMean]:
    """The means of studies that tune nothing, the best first.

    Source: A2.
    """
    loss = context.experiment.objective.loss
    return sorted(context.verdict.means, key=lambda one: loss(one.mean))


def table(context: Context) -> tuple[tuple[str, ...], ...]:
    """The studies, the leader first: value, what it counts, its interval, the best trial.

    Source: A1, R13.
    """
    rows = context.verdict.rows
    if len(context.verdict.means) == len(rows) > 0:
        return _means_table(context)
    shown = rows if len(rows) <= MOST_ROWS + 1 else rows[:MOST_ROWS]
    columns = [column for column in _columns(context, shown) if any(column[1:])]
    table = tuple(zip(*columns, strict=True))
    left_out = len(rows) - len(shown)
    more = (f"{left_out} more",) + ("",) * (len(columns) - 1)
    return (*table, more) if left_out else table


def _means_table(context: Context) -> tuple[tuple[str, ...], ...]:
    """The means of studies that tune nothing: the best of them would be the luckiest seed."""
    header = ("study", f"mean {context.experiment.metric}", "standard deviation", "trainings")
    rows = [
        (
            one.study,
            number(one.mean),
            "not known" if math.isnan(one.sd) else number(one.sd, 2),
            str(one.trials) + (f", {one.infeasible} more broke" if one.infeasible else ""),
        )
        for one in by_mean(context)
    ]
    return (header, *rows[: MOST_ROWS + 1])


def _columns(context: Context, rows: Sequence[StudyRow]) -> Iterator[list[str]]:
    examples = context.experiment.validation_examples or 0
    digits = _digits(rows)
    yield ["study", *(row.study for row in rows)]
    cells = [_cell(row.value, digits, _error(row)) for row in rows]
    yield [context.experiment.metric, *cells]
    if len(set(cells)) < len({row.value for row in rows}):
        yield ["behind by", *(_apart(rows[0], row) for row in rows)]
    counts = (row.count for row in rows)
    yield [
        _counted(context),
        *("" if one is None else f"{one:,} of {examples:,}" for one in counts),
    ]
    yield ["95 % interval", *map(_interval, rows)]
    yield ["best trial", *map(_best_trial, rows)]
    yield ["trials", *(_trials(context, row) for row in rows)]
    retrained = any(row.retrained > 1 for row in rows)
    yield ["trained", *(quantity(row.retrained, "time") if retrained else "" for row in rows)]


def _digits(rows: Sequence[StudyRow]) -> int:
    """The fewest digits that tell the values apart, two or three."""
    values = {row.value for row in rows if row.value is not None}
    return 2 if len({number(value, 2) for value in values}) == len(values) > 1 else 3


def _cell(value: float | None, digits: int, error: float | None) -> str:
    return "none" if value is None else number(value, digits, error=error)


def _interval(row: StudyRow) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{number(row.low, 2)} to {number(row.high, 2)}"


def _best_trial(row: StudyRow) -> str:
    if row.trial is None or row.step is None:
        return ""
    return f"{row.trial} at step {row.step:,}"


def _trials(context: Context, row: StudyRow) -> str:
    """How many ended, and how many of them failed: as many as C3 says beneath the table."""
    failed = row.ended - row.feasible
    for study in context.studies:
        if study.name == row.study:
            result = context.analysis.result(study, infeasible)
            failed = max(failed, len(result.trials))
    if failed == row.ended > 1:
        return f"all {failed:,} failed"
    return f"{row.ended:,}, {failed:,} failed" if failed else f"{row.ended:,}"


def better_than_chance(context: Context, study: str) -> Iterator[str]:
    """That a first round is clearly better than chance: what is tuned later has learned.

    Source: S11.
    """
    if context.experiment.parent is None:
        for finding in context.findings:
            is_leader = finding.subject.get("study") == study
            if (finding.check, finding.status) == ("chance", "ok") and is_leader:
                yield finding.headline

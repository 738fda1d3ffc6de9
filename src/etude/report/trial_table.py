"""The trials of a report: the table of all of them, and a summary of each study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from ..analyze.analysis import Analysis
from ..analyze.views.outcomes import Outcome, ranked
from ..plot.scales import shown
from ..record import Record
from ..study import Study
from ..wording import chart_number, quantity

# Heuristic: more rows than a person scrolls through, and 0.2 MB of a page.
MAX_TRIALS = 500
# So many values in all stand in the table, and at most and at least so many of each trial.
MAX_VALUES = 6000
_MOST, _FEWEST = 24, 6
Pairs = list[tuple[str, str]]


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """A trial as text: `standing` is its status with the reason; `best` may be empty.

    Of a setting with many values, `left_out` of them are not shown.
    """

    id: int
    study: str
    status: str
    standing: str
    detail: str
    best: str
    step: str
    setting: Pairs
    left_out: int = 0

    def cut(self, most: int) -> Row:
        """With at most so many values of its setting."""
        return replace(self, setting=self.setting[:most], left_out=max(0, len(self.setting) - most))


def table(analysis: Analysis) -> list[Row]:
    """Every trial: by best value, then those without one by status, infeasible ones first.

    Source: C1, C3.
    """
    ended = [one for study in analysis.studies for one in analysis.outcomes(study)]
    by_study = {study.name: study for study in analysis.studies}
    known = {one.trial for one in ended}
    others = [record for record in analysis.records if record.id not in known]
    feasible = ranked(ended)
    rest = [one.record for one in ended if not one.feasible]
    rest.sort(key=lambda record: (record.status != "infeasible", record.id))
    waiting = sorted(others, key=lambda record: record.id)
    rows = [_row(one.record, by_study, one) for one in feasible]
    return rows + [_row(record, by_study, None) for record in [*rest, *waiting]]


def shown_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows of the table that a page shows, each with as many values as there is room for."""
    first = rows[:MAX_TRIALS]
    most = max(_FEWEST, min(_MOST, MAX_VALUES // max(1, len(first))))
    return [row.cut(most) for row in first]


def lead(rows: Sequence[Row]) -> str:
    """How the table is sorted, and what is left out of it."""
    sorting = "Best values first; trials without one follow, infeasible ones first."
    if len(rows) <= MAX_TRIALS:
        return f"{quantity(len(rows), 'trial')}. {sorting}"
    cut = f"The first {MAX_TRIALS} of {len(rows):,} trials; `etude trials` lists all of them."
    return f"{cut} {sorting}"


def summary(study: Study, analysis: Analysis) -> str:
    """How a study's trials ended, and its best."""
    records = analysis.records_of(study)
    counts = (
        f"{quantity(len(records), 'trial')}: {_standings(records)}." if records else "No trial yet."
    )
    best = analysis.best_first(study)[:1]
    if not best:
        return counts
    value, step = chart_number(best[0].value or 0.0), best[0].step or 0
    return f"{counts} Best {study.metric} {value}, by trial {best[0].trial} at step {step:,}."


def best_setting(study: Study, analysis: Analysis) -> Pairs:
    """The searched values of the study's best trial; empty without one."""
    best = analysis.best_first(study)[:1]
    return [_pair(study, one.record, name) for one in best for name in study.space.domains]


def facts(analysis: Analysis) -> Pairs:
    """What the experiment has come to, in a few counts: each with its name."""
    studies, records = analysis.studies, analysis.records
    statuses = [record.status for record in records]
    waiting = len(statuses) - sum(record.ended for record in records)
    found = [
        ("study" if len(studies) == 1 else "studies", str(len(studies))),
        ("trial" if len(statuses) == 1 else "trials", f"{len(statuses):,}"),
        ("infeasible", f"{statuses.count('infeasible'):,}"),
    ]
    others = {"stopped early": statuses.count("stopped"), "not ended": waiting}
    return [*found, *((name, f"{number_of:,}") for name, number_of in others.items() if number_of)]


def _row(record: Record, studies: dict[str, Study], outcome: Outcome | None) -> Row:
    study = studies.get(record.study)
    names: Iterable[str] = study.space.domains if study else record.setting
    standing = f"{record.status}: {record.reason}" if record.reason else record.status
    has_value = outcome is not None and outcome.value is not None and outcome.step is not None
    return Row(
        id=record.id,
        study=record.study,
        status=record.status,
        standing=standing,
        detail=record.detail.strip()[-300:],
        best=chart_number(outcome.value or 0.0) if outcome and has_value else "",
        step=f"{outcome.step:,}" if outcome and has_value else "",
        setting=[_pair(study, record, name) for name in names],
    )


def _pair(study: Study | None, record: Record, name: str) -> tuple[str, str]:
    return name, shown(record.setting[name]) if name in record.setting else ""


def _standings(records: Sequence[Record]) -> str:
    counts = Counter(record.status for record in records)
    return ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))

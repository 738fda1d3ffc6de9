"""The trials of a report: the table of all of them, and a summary of each study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from ..analyze.analysis import Analysis
from ..analyze.views.outcomes import Outcome, ranked
from ..analyze.views.spent import saved_clause, spent, spent_clause
from ..plot.scales import value_label
from ..record import Record
from ..study import Study
from ..text.masking import masked_message
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
    """A trial as text.

    Args:
        status_text: Its status with the reason.
        best: Its best value; empty where it has none, as is `step`.
        hidden_values: How many values of a long setting are not shown.
    """

    id: int
    study: str
    status: str
    status_text: str
    detail: str
    best: str
    step: str
    setting: Pairs
    hidden_values: int = 0

    def shortened(self, most: int) -> Row:
        """The row with at most so many values of its setting."""
        hidden = max(0, len(self.setting) - most)
        return replace(self, setting=self.setting[:most], hidden_values=hidden)


def trial_rows(analysis: Analysis) -> list[Row]:
    """Every trial: by best value, then those without one by status, infeasible ones first.

    Source: C1, C3.
    """
    outcomes = [outcome for study in analysis.studies for outcome in analysis.outcomes(study)]
    studies = {study.name: study for study in analysis.studies}
    ended = {outcome.trial for outcome in outcomes}
    unended = [record for record in analysis.records if record.id not in ended]
    unended.sort(key=lambda record: record.id)
    without_value = [outcome.record for outcome in outcomes if not outcome.feasible]
    without_value.sort(key=lambda record: (record.status != "infeasible", record.id))
    rows = [_row(outcome.record, studies, outcome) for outcome in ranked(outcomes)]
    return rows + [_row(record, studies, None) for record in [*without_value, *unended]]


def page_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows of the table that a page shows, each with as many values as there is room for."""
    first = rows[:MAX_TRIALS]
    most = max(_FEWEST, min(_MOST, MAX_VALUES // max(1, len(first))))
    return [row.shortened(most) for row in first]


def table_note(rows: Sequence[Row]) -> str:
    """How many trials the table has, how it is sorted, and that its end is not shown."""
    sorting = "Best values first; trials without one follow, infeasible ones first."
    if len(rows) <= MAX_TRIALS:
        return f"{quantity(len(rows), 'trial')}. {sorting}"
    count = f"The first {MAX_TRIALS} of {len(rows):,} trials; `etude trials` lists all of them."
    return f"{count} {sorting}"


def study_summary(study: Study, analysis: Analysis, *, in_stacks: bool = False) -> str:
    """How the trials of a study ended, what they took, and its best value."""
    records = analysis.records_of(study)
    counts = (
        f"{quantity(len(records), 'trial')}: {_status_counts(records)}. "
        f"{_spent_sentence(study, analysis, in_stacks=in_stacks)}"
        if records
        else "No trial yet."
    )
    best = analysis.best_first(study)[:1]
    if not best:
        return counts
    value, step = chart_number(best[0].value or 0.0), best[0].step or 0
    return f"{counts} Best {study.metric} {value}, by trial {best[0].trial} at step {step:,}."


def _spent_sentence(study: Study, analysis: Analysis, *, in_stacks: bool) -> str:
    """What its trials took, and what its schedule saved."""
    records, resources = analysis.records_of(study), analysis.experiment.resources
    known = spent(records, study.max_steps, resources, in_stacks=in_stacks)
    clauses = [spent_clause(known), saved_clause(known, study.schedule)]
    return f"{'; '.join(filter(None, clauses))}."


def best_setting(study: Study, analysis: Analysis) -> Pairs:
    """The searched values of the study's best trial; empty without one."""
    best = analysis.best_first(study)[:1]
    return [_pair(study, outcome.record, name) for outcome in best for name in study.space.domains]


def facts(analysis: Analysis) -> Pairs:
    """The experiment in a few counts, each with its name."""
    studies, records = analysis.studies, analysis.records
    statuses = [record.status for record in records]
    unended = len(statuses) - sum(record.ended for record in records)
    always = [
        ("study" if len(studies) == 1 else "studies", str(len(studies))),
        ("trial" if len(statuses) == 1 else "trials", f"{len(statuses):,}"),
        ("infeasible", f"{statuses.count('infeasible'):,}"),
    ]
    others = {"stopped early": statuses.count("stopped"), "not ended": unended}
    took = spent(records, analysis.experiment.max_steps, analysis.experiment.resources)
    others |= {"steps trained": took.steps, "steps saved": took.saved_steps}
    return [*always, *((name, f"{count:,}") for name, count in others.items() if count)]


def _row(record: Record, studies: dict[str, Study], outcome: Outcome | None) -> Row:
    study = studies.get(record.study)
    names: Iterable[str] = study.space.domains if study else record.setting
    status_text = f"{record.status}: {record.reason}" if record.reason else record.status
    has_value = outcome is not None and outcome.value is not None and outcome.step is not None
    return Row(
        id=record.id,
        study=record.study,
        status=record.status,
        status_text=status_text,
        detail=masked_message(record.detail[-2000:]).strip()[-300:],
        best=chart_number(outcome.value or 0.0) if outcome and has_value else "",
        step=f"{outcome.step:,}" if outcome and has_value else "",
        setting=[_pair(study, record, name) for name in names],
    )


def _pair(study: Study | None, record: Record, name: str) -> tuple[str, str]:
    return name, value_label(record.setting[name]) if name in record.setting else ""


def _status_counts(records: Sequence[Record]) -> str:
    counts = Counter(record.status for record in records)
    return ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))

"""The trials of a report: the rows of its table, and a summary of each study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from ..analyze.analysis import Analysis
from ..analyze.checks.infeasible import infeasible
from ..analyze.views.outcomes import Outcome, ranked
from ..analyze.views.spent import saved_clause, spent, spent_clause
from ..plot.scales import value_label
from ..record import Record
from ..space import Scalar
from ..space.values import is_number
from ..study import Study
from ..text.masking import masked_message
from ..wording import number, quantity

# Heuristic: what a page shows without JavaScript, 0.1 MB of it; the others are drawn of data.
MAX_ROWS = 200
# Heuristic: beyond so many columns of values, a table is wider than a screen.
MAX_COLUMNS = 8
# So many of the last characters of a message are kept.
_MESSAGE = 300
Pairs = list[tuple[str, str]]


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """A trial as text.

    Args:
        name: Its id in the tool that it was imported from; empty for a trial of ours.
        status_text: Its status with the reason.
        best: Its best value as text; empty where it has none, as is `step`.
        value: The same as a number, to sort by; None where it has none.
        setting: All that it was handed, by name.
    """

    id: int
    study: str
    status: str
    status_text: str
    best: str
    step: str
    setting: Mapping[str, Scalar]
    detail: str = ""
    name: str = ""
    value: float | None = None


def trial_rows(analysis: Analysis) -> list[Row]:
    """Every trial: by best value, then those without one by status, infeasible ones first.

    Source: C1, C3.
    """
    outcomes = [outcome for study in analysis.studies for outcome in analysis.outcomes(study)]
    unlearned = never_learned(analysis)
    ended = {outcome.trial for outcome in outcomes}
    unended = [record for record in analysis.records if record.id not in ended]
    unended.sort(key=lambda record: record.id)
    without_value = [outcome.record for outcome in outcomes if not outcome.feasible]
    without_value.sort(key=lambda record: (record.status != "infeasible", record.id))
    rows = [_row(outcome.record, outcome, unlearned) for outcome in ranked(outcomes)]
    return rows + [_row(record, None, unlearned) for record in [*without_value, *unended]]


def never_learned(analysis: Analysis) -> dict[int, str]:
    """The trials with a value that fail all the same, each with the reason.

    They trained to their end and never learned, or a loss of theirs ends not finite (C3, D1).

    Source: C3, D1.
    """
    reasons: dict[int, str] = {}
    for study in analysis.studies:
        feasible = {one.trial for one in analysis.outcomes(study) if one.feasible}
        failed = analysis.result(study, infeasible).trials
        for trial in feasible.intersection(failed):
            learned = trial not in analysis.never_learned(study)
            reasons[trial] = "a loss is not finite" if learned else "never learned"
    return reasons


def table_columns(rows: Sequence[Row], studies: Sequence[Study]) -> list[str]:
    """The hyperparameters that have a column: those that differ, the searched ones first."""
    searched = dict.fromkeys(name for study in studies for name in study.space.domains)
    apart = {name for study in studies for name in study.scientific} if len(studies) > 1 else set()
    names = dict.fromkeys([*searched, *(name for row in rows for name in row.setting)])
    differing = [name for name in names if name not in apart and _differs(name, rows)]
    return differing[:MAX_COLUMNS]


def _differs(name: str, rows: Sequence[Row]) -> bool:
    """Whether it has two values among the trials that have it."""
    return len({row.setting[name] for row in rows if name in row.setting}) > 1


def page_rows(rows: Sequence[Row], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of the table that stand in the page itself, with a text for each column."""
    return [
        {
            "id": row.id,
            "study": row.study,
            "status": row.status,
            "status_text": row.status_text,
            "best": row.best,
            "step": row.step,
            "cells": [(name, value_text(row, name), _is_number(row, name)) for name in columns],
        }
        for row in rows[:MAX_ROWS]
    ]


def value_text(row: Row, name: str) -> str:
    """A value of a trial's setting as people read it; empty where it has none."""
    return _value_text(row.setting[name]) if name in row.setting else ""


def _value_text(value: Scalar) -> str:
    return number(value) if isinstance(value, float) else value_label(value)


def _is_number(row: Row, name: str) -> bool:
    return is_number(row.setting.get(name))


def table_note(rows: Sequence[Row]) -> str:
    """How many trials the table has and how it is sorted at first."""
    sorting = "Best values first; trials without one follow, infeasible ones first."
    return f"{quantity(len(rows), 'trial')}. {sorting}"


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
    value, step = number(best[0].value), best[0].step or 0
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


def _row(record: Record, outcome: Outcome | None, unlearned: Mapping[int, str]) -> Row:
    reason = record.reason or unlearned.get(record.id, "")
    status_text = f"{record.status}: {reason}" if reason else record.status
    has_value = outcome is not None and outcome.value is not None and outcome.step is not None
    return Row(
        id=record.id,
        name=record.name,
        study=record.study,
        status=record.status,
        status_text=status_text,
        detail=masked_message(record.detail[-2000:]).strip()[-_MESSAGE:] if record.detail else "",
        best=number(outcome.value) if outcome and has_value else "",
        step=f"{outcome.step:,}" if outcome and has_value else "",
        value=outcome.value if outcome and has_value else None,
        setting=record.setting,
    )


def _pair(study: Study | None, record: Record, name: str) -> tuple[str, str]:
    return name, _value_text(record.setting[name]) if name in record.setting else ""


def _status_counts(records: Sequence[Record]) -> str:
    counts = Counter(record.status for record in records)
    return ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))

"""Answer: what the round that trained the best settings again says, and by which code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..analyze.views.versions import changed_between
from ..experiment.entry import Entry
from .retraining import Retraining

if TYPE_CHECKING:
    from .result import Result


def answer_status(result: Result) -> str:
    """The word of the verdict of the round that trained its best again; empty without one."""
    answer = _answer(result)
    if answer is None or result.trained:
        return ""
    entry = Entry(experiment=answer.experiment, text="")
    again = type(result)(entry=entry, recorded=answer.records, store=result.store)
    return again.verdict.status


def changed_since(result: Result) -> tuple[str, ...]:
    """The files that changed between the trainings that found its best settings and that round."""
    answer = _answer(result)
    if answer is None:
        return ()
    again = answer.records.ended()
    settings = [dict(one.setting) for one in again]
    found = [one for one in result.records if dict(one.setting) in settings]
    return changed_between(found, again)


def _answer(result: Result) -> Retraining | None:
    known = (one for one in result.retrainings if one.experiment.name == result.retraining)
    return next(known, None) if result.retraining else None

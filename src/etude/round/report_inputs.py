"""The inputs of a report: what its page and its pictures are made from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..analyze.registry import not_checked
from ..report.inputs import Inputs
from .checkpoint_choice import predictions_of
from .round_line import rounds

if TYPE_CHECKING:
    from .result import Result


def report_inputs(result: Result) -> Inputs:
    """All that a report of a result shows, computed where it was not yet."""
    return Inputs(
        analysis=result.analysis,
        findings=result.findings,
        verdict=result.verdict,
        ending=result.ending(),
        recommendations=result.recommendations,
        left_to_you=result.left_to_you,
        waiting=result.advice.waiting,
        not_checked=not_checked(result.findings),
        launches=result.entry.launches,
        text=result.entry.text,
        predictions=predictions_of(result.checkpoints),
        rounds=rounds(result.line, result.experiment),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )

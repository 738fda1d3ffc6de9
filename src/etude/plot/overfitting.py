"""Where in training the validation of trials turned up, by loss and by metric."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.overfitting import Overfitting
from ..analyze.checks.overfitting_turn import Turn
from ..wording import quantity
from .histogram import paired_bars


def draw(result: Overfitting) -> alt.LayerChart:
    """Where the validation of trials that overfit was at its best, by loss and by metric.

    Source: C6, C7.
    """
    by_loss = _turn_shares(result, [trial.by_loss for trial in result.trials])
    by_metric = _turn_shares(result, [trial.by_metric for trial in result.trials])
    if all(trial.by_loss.name == trial.by_metric.name for trial in result.trials):
        by_metric = []
    kinds = "pale: valid/loss" + (f"; dark: {result.metric}" if by_metric else "")
    return paired_bars(
        {"box": by_loss, "median": by_metric},
        [],
        title=f"validation turned up, of {result.max_steps:,} steps",
        note=kinds if by_loss or by_metric else "no trial overfits",
    )


def has_marks(result: Overfitting) -> bool:
    """Whether there is anything to draw."""
    turns = [turn for trial in result.trials for turn in (trial.by_loss, trial.by_metric)]
    return bool(_turn_shares(result, turns))


def caption(result: Overfitting) -> str:
    """How many trials overfit, by loss and by metric, and whether the best one does.

    Source: C6, C7.
    """
    judged = [trial for trial in result.trials if trial.status != "unclear"]
    if not judged:
        return "No trial can be judged: overfitting shows in validation and training curves."
    by_loss = sum(trial.by_loss.status == "problem" for trial in judged)
    by_metric = sum(trial.by_metric.status == "problem" for trial in judged)
    verb = "overfits" if by_loss == 1 else "overfit"
    text = (
        f"Of {quantity(len(judged), 'trial')}, {by_loss:,} {verb} by the validation loss and "
        f"{by_metric:,} by {result.metric}"
    )
    if any(trial.best and trial.status == "problem" for trial in judged):
        return text + ", the best among them."
    if result.selection == "notice":
        return text + f"; the best may only have less {result.hidden_by}."
    return text + "."


def _turn_shares(result: Overfitting, turns: list[Turn]) -> list[float]:
    length = max(1, result.max_steps)
    return [
        (turn.best_step + 1) / length
        for turn in turns
        if turn.status == "problem" and turn.best_step is not None
    ]

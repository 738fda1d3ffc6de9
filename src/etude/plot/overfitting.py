"""Where in training the validation of trials turned up, by loss and by metric."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.overfitting import Overfitting, Turn
from ..wording import quantity
from .histogram import paired_bars


def draw(result: Overfitting) -> alt.LayerChart:
    """Where the validation of trials that overfit was at its best, by loss and by metric.

    Source: C6, C7.
    """
    by_loss = _turned(result, [one.by_loss for one in result.trials])
    by_metric = _turned(result, [one.by_metric for one in result.trials])
    if result.metric == "valid/loss":
        by_metric = []
    names = "pale: valid/loss" + (f"; dark: {result.metric}" if by_metric else "")
    return paired_bars(
        {"box": by_loss, "median": by_metric},
        [],
        title=f"validation turned up, of {result.max_steps:,} steps",
        note=names if by_loss or by_metric else "no trial overfits",
    )


def caption(result: Overfitting) -> str:
    """How many trials overfit, by loss and by metric, and whether the best one does.

    Source: C6, C7.
    """
    judged = [one for one in result.trials if one.status != "unclear"]
    if not judged:
        return "No trial can be judged: overfitting shows in validation and training curves."
    by_loss = sum(one.by_loss.status == "problem" for one in judged)
    by_metric = sum(one.by_metric.status == "problem" for one in judged)
    text = (
        f"Of {quantity(len(judged), 'trial')}, {by_loss:,} overfit by the validation loss and "
        f"{by_metric:,} by {result.metric}."
    )
    if any(one.best and one.status == "problem" for one in judged):
        text += " The best trial is one of them."
    if result.selection == "notice":
        text += f" The best may have been chosen because it has less {result.hidden_by}."
    return text


def _turned(result: Overfitting, turns: list[Turn]) -> list[float]:
    length = max(1, result.max_steps)
    return [
        (turn.best_step + 1) / length
        for turn in turns
        if turn.status == "problem" and turn.best_step is not None
    ]

"""The smoothed training losses that rise most."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.training_loss_rises import RisingTrial, TrainingLossRises
from ..wording import quantity
from .layers import HEIGHT, Row, chart_of, count_note, dashed_lines, layer_chart
from .scales import MetricAxis, integer_ticks
from .theme import DASHES

SHOWN = len(DASHES)


def draw(result: TrainingLossRises, *, most: int = SHOWN) -> alt.LayerChart:
    """The smoothed training loss of the trials that rise most beyond noise.

    Source: C11, D2.
    """
    trials = rising(result)
    lines = [_rows(trial) for trial in trials[: min(most, len(DASHES))]]
    last = max(1, result.max_steps - 1)
    axis = alt.Axis(title="step", format="~s", grid=False, **integer_ticks(0, last))
    x = alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))
    values = [row["value"] for line in lines for row in line]
    loss_axis = MetricAxis("train/loss", values, maximize=False)
    y = loss_axis.y("value", [HEIGHT, 0])
    layers = dashed_lines(lines, x, y, [alt.Tooltip("trial:Q")])
    empty = [chart_of([]).mark_line(style="best-line").encode(x=x)]
    note = count_note(len(lines), len(trials)) if lines else "no trial rises"
    return layer_chart(layers or empty, "train/loss, smoothed", note=note)


def has_marks(result: TrainingLossRises) -> bool:
    """Whether there is anything to draw."""
    return bool(rising(result))


def caption(result: TrainingLossRises) -> str:
    """How many training losses rise, and how many of them at a higher rate than the best trial's.

    Source: C11, D2.
    """
    judged = [trial for trial in result.trials if trial.status != "unclear"]
    if not judged:
        return "No trial logged enough of its training loss to say whether it rises."
    trials = rising(result)
    of = f"of {quantity(len(judged), 'trial')}"
    if not trials:
        return f"The training loss rises in none {of}."
    above = sum(trial.above_best for trial in trials)
    rates = f", {above:,} of them at a learning rate above the best trial's" if above else ""
    return f"The training loss ends above its lowest, beyond noise, in {len(trials):,} {of}{rates}."


def rising(result: TrainingLossRises) -> list[RisingTrial]:
    """The trials that rise, those farthest beyond noise first."""
    trials = [trial for trial in result.trials if trial.status in ("notice", "problem")]
    return sorted(trials, key=lambda trial: (-_excess(trial), trial.trial))


def _excess(trial: RisingTrial) -> float:
    """How many times the rise is what noise allows; the bare rise where there is no noise."""
    return (trial.rise or 0.0) / trial.limit if trial.limit else float("inf")


def _rows(trial: RisingTrial) -> list[Row]:
    """The curve from where it first came as low as it climbs again: the start would dwarf that."""
    lowest = trial.values_P.index(min(trial.values_P))
    ceiling = max(trial.values_P[lowest:])
    begin = next(place for place, value in enumerate(trial.values_P) if value <= ceiling)
    label = f"trial {trial.trial}"
    return [
        {"label": label, "trial": trial.trial, "step": step, "value": float(f"{value:.6g}")}
        for step, value in zip(trial.steps_P[begin:], trial.values_P[begin:], strict=True)
    ]

"""The training losses that climb, smoothed: the worst few."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.training_loss_rises import RisingTrial, TrainingLossRises
from ..wording import quantity
from .layers import HEIGHT, Row, drawn, rows, stacked
from .scales import Measure, whole
from .theme import DASHES

SHOWN = len(DASHES)


def draw(result: TrainingLossRises, *, most: int = SHOWN) -> alt.LayerChart:
    """The smoothed training loss of the trials that rise most beyond noise.

    Source: C11, D2.
    """
    found = rising(result)
    top = found[: min(most, len(DASHES))]
    lines = [_rows(one) for one in top]
    last = max(1, result.max_steps - 1)
    axis = alt.Axis(title="step", format="~s", grid=False, **whole(0, last))
    x = alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))
    values = [row["value"] for line in lines for row in line]
    y = Measure("train/loss", values, maximize=False).up("value", [HEIGHT, 0])
    labels = [line[0]["label"] for line in lines if line]
    color = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels))
    layers = [
        rows(line)
        .mark_line(style="best-line", strokeDash=DASHES[place])
        .encode(x=x, y=y, color=color, tooltip=[alt.Tooltip("label:N", title="trial")])
        for place, line in enumerate(lines)
    ]
    empty = [rows([]).mark_line(style="best-line").encode(x=x)]
    note = drawn(len(top), len(found)) if top else "no trial rises"
    return stacked(layers or empty, "train/loss, smoothed", note=note)


def caption(result: TrainingLossRises) -> str:
    """How many training losses rise, and how many of them at a higher rate than the best trial's.

    Source: C11, D2.
    """
    judged = [one for one in result.trials if one.status != "unclear"]
    if not judged:
        return "No trial logged enough of its training loss to say whether it rises."
    found = rising(result)
    of = f"of {quantity(len(judged), 'trial')}"
    if not found:
        return f"The training loss rises in none {of}."
    above = sum(one.above_best for one in found)
    rates = f", {above:,} of them at a learning rate above the best trial's" if above else ""
    return f"The training loss ends above its lowest, beyond noise, in {len(found):,} {of}{rates}."


def rising(result: TrainingLossRises) -> list[RisingTrial]:
    """The trials that rise, those farthest beyond noise first."""
    found = [one for one in result.trials if one.status in ("notice", "problem")]
    return sorted(found, key=lambda one: (-_excess(one), one.trial))


def _excess(one: RisingTrial) -> float:
    """How many times the rise is what noise allows; the bare rise where there is no noise."""
    return (one.rise or 0.0) / one.limit if one.limit else float("inf")


def _rows(one: RisingTrial) -> list[Row]:
    """The curve from where it first came as low as it climbs again: the start would dwarf that."""
    lowest = one.values_P.index(min(one.values_P))
    ceiling = max(one.values_P[lowest:])
    begin = next(place for place, value in enumerate(one.values_P) if value <= ceiling)
    label = f"trial {one.trial}"
    return [
        {"label": label, "step": step, "value": float(f"{value:.6g}")}
        for step, value in zip(one.steps_P[begin:], one.values_P[begin:], strict=True)
    ]

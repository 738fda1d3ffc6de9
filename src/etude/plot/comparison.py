"""Every retraining of two settings, with their means and how sure these are."""

from __future__ import annotations

import math

import altair as alt

from ..analyze.comparison import Comparison
from ..analyze.comparison.comparison import Side
from ..wording import chart_number
from .layers import Row, rows, stacked
from .scales import Measure

HEIGHT = 180


def draw(result: Comparison) -> alt.LayerChart:
    """Each training's final value, A beside B, and the mean of each with its standard error.

    Failed trainings have no value: they are counted above.

    Source: A2.
    """
    sides = [("A", result.a), ("B", result.b)]
    found = [row for which, side in sides for row in _values(which, side)]
    means = [_mean(which, side) for which, side in sides if side.finite]
    ends = [row[end] for row in means for end in ("low", "high")]
    measure = Measure(result.metric, [*(row["value"] for row in found), *ends], maximize=True)
    names = [_name(which, side) for which, side in sides]
    axis = alt.Axis(title=None, labelAngle=0, labelLimit=240)
    x = alt.X("side:N", sort=None, axis=axis, scale=alt.Scale(domain=names))
    up = {field: measure.up(field, [HEIGHT, 0]) for field in ("value", "low", "mean")}
    tooltip = [alt.Tooltip("side:N"), alt.Tooltip("shown:N", title=result.metric)]
    layers = [
        rows(found).mark_circle(style="rest", size=45).encode(x=x, y=up["value"], tooltip=tooltip),
        rows(means).mark_rule(style="interval").encode(x=x, y=up["low"], y2="high:Q"),
        rows(means)
        .mark_tick(style="median", orient="horizontal", size=34, thickness=2.5)
        .encode(x=x, y=up["mean"], tooltip=tooltip),
    ]
    return stacked(layers, result.metric, height=HEIGHT, note=_failed(result))


def caption(result: Comparison) -> str:
    """What is drawn, and how the two stand.

    Source: A2.
    """
    if not result.difference.known:
        return "Points: final values of trainings; too few of them to compare means."
    word = "better" if result.gain >= 0 else "worse"
    return (
        "Points: final values of trainings; lines: means with one standard error. The mean of "
        f"`{result.b.name}` is {word} by {chart_number(abs(result.gain))}; what difference there "
        f"is is smaller than {chart_number(result.at_most)}."
    )


def _name(which: str, side: Side) -> str:
    # Two sides may bear one name: experiments do not, files may.
    return f"{which}: {side.name}" if side.name != which else which


def _values(which: str, side: Side) -> list[Row]:
    return [
        {"side": _name(which, side), "value": value, "shown": chart_number(value)}
        for value in side.finite
    ]


def _mean(which: str, side: Side) -> Row:
    error = 0.0 if math.isnan(side.sd) else side.sd / math.sqrt(len(side.finite))
    return {
        "side": _name(which, side),
        "mean": side.mean,
        "low": side.mean - error,
        "high": side.mean + error,
        "shown": f"{chart_number(side.mean)} ± {chart_number(error)}",
    }


def _failed(result: Comparison) -> str:
    lost = result.failures
    if not lost.a + lost.b:
        return ""
    return f"failed: {lost.a} of {lost.trainings_a}, {lost.b} of {lost.trainings_b}"

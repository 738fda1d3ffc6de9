"""The parts that every chart is made of: layers with their data inline, and the infeasible rail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, TypeAlias, TypeVar, final

import altair as alt
from altair.utils.schemapi import debug_mode

from .theme import DASHES

# Pixels: of a chart of trials, of one of curves, and of one of a few bars or lines.
HEIGHT: Final = 230
TALL_HEIGHT: Final = HEIGHT + 20
SMALL_HEIGHT: Final = 180
# Infeasible trials have no value that counts: they stand on a rail above the plot, this many
# pixels high.
RAIL: Final = 32
# Where there is nothing but the rail, the plot is no higher than that.
ONLY_RAIL: Final = RAIL + 8
# Heuristic: a browser draws so many marks of the first screen at once; more look no denser.
MAX_MARKS: Final = 2000
CROSS: Final = "M-1,-1L1,1M-1,1L1,-1"

Row = dict[str, Any]
Edge: TypeAlias = Literal["up", "down", "left", "right"]
# From so many rows on, columns are shorter.
_MANY: Final = 8
# The opacity of what is not the marked trial.
_FAINT: Final = 0.12
Item = TypeVar("Item")
_CONSTANTS: Final[Mapping[str, Any]] = {
    "x": alt.XValue,
    "x2": alt.X2Value,
    "y": alt.YValue,
    "text": alt.TextValue,
}


def chart_of(rows: Sequence[Row]) -> alt.Chart:
    """A chart of these rows, their data inline; many rows stand as columns, half as long."""
    # Altair copies a list of rows for every layer, half the time of a page; a tuple is passed on.
    if len(rows) < _MANY or any(row.keys() != rows[0].keys() for row in rows):
        return _inline(tuple(rows))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    same = {name for name, column in columns.items() if all(it == column[0] for it in column)}
    lists = [name for name in columns if name not in same] or list(columns)[:1]
    packed = {name: columns[name] if name in lists else columns[name][0] for name in columns}
    chart: alt.Chart = _inline((packed,))
    with debug_mode(arg=False):
        chart.transform = [alt.FlattenTransform(flatten=lists)]
    return chart


def layer_chart(
    layers: Sequence[alt.Chart], title: str, *, height: int = HEIGHT, note: str = ""
) -> alt.LayerChart:
    """The layers as one chart as wide as its place, with what is measured, and a note, above.

    Its parameter `marked` is the id of a trial, or null: `marking` says what that changes.
    """
    # Vega leaves out what stands below an empty title.
    heading = alt.TitleParams(text=title, subtitle=note or alt.Undefined)
    if note and not title:
        heading = alt.TitleParams(text=note, style="note", fontWeight="normal", fontSize=11)
    chart = alt.LayerChart(
        layer=_ready_layers(layers),
        width="container",
        height=height,
        title=heading,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    chart.params = [alt.VariableParameter(name="marked", value=None)]
    return chart


def marking(**stronger: float) -> dict[str, Any]:
    """Channels that draw the marked trial strongly, and all others faintly while one is marked.

    `stronger` holds channels that change for the marked trial alone: `size`, `strokeWidth`.
    """
    mine = "datum.trial === marked"
    conditions = [{"test": mine, "value": 1}, {"test": "isValid(marked)", "value": _FAINT}]
    own = {name: [{"test": mine, "value": value}] for name, value in stronger.items()}
    classes = {"opacity": alt.Opacity, "size": alt.Size, "strokeWidth": alt.StrokeWidth}
    channels = {"opacity": conditions, **own}
    return {name: classes[name](condition=given) for name, given in channels.items()}


def fading() -> dict[str, Any]:
    """Channels of what stays as it is for the marked trial, and fades for all others."""
    test = "isValid(marked) && datum.trial !== marked"
    return {"opacity": alt.Opacity(condition=[{"test": test, "value": _FAINT / 2}])}


def edge_marks(
    rows: Sequence[Row], side: Edge, x: alt.X, y: alt.Y, tooltip: Sequence[alt.Tooltip]
) -> list[alt.Chart]:
    """Triangles at the edge of a chart that point to where values lie beyond it."""
    if not rows:
        return []
    marks = chart_of(rows).mark_point(style="beyond", shape=f"triangle-{side}", size=52)
    return [marks.encode(x=x, y=y, tooltip=list(tooltip), **marking(size=110))]


def notes(*texts: str) -> str:
    """The notes above a chart as one, empty ones left out."""
    return "; ".join(filter(None, texts))


def rail_layers(
    crosses: Sequence[Row], x: alt.X, tooltip: Sequence[alt.Tooltip]
) -> list[alt.Chart]:
    """Red crosses above the plot, one for each row, and a word that says what they are."""
    if not crosses:
        return []
    y = constant("y", RAIL - 12)
    marks = chart_of(crosses).mark_point(shape=CROSS, style="infeasible", size=20)
    word = _single_mark().mark_text(style="infeasible-label", align="left", baseline="top")
    line = _single_mark().mark_rule(style="rail")
    return [
        line.encode(y=y, x=constant("x", 0), x2=constant("x2", "width")),
        marks.encode(x=x, y=y, tooltip=list(tooltip), **marking(size=60)),
        word.encode(x=constant("x", 16), y=constant("y", -1), text=constant("text", "infeasible")),
    ]


def constant(channel: str, value: float | str | alt.ExprRef) -> Any:
    """The encoding of a channel by no field: pixels, a text, `width`, or an expression."""
    # Not `alt.value`: to find the class itself, Altair goes through its whole schema each time.
    return _CONSTANTS[channel](value)


def dashed_lines(
    lines: Sequence[Sequence[Row]], x: alt.X, y: alt.Y, tooltip: Sequence[alt.Tooltip]
) -> list[alt.Chart]:
    """A line for each of a few trials, told apart by dash and colour; rows carry its `label`."""
    labels = [rows[0]["label"] for rows in lines if rows]
    color = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels))
    # An encoding too, so that the legend is dashed as the lines are.
    dashes = alt.Scale(domain=labels, range=[list(dash) for dash in DASHES[: len(labels)]])
    dash = alt.StrokeDash("label:N", title=None, scale=dashes)
    of_trials = any("trial" in row for rows in lines for row in rows[:1])
    strong = marking() if of_trials else {}
    return [
        chart_of(rows)
        .mark_line(style="best-line")
        .encode(x=x, y=y, color=color, strokeDash=dash, tooltip=list(tooltip), **strong)
        for rows in lines
    ]


def fitting_label(name: str, text: str) -> alt.ExprRef:
    """The text of two fields of the data: a name, cut in its middle so that a text fits beside it.

    The tooltip of such a label has the whole name.
    """
    # Heuristic: a character of these labels is about 7.2 pixels wide.
    return alt.ExprRef(
        f"truncate(datum.{name}, max(8, floor(width / 7.2) - length(datum.{text}) - 3), 'center')"
        f" + ' · ' + datum.{text}"
    )


def count_note(shown: int, known: int) -> str:
    """A note on how many of the trials a chart shows; empty where it shows them all."""
    return "" if shown >= known else f"{shown:,} of {known:,} trials drawn"


def short_names(names: Sequence[str]) -> dict[str, str]:
    """What tells studies apart: their names without the hyperparameter that all begin with.

    >>> short_names(["optimizer=adam", "optimizer=sgd"])
    {'optimizer=adam': 'adam', 'optimizer=sgd': 'sgd'}
    """
    heads = {name.partition("=")[0] for name in names}
    same = len(names) > 1 and len(heads) == 1 and all("=" in name for name in names)
    return {name: name.partition("=")[2] if same else name for name in names}


def jitter(trial: int) -> float:
    """A number from -0.5 to 0.5, of each trial another, the same at each drawing."""
    # Multiples of the golden ratio spread evenly, however many there are.
    return trial * 0.6180339887498949 % 1.0 - 0.5


def even_subset(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` items, evenly spread over their order, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most <= 1:
        return list(items[:most])
    step = (len(items) - 1) / (most - 1)
    return [items[round(index * step)] for index in range(most)]


@final
class _Ready:
    """A part of a chart as its specification has it, which Altair neither copies nor converts."""

    _schema: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, part: Any) -> None:
        self._part = part

    def to_dict(self) -> Any:
        """The part."""
        return self._part

    def _get(self, name: str) -> Any:
        """What the part has of this name, as Altair asks before it puts layers together."""
        return self._part.get(name, alt.Undefined)


def _ready_layers(layers: Sequence[alt.Chart]) -> list[alt.Chart]:
    """The layers with marks and channels as the specification has them, each converted once.

    Altair copies every layer several times with every setting that nobody gave, and layers share
    their axes: most of the time of a page.
    """
    ready: dict[int, Any] = {}

    def converted(part: Any) -> Any:
        if isinstance(part, list):
            return [converted(item) for item in part]
        if not isinstance(part, alt.SchemaBase):
            return part
        if id(part) not in ready:
            ready[id(part)] = part.to_dict(validate=False, context={})
        return ready[id(part)]

    def layer_of(layer: alt.Chart) -> alt.Chart:
        layer = layer.copy(deep=False)
        if isinstance(layer.mark, alt.SchemaBase):
            layer.mark = _Ready(converted(layer.mark))
        if isinstance(layer.encoding, alt.SchemaBase):
            channels = layer.encoding._kwds.items()  # noqa: SLF001  # nothing else lists them
            given = {name: converted(part) for name, part in channels if part is not alt.Undefined}
            layer.encoding = _Ready(given)
        return layer

    with debug_mode(arg=False):
        return [layer_of(layer) for layer in layers]


def _single_mark() -> alt.Chart:
    """A chart of one mark that needs no data."""
    return _inline([{}])


def _inline(values: Sequence[Row]) -> alt.Chart:
    # To check each row against Altair's schema takes longer than all the rest of a chart.
    with debug_mode(arg=False):
        return alt.Chart(alt.InlineData(values=values))

"""The layers and the rows of data of a chart, by the style of their marks."""

from __future__ import annotations


def layers(chart, style):
    """The layers whose marks have this style."""
    return [layer for layer in chart.to_dict()["layer"] if layer["mark"].get("style") == style]


def rows(chart, style):
    """The rows of data behind the marks of this style, those that stand as columns unpacked."""
    spec = chart.to_dict()
    found = [layer for layer in spec["layer"] if layer["mark"].get("style") == style]
    return [row for layer in found for row in unpacked(spec, layer)]


def unpacked(spec, layer):
    """The rows of one layer."""
    # Altair moves what all layers share to the chart.
    given = spec["datasets"][layer.get("data", spec.get("data"))["name"]]
    lists = [name for one in layer.get("transform", ()) for name in one["flatten"]]
    if not lists:
        return given
    return [
        {**row, **dict(zip(lists, values, strict=True))}
        for row in given
        for values in zip(*(row[name] for name in lists), strict=True)
    ]

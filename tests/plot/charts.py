"""The layers and the rows of data of a chart, by the style of their marks."""

from __future__ import annotations


def layers(chart, style):
    """The layers whose marks have this style."""
    return [layer for layer in chart.to_dict()["layer"] if layer["mark"].get("style") == style]


def rows(chart, style):
    """The rows of data behind the marks of this style."""
    datasets = chart.to_dict()["datasets"]
    names = [layer["data"]["name"] for layer in layers(chart, style)]
    return [row for name in names for row in datasets[name]]

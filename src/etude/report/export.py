"""The charts of a report as PNG or SVG files, for papers, slides and reviews."""

from __future__ import annotations

import json
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Literal, TypeAlias

import altair as alt
import vl_convert

from ..disk.file import write_whole
from ..errors import RunError
from ..plot.theme import LIGHT, Palette, themed
from ..text.signs import readable_json
from .figures import figures
from .inputs import Figure, Inputs

Format: TypeAlias = Literal["png", "svg"]
# The endings of a single picture.
PICTURES = (".png", ".svg", ".html")
# Pixels: as wide as a column of text, and half as wide again for a wide figure.
WIDTH = 560
WIDE = 840
# Rows of data a picture.
_MAX_ROWS = 20_000


def export(inputs: Inputs, folder: Path, format: Format, *, palette: Palette = LIGHT) -> list[Path]:
    """Writes each chart as `NAME.png` or `NAME.svg` into the folder, and returns their paths."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        drawn = figures(inputs.analysis, intervals=inputs.verdict.rows)
        return [_export(figure, folder, format, palette) for figure in drawn]
    except BaseException:
        if is_new:
            with suppress(OSError):  # pictures stand in it
                folder.rmdir()
        raise


def write_chart(chart: alt.TopLevelMixin, path: Path, *, caption: str = "") -> None:
    """Writes one chart as a picture of the kind that the file's ending says: PNG, SVG or a page.

    Raises:
        RunError: for another ending.
    """
    kind = path.suffix.casefold()
    if kind not in PICTURES:
        raise RunError(
            f"A picture is written as {', '.join(PICTURES)}, got `{path.name}`. "
            "Say which by its ending: schedule.svg."
        )
    spec = themed(chart, LIGHT, width=WIDTH)
    spec = json.loads(readable_json(json.dumps(spec, ensure_ascii=False)))
    if kind == ".png":
        write_whole(path, vl_convert.vegalite_to_png(spec, scale=2.0))
        return
    svg = vl_convert.vegalite_to_svg(spec)
    page = (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(caption)}</title>\n'
        f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>\n"
    )
    write_whole(path, svg if kind == ".svg" else page)


def _export(figure: Figure, folder: Path, format: Format, palette: Palette) -> Path:
    width = max(WIDE if figure.wide else WIDTH, figure.min_width)
    spec = themed(figure.draw(_MAX_ROWS), palette, width=width)
    spec = json.loads(readable_json(json.dumps(spec, ensure_ascii=False)))
    path = folder / f"{figure.name}.{format}"
    if format == "png":
        write_whole(path, vl_convert.vegalite_to_png(spec, scale=2.0))
    else:
        write_whole(path, vl_convert.vegalite_to_svg(spec))
    return path

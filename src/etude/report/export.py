"""The charts of a report as PNG or SVG files, for papers, slides and reviews."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import vl_convert

from ..disk.file import write_whole
from ..plot.theme import LIGHT, Palette, themed
from ..text.signs import readable_json
from .figures import figures
from .inputs import Figure, Inputs

Format: TypeAlias = Literal["png", "svg"]
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
        return [_export(figure, folder, format, palette) for figure in figures(inputs.analysis)]
    except BaseException:
        if is_new:
            with suppress(OSError):  # pictures stand in it
                folder.rmdir()
        raise


def _export(figure: Figure, folder: Path, format: Format, palette: Palette) -> Path:
    spec = themed(figure.draw(_MAX_ROWS), palette, width=WIDE if figure.wide else WIDTH)
    spec = json.loads(readable_json(json.dumps(spec, ensure_ascii=False)))
    path = folder / f"{figure.name}.{format}"
    if format == "png":
        write_whole(path, vl_convert.vegalite_to_png(spec, scale=2.0))
    else:
        write_whole(path, vl_convert.vegalite_to_svg(spec))
    return path

"""The charts of a report as PNG or SVG files, for papers, slides and reviews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import vl_convert

from ..plot.theme import LIGHT, Palette, themed
from .figures import Figure

Format: TypeAlias = Literal["png", "svg"]
# Pixels: as wide as a column of text, and half as wide again for a wide figure.
WIDTH = 560
WIDE = 840


def pictures(
    figures: Sequence[Figure],
    folder: Path,
    format: Format,
    *,
    palette: Palette = LIGHT,
    max_rows: int = 6000,
) -> list[Path]:
    """Writes each figure as `NAME.png` or `NAME.svg` into the folder, and says where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_picture(figure, folder, format, palette, max_rows) for figure in figures]


def _picture(figure: Figure, folder: Path, format: Format, palette: Palette, max_rows: int) -> Path:
    spec = themed(figure.draw(max_rows), palette, width=WIDE if figure.wide else WIDTH)
    path = folder / f"{figure.name}.{format}"
    if format == "png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2.0))
    else:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    return path

"""`etude report`: one page that needs nothing else, or its charts as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import NameArgument, StoreOption


def report(
    name: NameArgument = None,
    store: StoreOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="The file, or the folder for pictures.", show_default=False
        ),
    ] = None,
    format: Annotated[str, typer.Option(help="html, png or svg.")] = "html",  # the option's name
) -> None:
    """Write the report as one HTML page, or its charts as PNG or SVG."""
    from ..errors import RunError
    from .opened import opened

    if format not in ("html", "png", "svg"):
        raise RunError(f"A report is html, png or svg, found `{format}`. Take one of the three.")
    with opened(name, store) as result:
        place = output or Path(
            f"{result.experiment.name}{'.html' if format == 'html' else '-charts'}"
        )
        try:
            if format == "html":
                place.write_text(result.html(), encoding="utf-8")
                typer.echo(f"Report: {place}")
            else:
                written = result.pictures(place, format)
                typer.echo(f"{len(written)} charts: {place}/")
        except OSError as error:
            raise RunError(
                f"`{place}` cannot be written ({error.strerror}). Name another with -o."
            ) from error

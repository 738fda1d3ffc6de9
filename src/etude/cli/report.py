"""`etude report`: one page that needs nothing else, or its charts as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..wording import quantity
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
    kind: Annotated[
        Literal["html", "png", "svg"], typer.Option("--format", help="One page, or its charts.")
    ] = "html",
) -> None:
    """Write the report as one HTML page, or its charts as PNG or SVG."""
    from ..errors import RunError
    from .options import stored_result

    with stored_result(name, store) as result:
        ending = ".html" if kind == "html" else "-charts"
        place = output or Path(f"{result.experiment.name}{ending}")
        try:
            if kind == "html":
                place.write_text(result.html(), encoding="utf-8")
                typer.echo(f"Report: {place}")
            else:
                charts = quantity(len(result.pictures(place, kind)), "chart")
                typer.echo(f"{charts}: {place}/")
        except OSError as error:
            raise RunError(
                f"`{place}` cannot be written ({error.strerror}). Name another with -o."
            ) from error

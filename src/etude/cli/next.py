"""`etude next`: the next round as a file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .options import NameArgument, StoreOption


def next_round(
    name: NameArgument = None,
    store: StoreOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="The file. [default: beside the last one]", show_default=False
        ),
    ] = None,
) -> None:
    """Write the next round as a file: a few changed lines, each with its rule and evidence."""
    from ..errors import RunError
    from .messages import short
    from .opened import opened

    with opened(name, store) as result:
        coming = result.next()
        if coming is None:
            typer.echo(
                "No check of this version asks for another round. Read the doubts in "
                f"`etude report {result.experiment.name}` before you conclude."
            )
            return
        place = output or _beside(result.entry.source) / f"{coming.experiment.name}.toml"
        if place.exists() and place.read_text(encoding="utf-8") == coming.text:
            typer.echo(f"Next round: {place} (as written before)")
        elif place.exists():
            raise RunError(
                f"`{place}` exists and differs. Nothing was written; name another file with -o."
            )
        else:
            try:
                place.write_text(coming.text, encoding="utf-8")
            except OSError as error:
                raise RunError(
                    f"`{place}` cannot be written ({error.strerror}). Name another with -o."
                ) from error
            typer.echo(f"Next round: {place}")
    for one in coming.recommendations:
        part = f" {one.part}" if one.part else ""
        typer.echo(
            f"  {one.path}{part}: {short(one.old)} -> {short(one.new)}  ({one.rule}: {one.because})"
        )
    typer.echo(f"Read it, edit it, run it: etude run {shlex.quote(str(place))}")


def _beside(source: str) -> Path:
    """The folder of the file before, as short as it can be written; here for one from Python."""
    folder = Path(source).parent if source else Path.cwd()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder

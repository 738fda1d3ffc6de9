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
    from .messages import at_store, short, wrapped
    from .opened import opened

    with opened(name, store) as result:
        coming, source = result.next(), result.entry.source
    if coming is None:
        typer.echo("No next round to write.")
        for sentence in result.left_to_you:
            typer.echo(wrapped(sentence, indent="  "))
        return
    place = output or _beside(source) / coming.file
    typer.echo(f"Next round: {place}{_written(place, coming.text)}")
    for one in coming.recommendations:
        changed = f"{one.path} {one.part}".rstrip()
        typer.echo(f"  {changed}: {short(one.old)} -> {short(one.new)}")
        typer.echo(f"    {one.rule}: {one.because}")
    typer.echo(f"Read it, edit it, run it: etude run {shlex.quote(str(place))}{at_store(store)}")


def _written(place: Path, text: str) -> str:
    """Writes the file, unless somebody's own words stand there; what to say behind its name."""
    from ..errors import RunError

    try:
        if not place.exists():
            place.write_text(text, encoding="utf-8")
            return ""
        if place.read_text(encoding="utf-8") == text:
            return " (as written before)"
    except OSError as error:
        raise RunError(
            f"`{place}` cannot be written ({error.strerror}). Name another with -o."
        ) from error
    raise RunError(
        f"`{place}` exists already and says something else, so nothing was written. "
        "Name another file with -o, or remove it."
    )


def _beside(source: str) -> Path:
    """The folder of the file before, as short as it can be written; here for one from Python."""
    folder = Path(source).parent if source else Path.cwd()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder

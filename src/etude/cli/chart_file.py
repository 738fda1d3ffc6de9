"""Pictures that commands draw beside their answer: which are taken, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .procedures import refuse_output


def refuse_picture(picture: Path | None) -> None:
    """Refuses a picture that could not be drawn in the end, before anything is trained.

    Raises:
        RunError: for one of another kind, or in a folder that is not there.
    """
    from ..errors import RunError

    if picture is not None and picture.suffix.casefold() not in (".png", ".svg", ".html"):
        raise RunError(f"--picture takes FILE.svg, FILE.png or FILE.html, got `{picture}`.")
    refuse_output(picture, None, "--picture")


def write_picture(picture: Path, drawn: tuple[Any, str] | None, *, json: bool) -> None:
    """Writes a chart with its caption, and says so; None where there is nothing to draw.

    Raises:
        RunError: where it cannot be written.
    """
    from ..errors import RunError
    from ..report.export import write_chart
    from .terminal import say

    if drawn is None:
        say("No picture: there is nothing to draw.", err=True)
        return
    chart, caption = drawn
    try:
        write_chart(chart, picture, caption=caption)
    except OSError as error:
        raise RunError(f"`{picture}` cannot be written ({error.strerror}).") from error
    say(f"Picture: {picture}", err=json)

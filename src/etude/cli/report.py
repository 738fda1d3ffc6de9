"""`etude report`: one page that needs nothing else, or its charts as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..wording import quantity
from . import browser
from .options import MaximizeOption, MetricOption, NameArgument, StoreOption, TestOption

_Paths = Annotated[
    bool, typer.Option("--paths", help="Leave folders and users as they are, for your own eyes.")
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="The file, or the folder for pictures.", show_default=False
    ),
]
_Logs = Annotated[
    bool, typer.Option("--logs", help="Put the last lines that each trial printed in, masked.")
]


def report(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: NameArgument = None,
    *,
    open_: browser.OpenOption = False,
    store: StoreOption = None,
    metric: MetricOption = None,
    maximize: MaximizeOption = False,
    test: TestOption = False,
    output: _Output = None,
    kind: Annotated[
        Literal["html", "png", "svg"], typer.Option("--format", help="One page, or its charts.")
    ] = "html",
    paths: _Paths = False,
    logs: _Logs = False,
) -> None:
    """Write the report as one HTML page, or its charts as PNG or SVG."""
    from ..disk.file import write_whole
    from ..errors import RunError
    from .options import Judge, stored_result
    from .output import hidden_test_lines, judged_lines, print_lines
    from .terminal import say

    with stored_result(name, store, Judge(metric, maximize), test=test) as result:
        print_lines(judged_lines(result))
        ending = ".html" if kind == "html" else "-charts"
        place = output or Path(f"{result.experiment.name}{ending}")
        try:
            if kind == "html":
                write_whole(place, result.html(paths=paths, logs=logs))
                said = f"Report: {place}"
            else:
                charts = quantity(len(result.report(place, format=kind)), "chart")
                said = f"{charts}: {place}/"
        except OSError as error:
            raise RunError(
                f"`{place}` cannot be written ({error.strerror}). Name another with -o."
            ) from error
        say(said)
        if open_ and not browser.open_in_browser(place.resolve().as_uri()):
            say("No browser can be opened here: open that file in one.")
        print_lines(hidden_test_lines(result))

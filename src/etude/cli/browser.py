"""The browser of whoever sits before this machine, where there is a display."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TypeAlias

import typer

OpenOption: TypeAlias = Annotated[
    bool, typer.Option("--open", help="Open the page in the browser.")
]


def open_in_browser(address: str) -> bool:
    """Opens an address; whether that can have worked.

    Without a display it does nothing: a browser of the terminal would take the command's place.
    """
    import webbrowser

    displays = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, displays)):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False

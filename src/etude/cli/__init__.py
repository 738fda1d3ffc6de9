"""The command line: one file a command. The only folder that prints."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs what was typed; exits 0 done, 2 wrong input, 3 the user's code, 130 interrupted."""
    from ..errors import EtudeError
    from .app import app

    try:
        app()
    except EtudeError as error:
        from .messages import exit_code, tell

        tell(error)
        sys.exit(exit_code(error))

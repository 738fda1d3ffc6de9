"""The command line: one file a command. The only folder that prints."""

from __future__ import annotations

import sys

from .interrupt import INTERRUPTED, print_how_to_go_on


def main() -> None:
    """Runs what was typed; exits 0 done, 2 wrong input, 3 the user's code, 130 interrupted."""
    typed = sys.argv[1:]  # a train function in this process may change it
    try:
        _perform()
    except KeyboardInterrupt:
        print_how_to_go_on(typed)
        sys.exit(INTERRUPTED)
    except SystemExit as ending:
        if ending.code == INTERRUPTED:  # Typer's way of saying it
            print_how_to_go_on(typed)
        raise


def _perform() -> None:
    # Within a function: Ctrl-C while the commands load is answered like any other.
    from ..errors import EtudeError
    from .app import app
    from .terminal import hold_any_text, usage_error

    hold_any_text()
    try:
        code = usage_error(lambda: app(standalone_mode=False))
    except EtudeError as error:
        from .output import exit_code, print_error

        print_error(error)
        sys.exit(exit_code(error))
    sys.exit(code)

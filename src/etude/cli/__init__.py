"""The command line: one file a command. The only folder that prints."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from .interrupt import INTERRUPTED, print_how_to_go_on


def main() -> None:
    """Runs what was typed; exits 0 done, 2 wrong input, 3 the user's code, 130 interrupted."""
    _open_closed_streams()
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
    except BrokenPipeError:  # whoever reads has read enough, as `head` does
        _print_no_more()
        sys.exit(1)
    except (EtudeError, OSError) as error:
        from .output import as_etude_error, exit_code, print_error
        from .terminal import UnwritableError

        known = as_etude_error(error)
        with suppress(UnwritableError, BrokenPipeError):  # nobody can be told
            print_error(known)
        if isinstance(known, UnwritableError):
            _print_no_more()
        sys.exit(exit_code(known))
    sys.exit(code)


def _print_no_more() -> None:
    """Lets Python's last flush of what was printed go nowhere, in place of failing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_closed_streams() -> None:
    """Lets what is printed to a closed stream go nowhere, here and in the workers.

    Without, the next file that is opened, a store, would have the number that others print to.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.set_inheritable(number, True)  # noqa: FBT003  # as os has it
        stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115  # it stays
        setattr(sys, name, stream)

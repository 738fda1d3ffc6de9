"""The command line: one file a command. The only folder that prints."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Runs what was typed; exits 0 done, 2 wrong input, 3 the user's code, 130 interrupted."""
    typed = sys.argv[1:]  # a train function in this process may change it
    try:
        _perform()
    except KeyboardInterrupt:
        _interrupted(typed)
        sys.exit(INTERRUPTED)
    except SystemExit as left:
        if left.code == INTERRUPTED:  # Typer's way of saying it
            _interrupted(typed)
        raise


def _perform() -> None:
    from ..errors import EtudeError
    from .app import app

    try:
        app()
    except EtudeError as error:
        from .output import exit_code, tell

        tell(error)
        sys.exit(exit_code(error))


def _interrupted(typed: list[str]) -> None:
    """Says that nothing is lost, also to a Ctrl-C in the first moments, while modules load."""
    import shlex

    print(
        "Interrupted. What was finished is kept; type the same command to go on:\n"
        f"  {shlex.join(['etude', *typed])}",
        file=sys.stderr,
    )

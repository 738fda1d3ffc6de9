"""The commands of `etude`, in the order in which a person meets them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from .. import __version__
from .adopt import adopt
from .batch_size import batch_size
from .check import check
from .compare import compare
from .exploit import exploit
from .extend import extend
from .import_ import import_results
from .launch import launch
from .log import log
from .new import new
from .next import next_round
from .plan import plan
from .report import report
from .run import run
from .serve import serve
from .stability import stability
from .track import track
from .training_length import training_length
from .trials import trials

# What only looks at what is stored adds up small matrices: several threads would wait for each
# other, and double the processor time. What trains leaves the choice to the training.
LOOKS_ONLY = (
    "plan",
    "check",
    "report",
    "next",
    "adopt",
    "compare",
    "trials",
    "log",
    "import",
    "track",
    "serve",
)
_THREADS = "OPENBLAS_NUM_THREADS"  # read when NumPy is loaded, which is later

app = typer.Typer(
    name="etude",
    help="The tuning playbook, executable: ask one question, train its trials, check the evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help answers twice as fast
)

app.command()(new)
app.command()(plan)
app.command()(run)
app.command(name="import")(import_results)
app.command()(check)
app.command()(report)
app.command(name="next")(next_round)
app.command()(adopt)
app.command()(launch)
app.command(name="batch-size")(batch_size)
app.command(name="training-length")(training_length)
app.command()(stability)
app.command()(extend)
app.command()(exploit)
app.command()(trials)
app.command()(compare)
app.command()(log)
app.command()(track)
app.command()(serve)


def _show_version(value: bool) -> None:  # a callback's signature is Typer's
    if value:
        from .terminal import say

        say(f"etude {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The tuning playbook, executable: ask one question, train its trials, check the evidence."""
    del version
    if context.invoked_subcommand in LOOKS_ONLY and _THREADS not in os.environ:
        os.environ[_THREADS] = "1"
        context.call_on_close(lambda: os.environ.pop(_THREADS, None))

"""`etude track`: shows the trials of a store in W&B, MLflow or TensorBoard."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Annotated, TypeAlias, final

import typer

from .options import NameArgument, StoreOption

_Kind: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="KIND", help="`wandb`, `mlflow` or `tensorboard`.", show_default=False),
]
_Beside: TypeAlias = Annotated[
    bool,
    typer.Option("--beside-run", help="End within 20 s once the standard input ends.", hidden=True),
]
# A follower that was started by a run gives way to it.
_NICE = 10
UNFINISHED = 4


def track(
    kind: _Kind, name: NameArgument = None, *, store: StoreOption = None, beside: _Beside = False
) -> int:
    """Show the trials in W&B, MLflow or TensorBoard: once each, from where it was left."""
    from pathlib import Path

    from ..trackers.session import Company
    from ..trackers.session import track as follow
    from .interrupt import signals_as_ctrl_c
    from .options import lasting_location
    from .terminal import say

    location = Path(lasting_location(store))
    if beside:
        os.nice(_NICE)
    company = Company(say=_say_now, wait=BesideRun().wait if beside else _wait)
    with signals_as_ctrl_c():
        is_whole = follow(kind, name, location, company)
    if is_whole and not beside:
        say(f"{kind}: all of it is there.")
    return 0 if is_whole else UNFINISHED


def _say_now(text: str) -> None:
    """Prints a line that whoever reads it through a pipe gets at once."""
    from .terminal import say

    say(text)
    sys.stdout.flush()


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@final
class BesideRun:
    """The wait of a follower that a run started, whose end is that of the standard input."""

    def __init__(self) -> None:
        """The run goes on."""
        self._is_over = False

    def wait(self, seconds: float) -> bool:
        """Whether the run is over: its end wakes whoever waits for it, and is waited for once."""
        if self._is_over:
            time.sleep(seconds)
        else:
            readable, _, _ = select.select([sys.stdin], [], [], seconds)
            self._is_over = bool(readable)
        return self._is_over

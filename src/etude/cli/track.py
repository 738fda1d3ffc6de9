"""`etude track`: shows the trials of a store in W&B, MLflow or TensorBoard."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Annotated, TypeAlias

import typer

from .options import NameArgument, StoreOption

_Kind: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="KIND", help="`wandb`, `mlflow` or `tensorboard`.", show_default=False),
]
_Beside: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--beside-run", help="End within 20 s once the standard input ends: a run's own way."
    ),
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
    company = Company(say=_say_now, wait=_wait_beside_run if beside else _wait)
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


def _wait_beside_run(seconds: float) -> bool:
    """Waits for the end of what started it, whose end is that of the input."""
    begin_s = time.monotonic()
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    if readable:
        time.sleep(max(0.0, min(seconds, begin_s + seconds - time.monotonic())))
    return bool(readable)

"""Trackers by name: followers of the store that show its trials in W&B, MLflow or TensorBoard.

`experiment.validation` knows the same names; a test holds the two together.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, final

from ..errors import RunError
from ..space import Scalar
from ..wording import did_you_mean
from .base import Tracker


@final
@dataclass(frozen=True, kw_only=True)
class Kind:
    """A tool that trials can be shown in.

    Args:
        title: What people call it.
        package: What has its library, as it is installed.
        least: The oldest release that has what is used of it.
    """

    title: str
    package: str
    least: tuple[int, ...]


TRACKERS: Final[Mapping[str, Kind]] = {
    "wandb": Kind(title="W&B", package="wandb", least=(0, 22)),
    "mlflow": Kind(title="MLflow", package="mlflow-skinny", least=(3, 0)),
    "tensorboard": Kind(title="TensorBoard", package="tensorboard", least=(2, 18)),
}


# Whoever followed beside a run tries for so long after it, and leaves the rest to `etude track`.
AFTER_S: Final = 20.0


def kind_of(name: str) -> Kind:
    """The tool of a name.

    Raises:
        RunError: for another name.
    """
    if name not in TRACKERS:
        raise RunError(f"There is no tracker `{name}`. {did_you_mean(name, list(TRACKERS))}")
    return TRACKERS[name]


def tracker_of(name: str, options: Mapping[str, Scalar], store: Path) -> Tracker:
    """The tracker of a name, with what `[track]` says of it; its library is loaded now.

    Raises:
        RunError: for a name that none has, and a library that is missing or too old.
    """
    refuse_missing(name)
    if name == "wandb":
        from .wandb import Wandb

        return Wandb(store)
    if name == "mlflow":
        from .mlflow import Mlflow

        return Mlflow(options)
    from .tensorboard import TensorBoard

    return TensorBoard()


def destination(name: str, options: Mapping[str, Scalar]) -> str:
    """What tells where a tracker writes to from other places: what one has, another has not."""
    asked = [options.get(key) for key in ("project", "entity", "uri", "experiment", "folder")]
    mode = str(options.get("mode") or os.environ.get("WANDB_MODE") or "online")
    where = [os.environ.get(key) for key in _WHERE[name]]
    parts = repr((asked, where, mode if name == "wandb" else ""))
    return hashlib.blake2b(parts.encode(), digest_size=4).hexdigest()


_WHERE = {
    "wandb": ("WANDB_BASE_URL", "WANDB_ENTITY"),
    "mlflow": ("MLFLOW_TRACKING_URI",),
    "tensorboard": (),
}


def refuse_missing(name: str) -> None:
    """Refuses a tracker whose library cannot be used; loads nothing.

    Raises:
        RunError: with the command that installs it.
    """
    kind = kind_of(name)
    install = f"`pip install -U 'etude[{name}]'`"
    release = _version(name)
    if release is None:
        raise RunError(f"The tracker `{name}` needs {kind.title}: {install}.")
    if release < kind.least:
        least = ".".join(map(str, kind.least))
        installed = ".".join(map(str, release))
        raise RunError(
            f"The tracker `{name}` needs {kind.title} {least} or newer, found {installed}: "
            f"{install}."
        )


def _version(name: str) -> tuple[int, ...] | None:
    """The release that is installed; None without one. MLflow's client is in its server too."""
    for package in dict.fromkeys((TRACKERS[name].package, name)):
        try:
            text = version(package)
        except PackageNotFoundError:
            continue
        numbers = text.split(".")[:2]
        return tuple(int(number) if number.isdecimal() else 0 for number in numbers)
    return None

"""What the run of a trial is called in a tracker, and how somebody opens it to log more."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ..disk.file import write_whole
from ..disk.rights import make_folder
from ..errors import RunError
from ..space import Scalar
from ..wording import did_you_mean

# A follower that goes on makes the run within a look or two; a run does not wait for a slow server.
_NOTE_S, _LOOK_S = 5.0, 0.1
# A folder's name of TensorBoard, where the values of a study's name may hold any sign.
_NO_NAME = re.compile(r"[^\w.,=+ -]")


@final
@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """The run of one trial in every tracker: the same for who follows the store and who trains.

    Args:
        token: Of the experiment in its store: another store's runs have other ids.
        store: The store's path; the folders of trackers stand beside it.
        track: The trackers of `[track]` with their options.
    """

    experiment: str
    study: str
    trial: int
    token: str
    store: Path
    track: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Unique, of letters and digits: some readers take what follows a `-` for the id."""
        return f"{self.token}t{self.trial}"

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.experiment}:{self.trial}"

    @property
    def group(self) -> str:
        """The study, as the runs of one project are grouped by it."""
        return f"{self.experiment}/{self.study}"

    def options(self, tracker: str) -> Mapping[str, Scalar]:
        """What `[track]` says of a tracker; empty where it says nothing."""
        return self.track.get(tracker, {})


def token_of(experiment: str, started: str, process: int, folder: str) -> str:
    """What tells an experiment in its store from others of its name, by its first launch."""
    text = "\0".join((experiment, started, str(process), folder))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def wandb_arguments(run: TrackedRun) -> dict[str, Any]:
    """Arguments of `wandb.init` that open the run of a trial."""
    options = run.options("wandb")
    named = {name: options[name] for name in ("entity", "mode") if name in options}
    return {
        "project": options.get("project", run.experiment),
        "id": run.id,
        "name": run.name,
        "group": run.group,
        "resume": "allow",
        **named,
    }


def mlflow_arguments(run: TrackedRun) -> dict[str, Any]:
    """Arguments of `mlflow.start_run` that make the run of a trial where it is not there yet."""
    return {"run_name": run.name, "tags": {"etude/run": run.id}}


def tensorboard_arguments(run: TrackedRun) -> dict[str, Any]:
    """Arguments of a `SummaryWriter` that writes beside what the follower writes of a trial."""
    return {"log_dir": str(tensorboard_folder(run) / _NO_NAME.sub("_", run.study) / str(run.trial))}


def tensorboard_folder(run: TrackedRun) -> Path:
    """The folder of an experiment in TensorBoard, one folder a study in it."""
    given = run.options("tensorboard").get("folder")
    beside = run.store.with_name(f"{run.store.name}.tensorboard")
    # Relative to the store, whichever process asks.
    return (beside if given is None else run.store.parent / str(given)) / run.experiment


_ARGUMENTS = {
    "wandb": wandb_arguments,
    "mlflow": mlflow_arguments,
    "tensorboard": tensorboard_arguments,
}


def opened_note(folder: Path, tracker: str) -> Path:
    """The file in a trial's folder that says that its training opened the run itself."""
    return folder / f"opened-{tracker}"


def mlflow_note(folder: Path) -> Path:
    """The file in a trial's folder that has the id of its run in MLflow, which MLflow chose."""
    return folder / "mlflow-run"


def arguments(
    run: TrackedRun | None, tracker: str, folder: Path, *, rehearsal: bool = False
) -> dict[str, Any]:
    """Arguments that open a run; that its training did so is noted in the trial's folder.

    The follower then leaves a run of W&B alone until the trial is over, and deletes none of MLflow.
    A rehearsal opens no run of a trial: in W&B none at all, in the others one of its own.

    Raises:
        RunError: for a tracker that is none, and for a trial that no store knows.
    """
    if tracker not in _ARGUMENTS:
        near = did_you_mean(tracker, list(_ARGUMENTS))
        raise RunError(f"There is no tracker `{tracker}`. {near}")
    if run is None:
        raise RunError("This trial stands in no store, so that no tracker can have a run of it.")
    if rehearsal:
        return {**_ARGUMENTS[tracker](run), **_rehearsed(run, folder)[tracker]}
    make_folder(folder)
    write_whole(opened_note(folder, tracker), run.id)
    if tracker == "mlflow" and (known := _mlflow_run(run, folder)):
        return {"run_id": known}
    return _ARGUMENTS[tracker](run)


def _rehearsed(run: TrackedRun, folder: Path) -> dict[str, dict[str, Any]]:
    """What is otherwise where nothing is to be kept, by tracker."""
    return {
        "wandb": {"mode": "disabled"},
        "mlflow": {"run_name": f"{run.experiment}: rehearsal", "tags": {}},
        "tensorboard": {"log_dir": str(folder / "tensorboard")},
    }


def _mlflow_run(run: TrackedRun, folder: Path) -> str:
    """The id that MLflow gave the run, once the follower wrote it down; empty where none does."""
    note = mlflow_note(folder)
    deadline_s = time.monotonic() + _NOTE_S
    while not note.exists() and "mlflow" in run.track and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)
    return note.read_text() if note.exists() else ""

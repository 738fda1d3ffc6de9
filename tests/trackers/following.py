"""A store that is followed, and what each tool's own reader shows of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.store.sample import begun, record_of

from etude.connect.base import ReadRequest
from etude.event import Event
from etude.record import Record
from etude.store.follow import Follow
from etude.store.sqlite import SQLite
from etude.store.tracker_places import Places
from etude.trackers import tracker_of
from etude.trackers.base import News, Sent, StudyNews, Tracker
from etude.trackers.follower import Follower
from etude.trackers.session import run_of

Points: TypeAlias = list[tuple[int, str, float]]
KINDS = ("tensorboard", "mlflow", "wandb")


class Killed(BaseException):
    """What ends a follower at once, as a kill would."""


@dataclass
class Mortal:
    """A tracker that dies at its next call, once it was told so or before."""

    inner: Tracker
    dies: str = ""

    def write(self, news: News) -> Sent:
        if self.dies == "before":
            raise Killed
        sent = self.inner.write(news)
        if self.dies == "after":
            raise Killed
        return sent

    def summarize(self, study: StudyNews) -> None:
        self.inner.summarize(study)

    def close(self) -> None:
        self.inner.close()


class Followed:
    """The experiment `rates` in a store, followed into one tool."""

    def __init__(self, kind: str, folder: Path, **given: Any) -> None:
        self.kind, self.folder = kind, folder
        self.store = SQLite(folder / "etude.db")
        begun(self.store, **given)
        self.time_ms = 1_000

    def happens(self, *events: Event) -> None:
        self.store.append("rates", events)

    def catches_up(self, dies: str = "") -> Mortal:
        """A new follower brings the tool to what the store has, or dies on its way."""
        entry = self.store.entries()[0]
        options = {"uri": f"file:{self.folder / 'mlruns'}"} if self.kind == "mlflow" else {}
        tracker = Mortal(tracker_of(self.kind, options, self.store.files.store), dies)
        places = Places(self.store.files.tracking("rates", self.kind), self.store.files.store)
        follow = Follow(self.store.files.store, "rates")
        follower = Follower(
            self.kind,
            tracker,
            entry=entry,
            follow=follow,
            files=self.store.files,
            places=places,
            run_of=run_of(entry, self.store.files),
            now_ms=self._now_ms,
        )
        try:
            follower.catch_up()
        except Killed:
            pass
        finally:
            follow.close()
            places.close()
            if self.kind == "wandb":  # its service ends with the follower's process
                import wandb

                wandb.teardown()
        return tracker

    def _now_ms(self) -> int:
        self.time_ms += 1
        return self.time_ms

    def record(self, trial: int = 0) -> Record:
        return record_of(self.store, trial)

    def shown(self, trial: int = 0) -> Points:
        """The points of a trial as the tool's own reader shows them, sorted."""
        return sorted(READERS[self.kind](self, trial))

    def in_store(self, trial: int = 0) -> Points:
        points = self.record(trial).points
        return sorted(
            (step, points.names[code], value) for step, code, value in points.rows_P.tolist()
        )


def _in_tensorboard(followed: Followed, trial: int) -> Points:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    place = followed.folder / "etude.db.tensorboard" / "rates" / "all" / str(trial)
    reader = EventAccumulator(str(place), size_guidance={"scalars": 0})
    reader.Reload()
    return [
        (event.step, tag, event.value)
        for tag in reader.Tags()["scalars"]
        if not tag.startswith("best/")
        for event in reader.Scalars(tag)
    ]


def mlflow_runs(followed: Followed) -> list[Any]:
    """The runs of trials that MLflow shows, by trial."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"file:{followed.folder / 'mlruns'}")
    experiment = client.get_experiment_by_name("rates")
    runs = client.search_runs([experiment.experiment_id], "tags.`etude/trial` != ''")
    return sorted(runs, key=lambda run: int(run.data.tags["etude/trial"]))


def _in_mlflow(followed: Followed, trial: int) -> Points:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"file:{followed.folder / 'mlruns'}")
    runs = [one for one in mlflow_runs(followed) if one.data.tags["etude/trial"] == str(trial)]
    return [
        (point.step, name, point.value)
        for run in runs
        for name in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, name)
    ]


def wandb_trials(followed: Followed) -> Sequence[Any]:
    """The runs in the files that W&B wrote offline, as Etude's importer reads them, by trial."""
    from etude.connect.wandb.reader import read

    folder = followed.folder / "etude.db.wandb"
    trials = [
        one for study in read(folder, ReadRequest(metric="valid/loss")) for one in study.trials
    ]
    return sorted(trials, key=lambda one: int(one.name.rpartition("t")[2]))


def _in_wandb(followed: Followed, trial: int) -> Points:
    own = [one for one in wandb_trials(followed) if one.name.endswith(f"t{trial}")]
    return [row for one in own for row in one.rows]


READERS: dict[str, Callable[[Followed, int], Points]] = {
    "tensorboard": _in_tensorboard,
    "mlflow": _in_mlflow,
    "wandb": _in_wandb,
}

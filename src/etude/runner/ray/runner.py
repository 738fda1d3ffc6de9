"""Ray: long-lived actors on the nodes of a cluster, each with a worker process of its own."""

from __future__ import annotations

import dataclasses
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import ray
from ray.exceptions import RayError, RayTaskError

from ...assignment import Assignment, Halt
from ...disk.attempt import begin_attempt, end_attempt
from ...event import Ended, Event, Lost, Paused, Refused, Rehearsed, Unrestored
from ...experiment.resources import Resources
from ..base import Deliver
from ..batches import is_urgent, merged
from ..devices import thread_environment
from ..messages import Verdict
from ..slot import MAX_DEATHS
from .cluster import ANY, Cluster, options_of
from .crew import ASK_S, Crew
from .hello import Hello
from .losses import lost, words_of
from .place import Place
from .shipping import Parcel

# Reports wait for others so long, beside the time that they wait in a worker.
_HOLD_S = 0.2


@final
class Ray:
    """Trains in actors of a Ray cluster: as many as it has room for, wherever that is.

    Args:
        reference: The train function, `train.py:train`.
        folder: What its path is relative to.
        address: `ray` for a cluster that is there, else a local one; or `host:port`.
        workers: At most so many; None for as many as there is room for.
        resources: What one trial takes.
        parcel: What is shipped to the nodes; None where they see the files of this machine.

    Raises:
        RunError: for a cluster that does not answer or is of another version.
    """

    def __init__(
        self,
        reference: str,
        folder: Path,
        *,
        address: str = ANY,
        workers: int | None = None,
        resources: Resources | None = None,
        parcel: Parcel | None = None,
    ) -> None:
        """Connects, and asks for the workers."""
        self._cluster = Cluster(address, parcel)
        options = options_of(resources or Resources(), self._cluster.nodes())
        shipped = parcel if self._cluster.ships else None
        hello = _hello(reference, folder, shipped, _environment(options))
        self._crew = Crew(self._cluster, hello, options, workers)
        self._width = 1
        self._losses: Counter[int] = Counter()
        # Of this run: an attempt of an earlier one may train on, too.
        self._run, self._attempts = secrets.token_hex(4), 0

    @property
    def slots(self) -> int:
        """How many trials train at once on the workers that are there; of one where none is."""
        self._crew.first()
        return self.workers * self._width

    @property
    def free(self) -> int:
        """How many places of workers that are there are not taken."""
        self._crew.first()
        return sum(max(self._width - len(place.assignments), 0) for place in self._crew.there)

    @property
    def workers(self) -> int:
        """How many workers are there; one where all were lost, for others come."""
        return max(len(self._crew.there), 1)

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether a worker would train these trials in stacks; nothing is trained, nor changed."""
        how = ""
        for _ in range(MAX_DEATHS):
            while not self._crew.there:
                self._crew.arrive(ASK_S)
            place = self._crew.there[0]
            try:
                return place.judge(assignments)
            except RayError as error:
                _raise_ours(error)
                self._crew.discard(place)
                how = words_of(error)
        return Verdict(1, f"{MAX_DEATHS} workers in a row were lost while they tried it: {how}")

    def widen(self, width: int, *, threads: int | None = None) -> None:
        """Trains so many trials at once in each worker from now on; each with its own threads."""
        del threads  # of a machine; a worker has the cores that it asked for
        self._width = width

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Hands each trial to the worker that has the fewest, and passes on who is to stop."""
        self._crew.first()
        by_place: dict[Place, list[Assignment]] = {}
        for order in orders:
            if isinstance(order, Halt):
                for place in self._crew.there:
                    place.halt(order)
                continue
            place = min(self._crew.there, key=lambda one: len(one.assignments))
            numbered = self._numbered(order)
            place.assignments[order.id] = numbered
            by_place.setdefault(place, []).append(numbered)
        for place, assignments in by_place.items():
            place.send(assignments, self._width)

    def wait(self, deliver: Deliver) -> bool:
        """Waits for what is urgent, or for as long as reports may be held.

        Where nothing runs and no worker is there, it waits for one, but not for long.

        Raises:
            RunError: where workers do not start, or no node is left for them.
        """
        self._crew.look()
        if not any(place.assignments for place in self._crew.places):
            self._crew.arrive(0.0 if self._crew.there else ASK_S)
            return False
        events = self._gathered()
        if events:
            deliver(merged(events))
        return True

    def close(self) -> None:
        """Ends the workers: what they did not send is done again when the run goes on."""
        for place in self._crew.places:
            for assignment in place.assignments.values():
                end_attempt(assignment.checkpoints)
        self._crew.close()
        self._cluster.close()

    def _numbered(self, assignment: Assignment) -> Assignment:
        """The trial as an attempt of its own: what an earlier one still writes counts no more."""
        self._attempts += 1
        attempt = f"{self._run}-{self._attempts}"
        begin_attempt(assignment.checkpoints, attempt)
        return dataclasses.replace(assignment, attempt=attempt)

    def _gathered(self) -> list[Event]:
        """What workers send until something is urgent or a worker has come."""
        events: list[Event] = []
        until_s = time.monotonic() + ASK_S
        while not is_urgent(events) and (left_s := until_s - time.monotonic()) > 0:
            streams = {place.stream: place for place in self._crew.places if place.assignments}
            coming = [place.coming for place in self._crew.places if not place.is_there]
            ready, _ = ray.wait([*streams, *coming], num_returns=1, timeout=left_s)
            if len(streams) > 1 and ready:  # all of them, so that none waits for another
                ready, _ = ray.wait([*streams, *coming], num_returns=len(streams), timeout=0)
            if arrived := [one for one in ready if one not in streams]:
                self._crew.welcome(arrived)
                break
            was_empty = not events
            for stream in ready:
                events += self._poll(streams[stream])
            if was_empty and events:
                until_s = time.monotonic() + _HOLD_S
        return events

    def _poll(self, place: Place) -> list[Event]:
        """What a worker sent next; the loss of its trials where it is gone."""
        try:
            events = place.receive(self._width)
        except RayError as error:
            _raise_ours(error)
            return self._lost(place, error)
        for event in events:
            if not isinstance(event, Ended | Paused | Refused | Rehearsed | Unrestored | Lost):
                continue
            if assignment := place.assignments.pop(event.trial_id, None):
                end_attempt(assignment.checkpoints)
            if not isinstance(event, Lost):
                self._losses.pop(event.trial_id, None)
        return events

    def _lost(self, place: Place, error: RayError) -> list[Event]:
        """Ends an actor that may only be out of reach, and gives its trials back."""
        assignments = dict(place.assignments)
        self._crew.discard(place)
        for assignment in assignments.values():
            end_attempt(assignment.checkpoints)
        self._losses.update(assignments.keys())
        return [lost(one, error, times=self._losses[one]) for one in assignments]


def _raise_ours(error: RayError) -> None:
    """Raises what an actor's own code raised: that is a bug of ours, and no loss."""
    if isinstance(error, RayTaskError):
        raise error


def _environment(options: Mapping[str, float]) -> dict[str, str]:
    """What a worker's environment is to have: threads by its cores, no GPU where it asks none."""
    environment = thread_environment(max(int(options["num_cpus"]), 1))
    if not options["num_gpus"]:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return environment


def _hello(
    reference: str, folder: Path, parcel: Parcel | None, environment: Mapping[str, str]
) -> Hello:
    """What the workers are told: of the shipped code, or of this machine's where nothing is."""
    shipped: dict[str, Any] = (
        {"folder": parcel.folder, "path": parcel.path, "is_shipped": True}
        if parcel is not None
        else {
            "folder": os.fspath(folder.absolute()),
            "path": tuple(sys.path),
            "is_shipped": False,
        }
    )
    return Hello(reference=reference, environment=environment, grace_s=30.0, **shipped)

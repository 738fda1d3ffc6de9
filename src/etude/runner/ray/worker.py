"""The actor of a slot: it starts the worker process that every machine has, and reads its events.

The training runs in that process and not in the actor: it prints to its trial's log, may fork, and
ends without taking the actor along. Two threads serve the actor: one follows what trains, another
takes halts and further trials meanwhile.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import final

import ray

from ...assignment import Assignment, Halt
from ...disk.attempt import is_attempt
from ...errors import RunError
from ...event import Event, Refused
from ...experiment.resources import NOTHING_SAID, Resources
from ...text.signs import text_of
from ..devices import visible_gpus
from ..messages import Verdict
from ..processes import Processes
from .hello import Hello, Installed, installed

# Reports wait for each other so long here, and as long again in the driver: together less than the
# half a second after which they are to be stored.
HOLD_S = 0.1
# A file system over a network may remember for so long that there was no such file.
SEEN_AFTER_S = 60
# Of the thread that takes halts while the other one follows a training.
CONTROL = "control"
# Ray's own libraries come first on its workers' path; a training is to have the user's.
_OF_RAY = f"{Path(ray.__file__).parent}{os.sep}"


@final
class Worker:
    """Trains on a node what it is sent, in a worker process of its own."""

    def __init__(self, hello: Hello) -> None:
        """Starts the worker process, which loads what it can before there is a trial."""
        os.environ.update(hello.environment)
        path = [str(hello.place(place)) for place in hello.path]
        node = [place for place in sys.path if not place.startswith(_OF_RAY)]
        self._runner = Processes(
            hello.reference,
            hello.place(hello.folder),
            workers=1,
            grace_s=hello.grace_s,
            resources=_of_this_actor(),
            path=list(dict.fromkeys([*path, *node])),
            hold_s=HOLD_S,
        )
        self._runner.start()
        self._more: SimpleQueue[Sequence[Assignment]] = SimpleQueue()
        self._early: dict[str, Halt] = {}  # by attempt: what came before its trial
        self._last = -1

    @ray.method(concurrency_group=CONTROL)
    def installed(self) -> Installed:
        """What this node has; the answer says that the actor is there."""
        return installed()

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether this worker would train these in stacks."""
        return self._runner.judge(assignments)

    def train(self, assignments: Sequence[Assignment], width: int) -> Iterator[list[Event]]:
        """Trains these and what is sent meanwhile, up to `width` at once: all their events."""
        self._runner.widen(width)
        yield from self._taken(assignments)
        is_busy = True
        while is_busy:
            events: list[Event] = []
            try:
                is_busy = self._runner.wait(events.extend)
            except RunError as error:  # no worker process starts here
                events.append(Refused(self._last, "input", text_of(error)))
            if events:
                yield events
            while not self._more.empty():
                yield from self._taken(self._more.get())
                is_busy = True

    @ray.method(concurrency_group=CONTROL)
    def add(self, assignments: Sequence[Assignment]) -> None:
        """Takes further trials while others train."""
        self._more.put(assignments)

    @ray.method(concurrency_group=CONTROL)
    def halt(self, halt: Halt, attempt: str) -> None:
        """Stops a trial at its next step; one that is still on its way as soon as it is here."""
        self._early[attempt] = halt
        self._runner.submit([halt])

    def _taken(self, assignments: Sequence[Assignment]) -> Iterator[list[Event]]:
        """Hands trials to the worker process; says which ones this node cannot train."""
        for assignment in assignments:
            if not _sees(assignment):
                yield [Refused(assignment.id, "input", _blind_message(assignment))]
                return
        self._runner.submit(assignments)
        for assignment in assignments:
            self._last = assignment.id
            if halt := self._early.pop(assignment.attempt, None):
                self._runner.submit([halt])


def _of_this_actor() -> Resources:
    """What the one worker process has: every GPU that the cluster reserved for this actor."""
    gpus = visible_gpus(os.environ)
    return Resources(gpus=float(len(gpus))) if gpus else NOTHING_SAID


def _sees(assignment: Assignment) -> bool:
    """Whether this node sees what the driver wrote down beside the trial's checkpoints."""
    for _ in range(SEEN_AFTER_S):
        if is_attempt(assignment.checkpoints, assignment.attempt):
            return True
        time.sleep(1.0)
    return is_attempt(assignment.checkpoints, assignment.attempt)


def _blind_message(assignment: Assignment) -> str:
    return (
        f"The node `{os.uname().nodename}` does not see the store's folder "
        f"`{assignment.checkpoints.parent}`, where checkpoints are kept. Put the store on a file "
        "system that all nodes have under the same path: `--store PATH`."
    )

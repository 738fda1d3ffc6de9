"""A place for an actor: what it trains, and the stream of its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import ray

from ...assignment import Assignment, Halt
from ...event import Event
from ..messages import Verdict
from .hello import Hello, Installed
from .worker import CONTROL, Worker


@final
class Place:
    """An actor, from the moment that it is asked for.

    Attributes:
        coming: Its first answer; None once it is there. Until then it is not free: the cluster may
            have no room for it.
        stream: Of its events, while it trains.
        assignments: What it trains, by trial.
    """

    def __init__(self, hello: Hello, options: dict[str, Any]) -> None:
        """Asks the cluster for an actor with these resources, and waits for nothing."""
        remote: Any = ray.remote  # whose types do not know all of its options
        actor_class = remote(concurrency_groups={CONTROL: 1})(Worker)
        # It is never started again by Ray: who takes over is to be told what was lost.
        options = {**options, "max_restarts": 0, "max_task_retries": 0}
        self._actor: Any = actor_class.options(**options).remote(hello)
        self.coming: Any = self._actor.installed.remote()
        self.stream: Any = None
        self.assignments: dict[int, Assignment] = {}

    @property
    def is_there(self) -> bool:
        """Whether it has answered."""
        return self.coming is None

    def answer(self) -> Installed:
        """Its first answer, which is there.

        Raises:
            RayError: where the actor is gone already.
        """
        answer: Installed = ray.get(self.coming)
        self.coming = None
        return answer

    def send(self, assignments: Sequence[Assignment], width: int) -> None:
        """Has it train these, which it has already been given, up to so many at once."""
        if self.stream is None or len(self.assignments) == len(assignments):
            self._follow(assignments, width)  # of a stream before, the end alone is left
        else:
            self._actor.add.remote(assignments)

    def halt(self, halt: Halt) -> None:
        """Stops a trial, where it is trained here."""
        if halt.trial_id in self.assignments:
            self._actor.halt.remote(halt, self.assignments[halt.trial_id].attempt)

    def receive(self, width: int) -> list[Event]:
        """What it sent next; nothing where its stream has come to its end.

        Raises:
            RayError: where the actor is gone.
        """
        try:
            reference = next(self.stream)
        except StopIteration:
            self.stream = None
            if self.assignments:  # they came as the last one before them ended
                self._follow((), width)
            return []
        events: list[Event] = ray.get(reference)
        return events

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether its worker would train these in stacks.

        Raises:
            RayError: where the actor is gone.
        """
        verdict: Verdict = ray.get(self._actor.judge.remote(assignments))
        return verdict

    def kill(self) -> None:
        """Ends the actor, or has the cluster look for no place for it any more."""
        ray.kill(self._actor, no_restart=True)

    def _follow(self, assignments: Sequence[Assignment], width: int) -> None:
        train = self._actor.train.options(num_returns="streaming")
        self.stream = train.remote(assignments, width)

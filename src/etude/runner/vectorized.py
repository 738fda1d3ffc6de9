"""Vectorized: many trials of a workload at once in this process, in stacks of equal shapes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import final

from ..errors import RunError
from ..event import Event
from ..train.loop import Loop
from ..train.member import Member
from ..train.vectorized import Left, Stack
from ..trial import Assignment, Trial
from .attempt import Outbox, outcome, rehearsal
from .base import Deliver
from .blame import is_out_of_memory
from .load import Train


@dataclass
class _Seat:
    """A trial in training, and the line to who wants to know."""

    outbox: Outbox
    begin: float = field(default_factory=time.monotonic)


@final
class Vectorized:
    """Trains trials of a workload in stacks, in this thread.

    Args:
        load: Loads the train function, which must be a workload's loop.
        width: How many trials a stack may hold.
    """

    def __init__(self, load: Callable[[], Train], *, width: int = 32) -> None:
        """Loads nothing before there is a trial."""
        self._load = load
        self._loop: Loop | None = None
        self._width = width
        self._waiting: deque[Assignment] = deque()
        self._stacks: list[Stack] = []
        self._seats: dict[int, _Seat] = {}
        self._events: list[Event] = []

    @property
    def slots(self) -> int:
        """How many trials a stack may hold."""
        return self._width

    @property
    def free(self) -> int:
        """Places that are not taken."""
        return max(self._width - len(self._seats) - len(self._waiting), 0)

    def submit(self, assignments: Sequence[Assignment]) -> None:
        """Takes trials; they begin at the next `wait`."""
        self._waiting.extend(assignments)

    def wait(self, deliver: Deliver) -> bool:
        """Trains one stretch of one stack, and hands on its news."""
        if not self._waiting and not self._stacks:
            return False
        self._admit()
        if self._stacks:
            stack = self._stacks.pop(0)
            self._stacks += self._advanced(stack)  # in turn: each stack has its stretch
        events, self._events = self._events, []
        if events:
            deliver(events)
        return True

    def close(self) -> None:
        """Drops what is in training; what was not handed on is done again when the run goes on."""
        self._waiting.clear()
        self._stacks.clear()
        self._seats.clear()

    def _admit(self) -> None:
        """Begins the trials that wait, each in the stack of its signature, or in a new one."""
        groups: dict[object, list[Member]] = {}
        while self._waiting:
            assignment = self._waiting.popleft()
            if assignment.rehearsal:
                self._events.append(rehearsal(assignment, self._loaded()))
            elif member := self._member(assignment):
                groups.setdefault(member.signature, []).append(member)
        for signature, members in groups.items():
            stacks = [one for one in self._stacks if one.members[0].signature == signature]
            if stacks:
                stacks[0].join(members)
            else:
                self._stacks.append(Stack(self._loaded(), members))

    def _member(self, assignment: Assignment) -> Member | None:
        """The trial with its network, begun; None where it ended in the attempt."""
        outbox = Outbox(assignment.id, self._sent)
        trial = Trial(assignment, outbox)
        self._seats[assignment.id] = _Seat(outbox)
        try:
            member = Member(self._loaded(), trial)
            member.begin()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's code may raise anything
            self._end(trial, error)
            return None
        return member

    def _advanced(self, stack: Stack) -> list[Stack]:
        """Trains a stack for a stretch; what is left of it, in several where it had to be split."""
        try:
            left = stack.advance()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's code may raise anything
            if len(stack.members) == 1:
                self._end(stack.members[0].trial, error)
                return []
            return stack.split(2) if is_out_of_memory(error) else self._apart(stack)
        for one in left:
            self._leave(one)
        return [stack] if stack.members else []

    def _apart(self, stack: Stack) -> list[Stack]:
        """A stretch for each trial alone: whoever is to blame for an exception raises it again."""
        singles = stack.split(len(stack.members))
        left = [each for single in singles for each in self._advanced(single)]
        for other in left[1:]:
            left[0].absorb(other)
        return left[:1]

    def _leave(self, one: Left) -> None:
        self._end(one.member.trial, one.error)

    def _end(self, trial: Trial, error: BaseException | None) -> None:
        seat = self._seats.pop(trial.id)
        seat.outbox.end(outcome(trial, error), time.monotonic() - seat.begin)

    def _sent(self, events: list[Event]) -> None:
        self._events += events

    def _loaded(self) -> Loop:
        if self._loop is None:
            train = self._load()
            if not isinstance(train, Loop):
                raise RunError(
                    "The runner `vectorized` needs a workload, whose loop is Etude's, and `train` "
                    'names a function. Use runner="processes", or write a workload.'
                )
            self._loop = train
        return self._loop

"""Vectorized: many trials of a workload at once in this process, in stacks of equal shapes."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, final

from ..assignment import Assignment, Halt
from ..errors import RunError
from ..event import Event
from ..train.backend import Stacking, backend_of, resolved
from ..train.gate import Signature
from ..train.workload import Workload
from ..trial import TrainFunction, Trial
from .attempt import EventChannel, outcome, rehearsal, with_reads
from .base import Deliver
from .process_state import ProcessState
from .running_clock import RUNNING
from .user_errors import is_out_of_memory

if TYPE_CHECKING:  # JAX's have the same names
    from ..train.torch.member import Member
    from ..train.torch.vectorized import Stack

# Longer than any stretch.
_ANY_LENGTH = 1 << 30


@dataclass
class _Seat:
    """A trial in training: the channel of its events, and when it began."""

    channel: EventChannel
    begin: float = field(default_factory=time.monotonic)


@final
class Vectorized:
    """Trains trials of a workload in stacks, in this thread.

    Args:
        load: Loads the train function, which must be a workload's loop.
        width: How many trials a stack may hold.
        print_to: Sends what this process prints to a log. A model's code prints to its trial's; a
            step of a stack is one for all its trials, and prints to the log of the first.
    """

    def __init__(
        self,
        load: Callable[[], TrainFunction],
        *,
        width: int = 32,
        print_to: Callable[[Path], None] = lambda log: None,
    ) -> None:
        """Loads nothing before there is a trial."""
        self._load = load
        self._print_to = print_to
        self._max_widths: dict[Signature, int] = {}
        self._train: TrainFunction | None = None
        self._stacking: Stacking | None = None
        self._width = width
        self._waiting: deque[Assignment] = deque()
        self._stacks: list[Stack] = []
        self._seats: dict[int, _Seat] = {}
        self._events: list[Event] = []
        self._halts: dict[int, str] = {}
        self._state_before: ProcessState | None = None

    @property
    def slots(self) -> int:
        """How many trials a stack may hold."""
        return self._width

    @property
    def free(self) -> int:
        """Places that are not taken."""
        return max(self._width - len(self._seats) - len(self._waiting), 0)

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Takes trials, which begin at the next `wait`, and who is to stop."""
        for order in orders:
            if isinstance(order, Halt):
                self._halts[order.trial_id] = order.reason
            else:
                self._halts.pop(order.id, None)
                self._waiting.append(order)

    def wait(self, deliver: Deliver) -> bool:
        """Trains one stretch of one stack, and delivers its events."""
        if not self._waiting and not self._stacks:
            return False
        self._admit()
        if self._stacks:
            stack = self._stacks.pop(0)
            self._stacks += self._advance(stack)  # in turn: each stack has its stretch
        for seat in self._seats.values():  # the next stretch may take long
            seat.channel.flush()
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
        groups: dict[Signature, list[Member]] = {}
        while self._waiting:
            assignment = self._waiting.popleft()
            if assignment.rehearsal:
                isolated = self._state.isolated(self._load_train(), assignment.stream_seed)
                self._events.append(rehearsal(assignment, isolated))
            elif member := self._member(assignment):
                groups.setdefault(member.signature, []).append(member)
        for signature, members in groups.items():
            self._seat(signature, members)

    def _seat(self, signature: Signature, members: list[Member]) -> None:
        """Puts trials into the stacks of their signature as far as there is room, then into others.

        Room is what memory has been seen to allow.
        """
        width = self._max_widths.get(signature, self._width)
        for stack in self._stacks:
            room = width - len(stack.members)
            if members and room > 0 and stack.members[0].signature == signature:
                stack.join(members[:room])
                members = members[room:]
        for start in range(0, len(members), width):
            stacking = self._resolved(members[start].trial)
            self._stacks.append(stacking.stack(members[start : start + width]))

    def _member(self, assignment: Assignment) -> Member | None:
        """The trial with its network, begun; None where it ended in the attempt."""
        self._print(assignment.folder)
        channel = EventChannel(assignment.id, self._collect)
        trial = Trial(
            assignment, channel, lambda: self._halts.get(assignment.id, ""), now_s=RUNNING.now_s
        )
        self._seats[assignment.id] = _Seat(channel)
        try:
            with self._state.restored(assignment.stream_seed):
                member: Member = self._resolved(assignment).member(trial)
                member.begin()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # a user's code may raise anything
            self._end(trial, error)
            return None
        return member

    def _advance(self, stack: Stack, most: int = _ANY_LENGTH) -> list[Stack]:
        """Trains a stack for a stretch; returns its rest, in several where it had to split."""
        first = stack.members[0]
        self._print(first.trial.folder)
        try:
            with self._state.restored():
                departures = stack.advance(most)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # a user's code may raise anything
            if len(stack.members) == most == 1:
                self._end(first.trial, error)
                return []
            is_full = is_out_of_memory(error)
        else:
            for departed in departures:
                self._end(departed.member.trial, departed.error)
            return [stack] if stack.members else []
        # Below `except`, so that what the failed stretch held is free again.
        if len(stack.members) == 1:
            return self._advance(stack, most=1)  # up to the step that raises
        if not is_full:
            return self._advance_alone(stack)
        gc.collect()  # half a recording holds itself
        self._max_widths[first.signature] = len(stack.members) // 2
        return stack.split(2)

    def _print(self, folder: Path) -> None:
        with suppress(OSError):  # a full disk is reported where results are written
            self._print_to(folder / "log.txt")

    def _advance_alone(self, stack: Stack) -> list[Stack]:
        """Does some steps of each trial alone: whoever is to blame for an exception raises it."""
        singles = stack.split(len(stack.members))
        stacks = [rest for single in singles for rest in self._advance(single)]
        for other in stacks[1:]:
            stacks[0].absorb(other)
        return stacks[:1]

    def _end(self, trial: Trial, error: BaseException | None) -> None:
        seat = self._seats.pop(trial.id)
        ended = with_reads(trial, outcome(trial, error))
        seat.channel.end(ended, time.monotonic() - seat.begin)

    def _collect(self, events: list[Event]) -> None:
        self._events += events

    @property
    def _state(self) -> ProcessState:
        """What this process was like when the train function was loaded."""
        if self._state_before is None:
            self._load_train()
            self._state_before = ProcessState()
        return self._state_before

    def _load_train(self) -> TrainFunction:
        if self._train is None:
            train = self._load()
            if not isinstance(getattr(train, "workload", None), Workload):
                raise RunError(
                    "The runner `vectorized` needs a workload, whose loop is Etude's, and `train` "
                    'names a function. Use runner="processes", or write a workload.'
                )
            self._train = train
        return self._train

    def _resolved(self, first: Assignment | Trial) -> Stacking:
        """What trains in stacks, once it is known whose model the workload makes."""
        if self._stacking is None:
            given = first.noted if isinstance(first, Trial) else first.setting
            loop = resolved(self._load_train(), given)
            self._stacking = backend_of(loop).stack(loop)
        return self._stacking

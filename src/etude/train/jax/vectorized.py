"""Vectorized: many trials of a workload in one program, one row each, one `vmap` for all.

A trial keeps its row, and a stack its width: rows that trials left are trained on and reported to
nobody. XLA compiles another width to another program, which comes to other bits, and takes seconds
to compile it. So neighbours may diverge, end or be replaced, and no bit of a trial changes.

Axes: W rows, K of them trials', S steps of a stretch, P parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, final

import jax.numpy as jnp
import numpy as np

from ...setting import NotedSetting, quietly
from .. import metrics
from ..reporting import STRETCH_S, Departed, StepResults, report_steps, until_evaluation
from .examples import Examples
from .loop import Loop
from .member import Member
from .program import MAX_STRETCH, About, Done, Program, means
from .vectors import Vectors, about


class _Kind(NamedTuple):
    """The kind of a stack's program beside its shapes; trials that leave change nothing in it."""

    optimizers: tuple[str, ...]
    own: tuple[str, ...]
    shared: Mapping[str, Any]


@final
class Stack:
    """Trials of one signature that are trained together."""

    def __init__(self, loop: Loop, members: Sequence[Member]) -> None:
        """Takes trials that have begun."""
        self._loop = loop.on(members[0].trial.split_seed)
        self._rows: list[Member | None] = []
        self._ran = False
        self._kind = _Kind((), (), quietly(members[0].trial.noted))
        self._vectors: Vectors
        self._program: Program
        self.join(members)

    @property
    def members(self) -> Sequence[Member]:
        """The trials in training, in the order of their rows."""
        return tuple(one for one in self._rows if one is not None)

    def join(self, members: Sequence[Member]) -> None:
        """Takes more trials of the same signature, each at its own step, where rows are free."""
        self._hand_out()
        vacant = [place for place, one in enumerate(self._rows) if one is None]
        missing = len(members) - len(vacant)
        if missing > 0:
            width = 1 << (len(self._rows) + missing - 1).bit_length()
            vacant += range(len(self._rows), width)
            self._rows += [None] * (width - len(self._rows))
        for place, member in zip(vacant, members, strict=False):
            self._rows[place] = member
        self._kind = self._wider_kind(members)
        self._gather()
        self._program = self._current_program()

    def absorb(self, other: Stack) -> None:
        """Takes over the trials of another stack of the same signature."""
        other._hand_out()
        self.join(other.members)

    def split(self, parts: int) -> list[Stack]:
        """The same trials in several stacks, where one is too large or one trial fails them all."""
        self._hand_out()
        members = self.members
        bounds = np.linspace(0, len(members), parts + 1).astype(int).tolist()
        return [
            Stack(self._loop, members[start:stop])
            for start, stop in pairwise(bounds)
            if start < stop
        ]

    def rows_after(self, count: int) -> Done:
        """What some steps would lead to; nothing changes or is reported."""
        # A row that a trial left is trained on as the first of the others.
        spans = {
            place: (member, member.step, member.step + count)
            for place, member in enumerate(self._rows)
            if member is not None
        }
        first = next(iter(spans.values()))
        filled = [spans.get(place, first) for place in range(len(self._rows))]
        rows = np.stack([one.order.rows(start, stop) for one, start, stop in filled], 1)
        moving = np.stack([one.recipe.moving(start, stop).T for one, start, stop in filled], 1)
        examples, places = self._loop.training.prepared(rows)
        done = self._program.run(self._vectors, self._about(filled), examples, places, moving)
        self._refuse_hidden()
        return done._replace(losses=np.asarray(done.losses), norms=np.asarray(done.norms))

    def values_of(self, done: Done) -> list[dict[str, float]]:
        """The metrics of all trials after a stretch; nothing is reported."""
        values = self._evaluations(done.x)
        return [values[place] for place, one in enumerate(self._rows) if one is not None]

    def state_of(self, done: Done, member: Member) -> Any:
        """The state of a trial after a stretch."""
        place = self._rows.index(member)
        member.vectors = (done.x[place], done.m[place], done.v[place])
        return member.state()

    def advance(self, most: int = MAX_STRETCH) -> list[Departed]:
        """Trains all trials for a stretch; those that are over leave, and are returned.

        A stretch has at most so many steps. Whatever the user's code raises passes through, and
        then nothing has changed.
        """
        count = min(self._stretch(), most)
        begin = time.monotonic()
        done = self.rows_after(count) if count else None
        if done is not None and self._ran:  # the first one may have been compiled
            self._program.step_s = (time.monotonic() - begin) / count
        self._ran = True
        due = [one for one in self.members if count and one.trial.evaluates(one.step + count - 1)]
        values = self._evaluations(done.x) if done is not None and due else []
        if done is not None:
            self._vectors = (done.x, done.m, done.v)
        departures = []
        for place, member in enumerate(self._rows):
            if member is None:
                continue
            member.trial.noted.also(self._program.setting)
            departed = self._report(member, place, done, values)
            if departed is not None:
                departures.append(departed)
                self._rows[place] = None
        return departures

    def _report(
        self, member: Member, place: int, done: Done | None, values: Sequence[dict[str, float]]
    ) -> Departed | None:
        results = None
        if done is not None:
            losses, norms = done.losses[:, place].tolist(), done.norms[:, place].tolist()
            last = member.step + len(losses) - 1
            due = last in member.trial.evaluation_steps
            results = StepResults(losses, norms, values[place] if due else None)
        return report_steps(member, results, lambda: self._state(member, place))

    def _state(self, member: Member, place: int) -> Any:
        member.vectors = self._row(place)
        return member.state()

    def _row(self, place: int) -> Vectors:
        x, m, v = self._vectors
        return x[place], m[place], v[place]

    def _stretch(self) -> int:
        """Steps until the first evaluation of any trial, as far as they take half a second."""
        if any(one.step == one.trial.max_steps for one in self.members):
            return 0
        until = min(until_evaluation(one.trial, one.step) for one in self.members)
        step_s = self._program.step_s or STRETCH_S
        ahead = MAX_STRETCH if self._loop.training.ahead else 1
        return max(1, min(until, ahead, int(STRETCH_S / step_s)))

    def _evaluations(self, x: Any) -> list[dict[str, float]]:
        """The metrics of each row over all validation examples, and training ones if asked for."""
        values = self._over(self._loop.validation, x, metrics.recorded_name)
        if most := self.members[0].trial.evaluate_training:
            training = self._over(self._loop.training_sample(most), x, metrics.training_name)
            values = [one | other for one, other in zip(values, training, strict=True)]
        return values

    def _over(self, over: Examples, x: Any, named: Callable[[str], str]) -> list[dict[str, float]]:
        """The metrics of each row over these examples; what has no name there is left out."""
        batch_size = self.members[0].recipe.batch_size
        spans = list(metrics.spans(over.count, batch_size))
        filled = [one or self.members[0] for one in self._rows]
        own = self._own(filled)
        batches = (over.between(start, stop) for start, stop in spans)
        parts = [self._program.measure(x, own, batch) for batch in batches]
        values = means(parts, [stop - start for start, stop in spans], named, axes=1)
        columns = {name: column.tolist() for name, column in values.items()}
        return [
            {name: column[place] for name, column in columns.items()}
            for place in range(len(self._rows))
        ]

    def _about(self, filled: Sequence[tuple[Member, int, int]]) -> About:
        inputs = [about(one.recipe, one.seed, start, self._vectors[0]) for one, start, _ in filled]
        names = [one.recipe.optimizer for one, _, _ in filled]
        return About(
            seed=np.stack([one.seed for one in inputs]),
            start=np.stack([one.start for one in inputs]),
            optimizer=np.array(list(map(self._kind.optimizers.index, names)), dtype=np.int32),
            staying=np.stack([one.staying for one in inputs]),
            own=self._own([one for one, _, _ in filled]),
        )

    def _own(self, filled: Sequence[Member]) -> dict[str, Any]:
        """Numbers of the setting that differ or have differed between the trials, (W,)."""
        kind = self._vectors[0].dtype
        return {
            name: np.array([quietly(one.trial.noted)[name] for one in filled], dtype=kind)
            for name in self._kind.own
        }

    def _wider_kind(self, members: Sequence[Member]) -> _Kind:
        """The kind that more trials make of it: what once was an input stays one."""
        known = self._kind
        optimizers = dict.fromkeys([*known.optimizers, *(one.recipe.optimizer for one in members)])
        settings = [known.shared, *(quietly(one.trial.noted) for one in members)]
        names = {name for one in settings for name in one}
        same = {
            name
            for name in known.shared
            if all(name in one and one[name] == known.shared[name] for one in settings)
        }
        differing = (names - same) & {*known.shared} | {*known.own}
        own = sorted(
            name
            for name in differing
            if all(isinstance(quietly(one.trial.noted).get(name), float) for one in self.members)
        )
        shared = {name: known.shared[name] for name in known.shared if name in same}
        return _Kind(tuple(optimizers), tuple(own), shared)

    def _gather(self) -> None:
        """Puts the vectors of all trials into rows, with room for moments that any of them has."""
        members = self.members
        size = len(members[0].vectors[0])
        like = members[0].vectors[0].dtype
        vectors = []
        for part in range(3):
            wide = size if any(len(one.vectors[part]) for one in members) else 0
            rows = np.zeros((len(self._rows), wide), like)
            for place, member in enumerate(self._rows):
                if member is not None and len(member.vectors[part]):
                    rows[place] = np.asarray(member.vectors[part])
            vectors.append(jnp.asarray(rows))
        self._vectors = (vectors[0], vectors[1], vectors[2])

    def _current_program(self) -> Program:
        """The program of the kind that the stack is of now."""
        kind = self._kind
        program = Program(
            self._loop.workload,
            self.members[0].layout,
            NotedSetting(kind.shared),
            kind.optimizers,
            own=kind.own,
            stacked=True,
        )
        return self._loop.program(program)

    def _refuse_hidden(self) -> None:
        """Refuses an entry of the setting that Python read and a stack has no one value of."""
        names = {name for one in self.members for name in quietly(one.trial.noted)}
        hidden = names - {*self._kind.own, *self._kind.shared}
        if read := sorted(hidden & self._program.setting.read):
            raise ValueError(
                f"Python reads `{read[0]}` of the setting, in which the trials differ, and it is "
                "no number with a point in all of them; a stack runs Python once for all."
            )

    def _hand_out(self) -> None:
        """Gives each trial its vectors back."""
        for place, member in enumerate(self._rows):
            if member is not None:
                member.vectors = self._row(place)

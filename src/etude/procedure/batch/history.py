"""What probes of batch sizes showed, in the order in which they were played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias, final

ProbeOutcome: TypeAlias = Literal["measured", "out_of_memory", "too_few_examples", "failed", "slow"]
Cause: TypeAlias = Literal["input", "copies", "synchronization"]


@final
@dataclass(frozen=True, kw_only=True)
class TimeShares:
    """Where the time of a step goes, each as a share of it; `place` is the user's line.

    `copies` is None where nobody can see them.
    """

    input: float = 0.0
    copies: float | None = None
    synchronization: float = 0.0
    idle: float = 0.0
    place: str = ""
    unclear: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class SizeProbe:
    """One probe of a batch size: a few steps in a process of its own.

    Args:
        batch_size: Examples a step, as the setting has it.
        turn: Which probe of its size it is, from 1.
        outcome: `measured`, or why not.
        blocks: Of each stretch its steps, its seconds, and those in which it had no turn.
        steps: All that were done.
        memory_bytes: The most that was held at once.
        device: Where it was trained.
        is_read: Whether the training asked for the batch size.
        is_own_loop: Whether Etude's loop trained it.
        shapes: The axes of what a step holds, by variable.
        examples: To train on; None where not known.
        shares: Where its time goes; None where nobody looked.
        detail: Why it failed.
        wall_s: All that it took.
    """

    batch_size: int
    turn: int
    outcome: ProbeOutcome
    blocks: tuple[tuple[int, float, float], ...] = ()
    steps: int = 0
    memory_bytes: int | None = None
    device: str = "cpu"
    is_read: bool = True
    is_own_loop: bool = False
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    examples: int | None = None
    shares: TimeShares | None = None
    detail: str = ""
    wall_s: float = 0.0

    @property
    def step_s(self) -> float | None:
        """Seconds a step; None where none was timed."""
        steps = sum(count for count, *_ in self.blocks)
        return sum(seconds for _, seconds, _ in self.blocks) / steps if steps else None

    @property
    def own_step_s(self) -> float | None:
        """The same without the time in which others had the processor; None where none is left."""
        steps = sum(count for count, *_ in self.blocks)
        own_s = sum(seconds - delayed_s for _, seconds, delayed_s in self.blocks)
        return own_s / steps if steps and own_s > 0.0 else self.step_s


@final
@dataclass(frozen=True)
class History:
    """The probes of one configuration.

    Args:
        probes: In the order in which they were played.
        examples: To train on, where somebody said so.
    """

    probes: tuple[SizeProbe, ...] = ()

    def __add__(self, probe: SizeProbe) -> History:
        """The same with one probe more."""
        return replace(self, probes=(*self.probes, probe))

    def of(self, batch_size: int) -> tuple[SizeProbe, ...]:
        """The probes of a size."""
        return tuple(probe for probe in self.probes if probe.batch_size == batch_size)

    def timed(self, batch_size: int) -> tuple[SizeProbe, ...]:
        """The probes of a size that were timed."""
        return tuple(probe for probe in self.of(batch_size) if probe.step_s)

    def before(self, turn: int) -> History:
        """What was known before a turn."""
        return History(tuple(probe for probe in self.probes if probe.turn < turn))

    def without_failures(self) -> History:
        """The same without what failed at its end: what was amiss may have been mended meanwhile.

        A first size or two that fails below others, as a batch norm's of one example, stays.

        Source: S4.
        """
        largest = max(self.feasible, default=0)
        return History(
            tuple(
                probe
                for probe in self.probes
                if probe.outcome != "failed" or probe.batch_size < largest
            )
        )

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """All that were tried, the smallest first."""
        return tuple(sorted({probe.batch_size for probe in self.probes}))

    @cached_property
    def feasible(self) -> tuple[int, ...]:
        """Those that were trained every time, and that the data gives."""
        return tuple(
            size
            for size in self.sizes
            if all(probe.outcome == "measured" for probe in self.of(size))
            and not self.is_short(size)
        )

    @cached_property
    def examples(self) -> int | None:
        """How many there are to train on; None where nobody said."""
        return next((one.examples for one in self.probes if one.examples is not None), None)

    def outcome(self, batch_size: int) -> ProbeOutcome:
        """What became of a size: what kept it once from being trained, else `measured`."""
        worst = [one.outcome for one in self.of(batch_size) if one.outcome != "measured"]
        if worst:
            return worst[0]
        return "too_few_examples" if self.is_short(batch_size) else "measured"

    def is_short(self, batch_size: int) -> bool:
        """Whether there are fewer examples, or its steps hold fewer.

        Source: S4.
        """
        if self.examples is not None and batch_size > self.examples:
            return True
        return self.cut_to(batch_size) is not None

    def cut_to(self, batch_size: int) -> int | None:
        """To how many examples its steps are cut, where that is less than the size; else None.

        A loader gives what there is where that is less than a batch, and a loop may set a limit.
        Nobody looks into every size: what a larger one does not hold, this one does not either, and
        a larger one holds no more than one that is cut.

        Source: S4.
        """
        small, large = self._small_pair(batch_size)
        looked = next((one for one in self.sizes if one >= batch_size and self._shapes(one)), None)
        if looked is None:
            below = next(
                (one for one in reversed(self.sizes) if one < batch_size and self._shapes(one)),
                None,
            )
            return None if below is None else self.cut_to(below)
        if not large:
            return None
        shapes = dict(self._shapes(looked))
        axes = list(scaled_axes(self._shapes(small), self._shapes(large), large / small))
        seen = [
            (shapes[name][axis], size * batch_size // large, size)
            for name, axis, size in axes
            if _has(shapes, name, axis)
        ]
        if not seen or any(size >= wanted for size, wanted, _ in seen):
            return None
        return max(size * large // at_large for size, _, at_large in seen)

    def _small_pair(self, batch_size: int) -> tuple[int, int]:
        """Two sizes, far below this one, whose steps were looked at; zeros without any."""
        seen = [size for size in self.sizes if size < batch_size and self._shapes(size)]
        return (seen[0], seen[len(seen) // 2]) if len(seen) > 2 else (0, 0)

    def _shapes(self, batch_size: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return next((probe.shapes for probe in self.of(batch_size) if probe.shapes), ())

    def reaches_steps(self) -> bool | None:
        """Whether what a step holds grows with the batch size; None where nothing was seen.

        Source: S3.
        """
        seen = [size for size in self.sizes if self._shapes(size)]
        if len(seen) < 2:
            return None
        # Not the ends alone: the largest may be more than the data gives.
        return any(
            any(True for _ in scaled_axes(self._shapes(small), self._shapes(large), large / small))
            for small, large in pairwise(seen)
        )


def scaled_axes(
    small: tuple[tuple[str, tuple[int, ...]], ...],
    large: tuple[tuple[str, tuple[int, ...]], ...],
    factor: float,
) -> Iterator[tuple[str, int, int]]:
    """The axes that grew by a factor, by variable and place, with their larger size.

    >>> list(scaled_axes((("x", (8, 3)),), (("x", (16, 3)),), 2))
    [('x', 0, 16)]

    Source: S3.
    """
    others = dict(large)
    for name, shape in small:
        other = others.get(name, ())
        if len(other) != len(shape):
            continue
        for axis, (before, after) in enumerate(zip(shape, other, strict=True)):
            if before and after == factor * before:
                yield name, axis, after


def _has(shapes: dict[str, tuple[int, ...]], name: str, axis: int) -> bool:
    return len(shapes.get(name, ())) > axis

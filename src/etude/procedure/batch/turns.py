"""Which batch size is probed next: a pure function of the probes so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .growth import LEAST_TURNS, TRUSTED, Growth, growth
from .history import History


@final
@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far the measuring goes.

    Args:
        most: The largest size to try.
        turns: Probes of a size at most; what is not known then is unclear.
        trusted_turns: As many for an interval alone: a load that changes so much stays as it is.

    Source: S4.
    """

    # Heuristic: no training takes more examples a step on one device.
    most: int = 2**24
    # Heuristic: eight tell a gain of 5 % from none under a noise of 4 % a process.
    turns: int = 8
    # Heuristic: of five processes a sixth changes little.
    trusted_turns: int = 5


@final
@dataclass(frozen=True)
class Next:
    """The next probe: of which size, and the how manieth of it."""

    batch_size: int
    turn: int


def next_probe(history: History, limits: Limits) -> Next | None:
    """The next probe; None where all is known, or will not be.

    First every power of two until memory or examples run out; then all sizes in turn, so that a
    load that drifts is shared by them, until each interval and what a size gains is known.

    Source: S4, S6.
    """
    size = next_size(history, limits)
    if size is not None:
        return Next(size, 1)
    if is_never_read(history):
        return None
    # The turns before the last are over: nothing more is asked of them.
    last = max(probe.turn for probe in history.probes)
    for turn in range(max(last, 2), limits.turns + 1):
        wanted = open_sizes(history.before(turn), by_interval=turn <= limits.trusted_turns)
        done = {probe.batch_size for probe in history.probes if probe.turn == turn}
        left = [one for one in wanted if one not in done and one in history.feasible]
        if left:
            # Up and down: what drifts within a turn cancels.
            return Next(left[0] if turn % 2 else left[-1], turn)
        if not wanted:
            return None
    return None


def next_size(history: History, limits: Limits) -> int | None:
    """The next power of two; None at the end of them.

    A first size or two may fail by itself: a batch norm has no statistics of one example.

    Source: S4.
    """
    if not history.probes:
        return 1
    last = history.sizes[-1]
    outcome = history.outcome(last)
    if is_never_read(history) or outcome not in ("measured", "failed"):
        return None
    if outcome == "failed" and (history.feasible or len(history.sizes) > 1):
        return None
    if history.examples is not None and 2 * last > history.examples:
        return None
    return 2 * last if 2 * last <= limits.most else None


def is_never_read(history: History) -> bool:
    """Whether trainings did their steps and never asked for the batch size.

    Source: S3.
    """
    timed = [probe for probe in history.probes if probe.step_s]
    return bool(timed) and not any(probe.is_read for probe in timed)


def open_sizes(history: History, *, by_interval: bool = True) -> tuple[int, ...]:
    """The sizes that more probes would tell something about, the smallest first.

    Args:
        history: The probes so far.
        by_interval: Whether the throughput of each is to be known, and not the useful size alone.

    Source: S4, S6.
    """
    known = growth(history)
    others = _open_by_interval(known, history) if by_interval else set()
    return tuple(sorted(_open_by_gain(known) | others))


def _open_by_gain(known: Growth) -> set[int]:
    return {size for gain in known.open_gains for size in (gain.batch_size, gain.over)}


def _open_by_interval(known: Growth, history: History) -> set[int]:
    return {
        size
        for size, step in known.steps.items()
        if len(history.timed(size)) < LEAST_TURNS or step.relative > TRUSTED
    }

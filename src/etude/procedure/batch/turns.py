"""Which batch size is probed next: a pure function of the probes so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .growth import LEAST_TURNS, TRUSTED, WORTH, Growth, growth
from .history import History


@final
@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far the measuring goes.

    Args:
        most: The largest size to try.
        own: The file's size: sizes are tried up to it where all smaller ones fail.
        turns: Probes of a size at most; what is not known then is unclear.
        trusted_turns: As many for an interval alone: a load that changes so much stays as it is.
        others_turn: The turn from which on sizes far from the useful one are probed again.

    Source: S4.
    """

    # Heuristic: no training takes more examples a step on one device.
    most: int = 2**24
    own: int = 1
    # Heuristic: eight tell a gain of 5 % from none under a noise of 4 % a process.
    turns: int = 8
    # Heuristic: of five processes a sixth changes little.
    trusted_turns: int = 5
    # Heuristic: by the fourth turn the spread is known, and who bears on nothing may need no other.
    others_turn: int = 4


@final
@dataclass(frozen=True)
class Next:
    """The next probe: its size, and which probe of that size it is, from 1."""

    batch_size: int
    turn: int


def next_probe(history: History, limits: Limits) -> Next | None:
    """The next probe; None where all is known, or will not be.

    First every power of two until memory or examples run out; then those that bear on the useful
    size in turn, so that a load that drifts is shared by them, until what they gain is known; the
    others again where their interval is not known by the spread that was seen meanwhile.

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
        wanted = turn_sizes(history, turn, limits)
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

    A first size or two may fail by itself: a batch norm has no statistics of one example. A loop
    may ask for more, so while all fail they go on, the file's own size last: it is meant to train.

    Source: S4.
    """
    if not history.probes:
        return 1
    last = history.sizes[-1]
    outcome = history.outcome(last)
    if is_never_read(history) or outcome not in ("measured", "failed"):
        return None
    following = 2 * last
    if outcome == "failed" and (history.feasible or len(history.sizes) > 1):
        following = 0 if history.feasible else min(following, limits.own)
    if history.examples is not None and following > history.examples:
        return None
    if is_flat(history):
        return None
    return following if last < following <= limits.most else None


def is_flat(history: History, *, doublings: int = 3, long_step_s: float = 0.5) -> bool:
    """Whether steps are long and the last doublings gained hardly anything: larger cost minutes.

    Where a step is short it is looked on, for memory may end the sizes soon. Heuristics: eight
    times the examples that gain less than 10 %, as noise of one probe each may hide 5 %.

    Source: S4, S6.
    """
    rates = {
        size: size / probe.own_step_s
        for size in history.feasible
        for probe in history.timed(size)[:1]
        if probe.own_step_s
    }
    sizes = sorted(rates)
    if len(sizes) <= doublings or sizes[-1] / rates[sizes[-1]] < long_step_s:
        return False
    before, last = sizes[:-doublings], sizes[-doublings:]
    return max(rates[size] for size in last) < WORTH**2 * max(rates[size] for size in before)


def within(history: History, limits: Limits) -> History:
    """The probes of sizes up to the limit: larger ones of before say nothing under it.

    Source: S4.
    """
    return History(tuple(probe for probe in history.probes if probe.batch_size <= limits.most))


def with_larger(known: History, before: History, limits: Limits) -> History:
    """What is known within the limits, with the larger sizes of before, to be written down.

    Source: S4.
    """
    played = known.probes[len(within(before, limits).probes) :]
    return History(before.probes + played)


# Heuristic: 8,192 examples a step, where nothing says how many there are or fit.
_USUAL_SIZES = 14


def most_sizes(history: History, limits: Limits) -> int:
    """How many sizes there are to try, as far as that is known.

    Source: S4, R15.
    """
    most = min(limits.most, history.examples or 2 ** (_USUAL_SIZES - 1))
    return max(most, 1).bit_length()


def is_never_read(history: History) -> bool:
    """Whether trainings did their steps and never asked for the batch size.

    Source: S3.
    """
    timed = [probe for probe in history.probes if probe.step_s]
    return bool(timed) and not any(probe.is_read for probe in timed)


def turn_sizes(history: History, turn: int, limits: Limits) -> tuple[int, ...]:
    """The sizes that are probed in a turn, the smallest first, by what was known before it.

    Source: S4, S6.
    """
    history = history.before(turn)
    known = growth(history)
    sizes = {size for gain in known.open_gains for size in (gain.batch_size, gain.over)}
    if turn <= limits.trusted_turns:
        near = _near(known, history)
        sizes |= {size for size in near if len(history.timed(size)) < LEAST_TURNS}
        sizes |= {size for size in near if known.steps[size].relative > TRUSTED}
        if turn >= limits.others_turn:
            sizes |= {size for size in known.steps if _may_be_trusted(known.steps[size].relative)}
    return tuple(sorted(sizes))


# Heuristic: under a load that hides more, two probes more do not bring an interval to 5 %.
def _may_be_trusted(relative: float, *, hopeless: float = 4 * TRUSTED) -> bool:
    return TRUSTED < relative <= hopeless


def _near(known: Growth, history: History) -> set[int]:
    """The sizes that the useful one is told by; all where none seems to be used."""
    if history.reaches_steps() is False:
        return set(known.steps)
    deciding = {size for gain in known.deciding for size in (gain.batch_size, gain.over)}
    return deciding or set(known.steps)

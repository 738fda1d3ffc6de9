"""What follows from the probes of batch sizes: each size's figures, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Literal

from ...wording import quantity
from .growth import TRUSTED, Growth, growth
from .history import Cause, History, SizeProbe, TimeShares
from .interval import Interval
from .measured import Bottleneck, Measured, Outcome, SizeMeasurement, Verdict
from .turns import is_never_read

# Heuristic: what takes a fifth of a step is worth a cure; less is lost in the next change.
WORTH_CURING = 0.2
# A wait for values in each step has no use at all, and its cure is a line.
_WAIT_WORTH_CURING = 0.1
# Heuristic: between sizes so far apart, a batch that is used costs time or memory.
_FAR = 8
# Heuristic: times and memory that differ by less are the same (memory grows by 4 % over thousands
# of steps of one size), and more memory is more.
_SAME_TIME, _SAME_MEMORY, _MORE_MEMORY = 1.15, 1.05, 1.1
CURES: dict[Cause, str] = {
    "input": "prefetch it with more workers, cache it, do its work once offline, or drop unused "
    "features",
    "copies": "copy from pinned memory while a step computes, or keep the data on the device",
    "synchronization": "leave values on the device and read them every hundred steps",
}


def measured(name: str, history: History, *, cores: float = 1.0) -> Measured:
    """The measurement of all sizes, and what they show together.

    Args:
        name: What the file calls the batch size.
        history: The probes.
        cores: Processor cores that a training may use.

    Source: S3, S4, S5, S6, E1.
    """
    known = growth(history)
    largest = max(known.steps, default=None)
    sizes = tuple(_size(history, size, known.steps.get(size)) for size in history.sizes)
    bottleneck = _bottleneck(history, known.useful or largest)
    verdict = _verdict(history, known, bottleneck)
    ignored = verdict == "ignored"
    flat = verdict == "unclear" and bool(known.steps) and _takes_the_same_time(history, known)
    limit = _limit(history)
    # One size shows no growth: it is the largest that is useful only where no other can be trained.
    lone = len(known.steps) == 1 and limit is None
    return Measured(
        name=name,
        sizes=sizes,
        verdict=verdict,
        largest_feasible=largest,
        limited_by=limit,
        useful=None if ignored or flat or lone else known.useful,
        is_flat=flat,
        gains=known.gains,
        bottleneck=None if ignored else bottleneck,
        # What trained fits all the more without gradients.
        evaluation_batch_size=None if ignored else largest,
        device=next((one.device for one in history.probes if one.step_s), "cpu"),
        cores=cores,
        examples=history.examples,
    )


def _size(history: History, size: int, step: Interval | None) -> SizeMeasurement:
    probes = history.of(size)
    outcome = history.outcome(size)
    if step is None or outcome != "measured":
        detail = next((one.detail for one in probes if one.outcome == outcome), "")
        cut_to = history.cut_to(size) if outcome == "too_few_examples" else None
        return SizeMeasurement(
            batch_size=size,
            outcome="unclear" if outcome == "slow" or outcome == "measured" else outcome,
            memory_mib=_memory_mib(probes),
            detail=detail or (f"Its steps hold {quantity(cut_to, 'example')}." if cut_to else ""),
            cut_to=cut_to,
        )
    is_trusted = step.relative <= TRUSTED
    known: Outcome = "measured" if is_trusted else "unclear"
    return SizeMeasurement(
        batch_size=size,
        outcome=known,
        examples_per_s=size / step.mean,
        examples_per_s_low=_finite(size / step.high),
        examples_per_s_high=_finite(size / step.low if step.low else math.inf),
        step_s=step.mean,
        memory_mib=_memory_mib(probes),
        waiting_share=_mean_share(probes, lambda one: one.input),
        copies_share=_mean_share(probes, lambda one: one.copies),
        synchronization_share=_mean_share(probes, lambda one: one.synchronization),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


def _own_step_s(probes: Sequence[SizeProbe]) -> float:
    """The seconds a step in which it had a turn on a processor, the mean of its probes."""
    return fmean([one.own_step_s for one in probes if one.own_step_s] or [math.nan])


def _memory_mib(probes: Sequence[SizeProbe]) -> float | None:
    return max((one.memory_bytes / 2**20 for one in probes if one.memory_bytes), default=None)


def shares_of(probes: Sequence[SizeProbe]) -> list[TimeShares]:
    """Where the time goes, as often as somebody looked.

    Source: S5.
    """
    return [one.shares for one in probes if one.shares is not None]


def _mean_share(
    probes: Sequence[SizeProbe], of: Callable[[TimeShares], float | None]
) -> float | None:
    known = [of(shares) for shares in shares_of(probes)]
    shares = [share for share in known if share is not None]
    return sum(shares) / len(shares) if shares else None


def _bottleneck(history: History, size: int | None) -> Bottleneck | None:
    """What holds the throughput down at a size, where that is worth a cure.

    Source: S5, I2, I3.
    """
    if size is None:
        return None
    probes = history.of(size)
    shares: dict[Cause, float | None] = {
        "input": _mean_share(probes, lambda one: one.input),
        "copies": _mean_share(probes, lambda one: one.copies),
        "synchronization": _mean_share(probes, lambda one: one.synchronization),
    }
    cause = max(shares, key=lambda one: shares[one] or 0.0)
    share = shares[cause]
    least = _WAIT_WORTH_CURING if cause == "synchronization" else WORTH_CURING
    if share is None or share < least:
        return None
    return Bottleneck(cause=cause, share=share, cure=CURES[cause])


def _verdict(history: History, known: Growth, bottleneck: Bottleneck | None) -> Verdict:
    """What the throughput does as the batch grows.

    Source: S3, S5, S6.
    """
    if not known.steps:
        return "unclear"
    if is_never_read(history) or _is_without_effect(history, known):
        return "ignored"
    if _takes_the_same_time(history, known):
        return "unclear"
    if bottleneck is not None:
        return "bottleneck"
    if known.useful is None or len(known.steps) == 1:
        return "unclear"
    return "growing" if known.useful == max(known.steps) else "saturated"


def _is_without_effect(history: History, known: Growth) -> bool:
    """Whether neither what a step holds, nor its time, nor its memory follows the batch size.

    A short step that waits for everything but its examples takes the same time for any of them, so
    time alone does not tell; what a step holds does.

    Source: S3.
    """
    memory = [_memory_mib(history.of(size)) or 0.0 for size in sorted(known.steps)]
    is_same_memory = max(memory) <= _SAME_MEMORY * max(min(memory), 1.0)
    is_seen = history.reaches_steps() is False
    return is_seen and is_same_memory and _takes_the_same_time(history, known)


def _takes_the_same_time(history: History, known: Growth) -> bool:
    """Whether its time does not follow the batch size, nor what a step holds as far as was seen.

    Where nobody could look into a step, twice the examples in the same time are twice the
    throughput, or a size that is dropped: which of the two is not known. The middle of the largest
    sizes is held against that of the smallest: beside other work a size or two take longer for
    once.

    Source: S3.
    """
    sizes = sorted(known.steps)
    if sizes[-1] < _FAR * sizes[0] or history.reaches_steps():
        return False
    if history.reaches_steps() is None and _takes_more_memory(history, sizes):
        return False
    times = [_own_step_s(history.timed(size)) for size in sizes]
    third = max(1, len(sizes) // 3)
    return median(times[-third:]) <= _SAME_TIME * median(times[:third])


def _takes_more_memory(history: History, sizes: Sequence[int]) -> bool:
    """Whether the largest sizes hold clearly more than the smallest, or more than there is."""
    if any(history.outcome(size) == "out_of_memory" for size in history.sizes):
        return True
    least, most = (_memory_mib(history.of(size)) or 0.0 for size in (sizes[0], sizes[-1]))
    return most > _MORE_MEMORY * max(least, 1.0)


def _limit(history: History) -> Literal["memory", "examples"] | None:
    """What ends the sizes.

    Source: S4.
    """
    if not history.sizes:
        return None
    last = history.sizes[-1]
    outcomes = {history.outcome(size) for size in history.sizes}
    if "out_of_memory" in outcomes:
        return "memory"
    # A last size that failed, or was slow, is the end of what was measured and not of the data.
    is_all = (
        history.examples is not None
        and 2 * last > history.examples
        and history.outcome(last) == "measured"
    )
    return "examples" if "too_few_examples" in outcomes or is_all else None

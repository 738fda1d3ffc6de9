"""What is known of the batch sizes of one configuration: data, whoever measured it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

Outcome: TypeAlias = Literal["measured", "out_of_memory", "too_few_examples", "unclear", "failed"]
Verdict: TypeAlias = Literal["saturated", "growing", "bottleneck", "ignored", "unclear"]
Cause: TypeAlias = Literal["input", "copies", "synchronization"]


@final
@dataclass(frozen=True, kw_only=True)
class SizeMeasurement:
    """One batch size as it was measured; None for what is not known.

    Args:
        batch_size: Examples a step.
        outcome: `measured`, or why there is no throughput; `unclear` has one that is not known to
            5 %.
        examples_per_s: Its throughput, with a 95 % interval from low to high.
        step_s: Seconds a step.
        memory_mib: The most memory that was held at once, on the device where there is one.
        waiting_share: The share of a step in which nothing computes for want of data.
        copies_share: The share in which data is copied to a device.
        synchronization_share: The share in which the host waits for a device before the next step
            can be sent.
        detail: Why there is no throughput, in the user's own traceback where that is the reason.

    Source: S4.
    """

    batch_size: int
    outcome: Outcome
    examples_per_s: float | None = None
    examples_per_s_low: float | None = None
    examples_per_s_high: float | None = None
    step_s: float | None = None
    memory_mib: float | None = None
    waiting_share: float | None = None
    copies_share: float | None = None
    synchronization_share: float | None = None
    detail: str = ""

    @property
    def is_feasible(self) -> bool:
        """Whether a batch of this size was trained."""
        return self.outcome in ("measured", "unclear")


@final
@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """What a step spends its time on beside computing.

    Args:
        cause: What it is.
        share: The share of a step that it takes.
        cure: What to do about it, in a clause.

    Source: S5, I2, I3.
    """

    cause: Cause
    share: float
    cure: str


@final
@dataclass(frozen=True, kw_only=True)
class Measured:
    """The measurement of the batch sizes of one configuration, and what follows from it.

    Args:
        name: What the user's file calls the batch size.
        sizes: The smallest first.
        verdict: What the throughput does as the batch grows.
        largest_feasible: The largest size that was trained; None for none.
        limited_by: What ends it there; None where nothing did.
        useful: The largest size that still raises the throughput; None where that is unclear.
        bottleneck: What holds the throughput down, where that is seen.
        evaluation_batch_size: A size to evaluate with.
        device: Where it was trained: `cpu`, `cuda`.
        cores: Processor cores that one training occupied, for its use of resources (S9).
        examples: How many there are to train on; None where that is not known.

    Source: S3, S4, S5, S6, S13, E1.
    """

    name: str
    sizes: tuple[SizeMeasurement, ...]
    verdict: Verdict
    largest_feasible: int | None = None
    limited_by: Literal["memory", "examples"] | None = None
    useful: int | None = None
    bottleneck: Bottleneck | None = None
    evaluation_batch_size: int | None = None
    device: str = "cpu"
    cores: float = 1.0
    examples: int | None = None

    @property
    def feasible(self) -> tuple[SizeMeasurement, ...]:
        """The sizes that were trained, the smallest first."""
        return tuple(size for size in self.sizes if size.is_feasible)

    def as_json(self) -> dict[str, Any]:
        """The keys of `etude batch-size --json` that measuring gives; None where not known."""
        bottleneck = self.bottleneck
        return {
            "verdict": self.verdict,
            "largest_feasible": self.largest_feasible,
            "limited_by": self.limited_by,
            "useful": self.useful,
            "bottleneck": bottleneck
            and {"cause": bottleneck.cause, "share": bottleneck.share, "cure": bottleneck.cure},
            "evaluation_batch_size": self.evaluation_batch_size,
            "sizes": [_size_as_json(size) for size in self.sizes],
        }


def _size_as_json(size: SizeMeasurement) -> dict[str, Any]:
    names = (
        "batch_size",
        "outcome",
        "examples_per_s",
        "examples_per_s_low",
        "examples_per_s_high",
        "step_s",
        "memory_mib",
        "waiting_share",
        "copies_share",
        "synchronization_share",
    )
    return {**{name: getattr(size, name) for name in names}, "detail": size.detail or None}

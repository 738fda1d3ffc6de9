"""What is known of the batch sizes of one configuration: data, whoever measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, final

from .growth import Gain

Outcome: TypeAlias = Literal["measured", "out_of_memory", "too_few_examples", "unclear", "failed"]
Verdict: TypeAlias = Literal["saturated", "growing", "bottleneck", "ignored", "unclear"]
Cause: TypeAlias = Literal["input", "copies", "synchronization"]
Limit: TypeAlias = Literal["memory", "saturation", "bottleneck", "data", "unclear"]
NO_TARGETS: Mapping[int, Mapping[str, Any]] = MappingProxyType({})
_CAUSES = {"input": "input", "copies": "host_to_device", "synchronization": "synchronization"}


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
        cut_to: The examples that its steps hold, where that is less; None for as many, or unseen.

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
    cut_to: int | None = None

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
        is_flat: Whether a step takes the same time at every size, and nobody saw it hold more.
        gains: What each feasible size but the smallest gains over the best of the smaller ones.

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
    is_flat: bool = False
    gains: tuple[Gain, ...] = ()

    @property
    def feasible(self) -> tuple[SizeMeasurement, ...]:
        """The sizes that were trained, the smallest first."""
        return tuple(size for size in self.sizes if size.is_feasible)

    @property
    def is_open(self) -> bool:
        """Whether the throughput still grows at the largest size, and nothing ends it there.

        Source: S4, S6.
        """
        largest = self.largest_feasible
        return self.useful is not None and self.useful == largest and self.limited_by is None

    @property
    def limit(self) -> Limit:
        """What limits the useful batch, as far as that is known.

        Source: S4, S5, S6.
        """
        if self.verdict == "bottleneck":
            return "bottleneck"
        if self.verdict == "saturated":
            return "saturation"
        if self.verdict == "ignored" or self.limited_by is None:
            return "unclear"
        return "data" if self.limited_by == "examples" else "memory"

    def as_json(self, targets: Mapping[int, Mapping[str, Any]] = NO_TARGETS) -> dict[str, Any]:
        """The answer of `etude batch-size --json`: every key of it, None where not known.

        Args:
            targets: What a training to a target takes, by batch size; empty without `--target`.
        """
        bottleneck = self.bottleneck
        return {
            "limit": self.limit,
            "largest_feasible": self.largest_feasible,
            "limited_by": self.limited_by,
            "useful": self.useful,
            "evaluation_batch": self.evaluation_batch_size,
            "bottleneck": None if bottleneck is None else _CAUSES[bottleneck.cause],
            "bottleneck_share": None if bottleneck is None else bottleneck.share,
            "bottleneck_cure": None if bottleneck is None else bottleneck.cure,
            "verdict": self.verdict,
            "critical": None,
            "critical_interval": None,
            "best_by": None,
            "one_off": None,
            "sizes": [_size_as_json(size, targets) for size in self.sizes],
        }


def _size_as_json(
    size: SizeMeasurement, targets: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    low, high = size.examples_per_s_low, size.examples_per_s_high
    shares = ("memory_mib", "waiting_share", "copies_share", "synchronization_share")
    return {
        "batch_size": size.batch_size,
        "status": size.outcome,
        "step_s": size.step_s,
        "examples_per_s": size.examples_per_s,
        "interval": None if low is None or high is None else [low, high],
        **dict.fromkeys(("steps_to_target", "learning_rate", "projected_s", "resource")),
        **targets.get(size.batch_size, {}),
        **{name: getattr(size, name) for name in shares},
        "detail": size.detail or None,
    }

"""The cures in their order, one after the other, until one is better than the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Known, Step
from ..cost import Cost
from ..rates.diagnosis import Diagnosis
from .architecture import LookThrough
from .base import Cure, CureOutcome, CureOutcomes
from .candidate import most_of_baseline
from .clipping import Clipping
from .lower_rate import LowerRate
from .optimizer import Optimizer
from .warmup import LongerWarmup, Warmup

# Ours, but for the lower rate, which is last. A third of the first limit is the smaller one (D9).
CURES: tuple[Cure, ...] = (
    Warmup(),
    Clipping(),
    Clipping(part="clipping-2", share=1.0 / 3.0),
    LongerWarmup(),
    Optimizer(),
    Optimizer(place=1),
    LookThrough(),
    LowerRate(),
)
_KINDS = ("early", "mid_training", "hidden")


def worth_a_cure(diagnosis: Diagnosis) -> bool:
    """Whether cures are tried: training breaks, the best rate may be held down, and one trained.

    Where losses just above the best climb for a while (D2), or the best rate itself breaks in part
    (D3), a gain from stabilizing is expected, whatever the verdict.

    Source: D1, D2, D3.
    """
    return not _needless(diagnosis)


def cure(known: Known, diagnosis: Diagnosis) -> Step | CureOutcomes:
    """The next round of the cures, or what came of them; the first that is better ends them.

    Nothing is tried where training is stable, or where its best rate is not held down: every
    workload breaks at some rate (D1).

    Source: D1, D2, D6, D10, D11.
    """
    if why := _needless(diagnosis):
        return CureOutcomes(why=why)
    tried: list[CureOutcome] = []
    left = [*CURES]
    while left:
        coming = left.pop(0).step(known, diagnosis)
        if isinstance(coming, Step):
            return coming
        tried.append(coming)
        if coming.is_better:
            break
        if coming.lower_rate_next:
            left = _lower_rate_first(left)
    return CureOutcomes(tried=tuple(tried), why=known.ended)


def _lower_rate_first(left: Sequence[Cure]) -> list[Cure]:
    """The lower rate first where the usual limit cuts most updates, then the others (D10).

    A smaller limit alone that does so leaves the order: a longer warmup may cure what clipping
    does not (D12).
    """
    others = [one for one in left if not isinstance(one, Clipping)]
    return sorted(others, key=lambda one: not isinstance(one, LowerRate))


def most(known: Known) -> Cost:
    """What all cures take at most, were none of them better.

    Source: R15.
    """
    return sum((one.most(known) for one in CURES), most_of_baseline(known))


def _needless(diagnosis: Diagnosis) -> str:
    """Why no cure is tried, in a sentence; empty where some are."""
    if diagnosis.promises:
        return ""
    if diagnosis.kind not in _KINDS:
        state = "is stable" if diagnosis.kind == "stable" else "cannot be judged"
        return f"No cure was tried: the training {state}."
    if diagnosis.held_down is False:
        return "No cure was tried: the best rate is not held down by what breaks above it."
    if diagnosis.best_rate is None:
        return "No cure was tried: no rate trained, so there is no baseline to compare with."
    return ""

"""Clipping of the gradient: at the 90th percentile of its norms to begin with, then smaller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...playbook.metrics import GRADIENT_NORM
from ...space import is_number
from ...wording import number, percent
from ..base import Known, Round, Setting, Step
from ..cost import NOTHING, Cost
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome
from .candidate import (
    BASELINE,
    MOST_RATES,
    Candidate,
    baseline_round,
    baseline_setting,
    best_setting,
    compared,
    most_of,
    peaks,
    sweep,
)
from .survival import gradient_norms, own_name

Norms: TypeAlias = NDArray[np.float64]
CLIP = "gradient_clip"
# D10's own: more of the updates is extremely aggressive.
MOST_CLIPPED = 0.5
# D9's own: a little above the usual norm.
_QUANTILE = 0.9
# Heuristic: norms of trainings that broke say nothing of the usual norm.
_BEST = 3
# Heuristic: clipping bounds a step, and so allows ten times the rate, not a hundred times.
_TOP = 10.0


@final
@dataclass(frozen=True, kw_only=True)
class Clipping:
    """A limit to the norm of the gradient.

    Args:
        part: What its rounds are called.
        share: Of the 90th percentile of the norms, where the limit is.

    Source: D6, D9, D10.
    """

    part: str = "clipping"
    share: float = 1.0

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The baseline for its norms, then the sweep of the rate with the limit, and D8.

        Source: D9, D10.
        """
        tried = CureOutcome(cure="clipping", title="clipping", rules=("D9",))
        if clip_name(known) is None:
            return replace(tried, notes=(_NAMELESS,))
        before = known.round(BASELINE)
        if before is None:
            nothing = replace(tried, notes=(known.ended,))
            return (
                nothing if known.ended else baseline_round(known, diagnosis, known.base.max_steps)
            )
        norms = _usual_norms(before, own_name(known, GRADIENT_NORM))
        if not len(norms):
            return replace(tried, notes=(_UNLOGGED,))
        coming = self._at(known, diagnosis, norms)
        if isinstance(coming, Step) or not coming.too_aggressive or self.share < 1.0:
            return coming
        return _lower_rate_next(coming)

    def most(self, known: Known) -> Cost:
        """What its rounds take at most.

        Source: R15.
        """
        if clip_name(known) is None:
            return NOTHING
        return most_of(known, MOST_RATES, max_steps=known.base.max_steps)

    def _at(self, known: Known, diagnosis: Diagnosis, norms: Norms) -> Step | CureOutcome:
        """The rounds of the limit, or what came of it."""
        name = clip_name(known)
        assert name is not None, "Nothing limits the norm. This is a bug."
        limit = _rounded(self.share * float(np.quantile(norms, _QUANTILE)))
        base = baseline_setting(known, diagnosis)
        before = base.get(name)
        tried = CureOutcome(cure="clipping", title=f"clipping at {number(limit)}", rules=("D9",))
        if is_number(before) and 0 < float(before) <= limit:  # 0 is how loops write none
            note = f"the gradient is clipped at {number(before)} already, below {number(limit)}"
            return replace(tried, notes=(note,))
        if (share := float(np.mean(norms > limit))) > MOST_CLIPPED:
            return _refused(tried, share)
        rates = peaks(diagnosis, _top(diagnosis))
        candidate = Candidate(
            cure="clipping",
            part=self.part,
            title=tried.title,
            settings=tuple({**base, name: limit, diagnosis.rate: rate} for rate in rates),
            max_steps=known.base.max_steps,
            rules=("D9",),
        )
        played = known.round(candidate.sweep_part)
        if played is not None:
            return _after_sweep(known, diagnosis, candidate, played, limit)
        return replace(tried, notes=(known.ended,)) if known.ended else sweep(known, candidate)


def clip_name(known: Known) -> str | None:
    """The name under which the gradient's norm can be limited; None where there is none.

    Source: D9.
    """
    return CLIP if known.own_loop else known.name_of(CLIP)


_NAMELESS = (
    "your loop limits no gradient norm that can be set: read a limit, and name it `gradient_clip` "
    "in `[names]`"
)
_UNLOGGED = "no training logged `grad_norm`, the norm of the full gradient before clipping"


def _after_sweep(
    known: Known, diagnosis: Diagnosis, candidate: Candidate, played: Round, limit: float
) -> Step | CureOutcome:
    """The comparison of the best rate at which at most half of the updates are clipped."""
    tried = CureOutcome(cure="clipping", title=candidate.title, rules=candidate.rules)
    norm = own_name(known, GRADIENT_NORM)
    shares = [clipped_share(played, setting, limit, norm) for setting in candidate.settings]
    gentle = [
        setting
        for setting, share in zip(candidate.settings, shares, strict=True)
        if share is not None and share <= MOST_CLIPPED
    ]
    if not gentle:
        known_shares = [share for share in shares if share is not None]
        if known_shares:
            return _refused(tried, min(known_shares))
        return replace(tried, notes=(f"with {candidate.title} no rate of the sweep trained",))
    setting = best_setting(played, gentle)
    if setting is None:
        note = f"with {candidate.title} no rate of the sweep trained to its end"
        return replace(tried, notes=(note,))
    coming = compared(known, diagnosis, candidate, setting)
    if isinstance(coming, Step):
        return coming
    again = known.round(candidate.seeds_part)
    share = clipped_share(again, setting, limit, norm) if again is not None else None
    if share is None:
        return coming
    if share > MOST_CLIPPED:
        return _refused(coming, share)
    return replace(coming, notes=(*coming.notes, f"it clips {percent(share)} of the updates"))


def clipped_share(
    played: Round, setting: Setting, limit: float, norm: str = GRADIENT_NORM
) -> float | None:
    """The share of the updates of a setting's trainings that were clipped; None where unlogged.

    `norm` is what the trainings call the norm of the unclipped gradient.

    Source: D9, D10.
    """
    records = [
        record
        for record in played.records
        if all(record.setting.get(name) == value for name, value in setting.items())
    ]
    shares = [float(np.mean(norms > limit)) for norms in gradient_norms(records, norm)]
    return float(np.mean(shares)) if shares else None


def _refused(tried: CureOutcome, share: float) -> CureOutcome:
    note = f"{tried.title} would cut {percent(share)} of the updates, which is extremely aggressive"
    return replace(tried, notes=(note,), too_aggressive=True, rules=("D10",))


def _lower_rate_next(refused: CureOutcome) -> CureOutcome:
    """The usual limit, refused: D10 asks for a lower rate, before any other cure."""
    *before, why = refused.notes
    return replace(refused, notes=(*before, f"{why}: a lower rate instead"), lower_rate_next=True)


def _usual_norms(baseline: Round, norm: str) -> Norms:
    """The unclipped norms of the baseline's best trainings, pooled; empty where none logged any."""
    judged = [
        (loss, record.id, record)
        for record in baseline.records
        if (loss := baseline.loss(record)) is not None
    ]
    best = [record for *_, record in sorted(judged, key=lambda one: one[:2])[:_BEST]]
    norms = gradient_norms(best, norm)
    return np.concatenate(norms) if norms else np.empty(0)


def _top(diagnosis: Diagnosis) -> float:
    return _TOP * (diagnosis.unstable_from or diagnosis.best_rate or 0.0)


def _rounded(value: float) -> float:
    """Three digits: nobody reads the others of a threshold."""
    return float(f"{value:.3g}")

"""Warmup: the shortest ramp that survives, put before the schedule, and the rate tuned with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

from ...playbook.metrics import TRAIN_LOSS
from ...wording import join, number, percent
from ..base import Known, Round, Step, listed
from ..cost import NOTHING, Cost
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome
from .candidate import (
    BASELINE,
    MOST_RATES,
    Candidate,
    baseline_round,
    baseline_setting,
    most_of,
    peaks,
    tuned,
)
from .schedule import prepended, present_warmup, ramp_and_hold, warmup_name
from .survival import own_name, survives

# D7's own: none longer than this share of a training, and a hold of twice the ramp.
MOST_SHARE = 0.1
_HOLD = 2
# D8's own: a longer one may need a longer training.
_LONG_SHARE = 0.05
# D7's own: ten times the rate that breaks, then maybe a hundred times.
_FACTOR, _HIGHER = 10.0, 100.0
# Heuristic: where no length survives ten times, less is still more than what trains without.
_LOWER = (3.0, 1.0)
# Heuristic: a length at which one training in five breaks is too short, and shows with eight seeds
# in five of six cases.
_RAMP_SEEDS = 8
# Heuristic: a last length is worth a round where it is so many times the one before.
_NEXT = 2.0
_LONGER = 10
_TRIED = CureOutcome(cure="warmup", title="warmup", rules=("D7",))
# D13's own numbers, for orientation.
NO_TYPICAL_LENGTH = (
    "no warmup length is typical: 100 steps do for some models, 1,000 for others, transformers may "
    "need 40,000"
)


@final
@dataclass(frozen=True, kw_only=True)
class Survival:
    """What the short trainings with a warmup show so far.

    Args:
        factor: Times the rate that breaks; None where no length survived at any.
        steps: The shortest length at which every seed survived; 0 without any.
    """

    factor: float | None = None
    steps: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Warmup:
    """A ramp from 0 to the peak rate before the schedule.

    Source: D6, D7, D8, D13, D14.
    """

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The baseline, ramps of rising length to ten times the rate that breaks, then D8.

        Source: D7, D8, D13, D14.
        """
        if why := _unable(known):
            return replace(_TRIED, notes=(why,))
        if known.round(BASELINE) is None:
            ended = replace(_TRIED, notes=(known.ended,))
            return ended if known.ended else baseline_round(known, diagnosis, known.base.max_steps)
        survival = _survival(known, diagnosis)
        if isinstance(survival, Step):
            return survival
        if survival.factor is None:
            return replace(_TRIED, notes=_none_survives(known))
        candidate = _candidate(known, diagnosis, survival, part="warmup")
        return _explained(known, survival, tuned(known, diagnosis, candidate))

    def most(self, known: Known) -> Cost:
        """What its rounds take at most.

        Source: R15.
        """
        if _unable(known):
            return NOTHING
        lengths = _lengths(known)
        factors = 1 + len(_LOWER)
        ramps = [
            Cost(trials=_RAMP_SEEDS * factors, steps=_RAMP_SEEDS * factors * _ramp_steps(steps))
            for steps in lengths
        ]
        length = known.base.max_steps + lengths[-1]
        return sum(ramps, most_of(known, MOST_RATES, max_steps=length))


@final
@dataclass(frozen=True, kw_only=True)
class LongerWarmup:
    """A longer ramp, which sometimes cures what clipping does not.

    Source: D12.
    """

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The sweep of the rate with the longer ramp, then D8.

        Source: D12, D13.
        """
        tried = CureOutcome(cure="warmup", title="a longer warmup", rules=("D12",))
        if why := _unable(known):
            return replace(tried, notes=(why,))
        before = _survival(known, diagnosis)
        if isinstance(before, Step):  # only where the budget had ended before it was known
            return replace(tried, notes=(known.ended,))
        lengths = _lengths(known)
        steps = min(before.steps * _LONGER or lengths[-1], lengths[-1])
        if steps <= before.steps:
            note = f"a warmup over {before.steps:,} steps is the longest that 10 % leave"
            return replace(tried, notes=(note,))
        longer = Survival(factor=before.factor or 1.0, steps=steps)
        candidate = _candidate(known, diagnosis, longer, part="long-warmup")
        coming = tuned(known, diagnosis, candidate)
        if isinstance(coming, Step):
            return coming
        return _with(coming, _arithmetic(known, steps), NO_TYPICAL_LENGTH)

    def most(self, known: Known) -> Cost:
        """What its rounds take at most.

        Source: R15.
        """
        if _unable(known):
            return NOTHING
        length = known.base.max_steps + _lengths(known)[-1]
        return most_of(known, MOST_RATES, max_steps=length)


def _unable(known: Known) -> str:
    """Why no warmup can be tried, in a clause; empty where one can."""
    if warmup_name(known) is None:
        return "your loop has no warmup to set: read one, and name it `warmup_steps` in `[names]`"
    if not _lengths(known):
        return (
            f"10 % of {known.base.max_steps:,} steps leave no room for a warmup longer than "
            f"{present_warmup(known):,} steps"
        )
    return ""


def _lengths(known: Known) -> list[int]:
    """Orders of magnitude up to 10 % of the training, then that itself; none that is there already.

    Source: D7.
    """
    most = int(MOST_SHARE * known.base.max_steps)
    orders = list(itertools.takewhile(lambda steps: steps <= most, (10**k for k in range(1, 9))))
    if not orders or most >= _NEXT * orders[-1]:
        orders.append(most)
    return [steps for steps in orders if steps > present_warmup(known)]


def _ramp_steps(steps: int) -> int:
    return (1 + _HOLD) * steps


def _base_rate(diagnosis: Diagnosis) -> float:
    """D7's unstable_base_learning_rate; that of D4's probes where only these broke."""
    probed = diagnosis.first_steps
    twice = 2.0 * (diagnosis.best_rate or 0.0)
    return diagnosis.unstable_from or (twice if probed is None else probed.rate)


def _survival(known: Known, diagnosis: Diagnosis) -> Step | Survival:
    """The next short round, or what all of them show.

    Source: D7.
    """
    for factor in (_FACTOR, *_LOWER):
        for steps in _lengths(known):
            played = known.round(_part(factor, steps))
            if played is None:
                return Survival() if known.ended else _ramp(known, diagnosis, factor, steps)
            if not _all_survive(known, played):
                continue
            if factor == _FACTOR:
                return _higher(known, diagnosis, steps)
            return Survival(factor=factor, steps=steps)
    return Survival()


def _higher(known: Known, diagnosis: Diagnosis, steps: int) -> Step | Survival:
    """The same length at a hundred times, so that the sweep knows how high it may go."""
    played = known.round(_part(_HIGHER, steps))
    if played is None and not known.ended:
        return _ramp(known, diagnosis, _HIGHER, steps)
    goes_higher = played is not None and _all_survive(known, played)
    return Survival(factor=_HIGHER if goes_higher else _FACTOR, steps=steps)


def _part(factor: float, steps: int) -> str:
    return f"warmup-{factor:.0f}x-{steps}"


def _ramp(known: Known, diagnosis: Diagnosis, factor: float, steps: int) -> Step:
    rate = factor * _base_rate(diagnosis)
    setting = ramp_and_hold(known, {diagnosis.rate: rate}, steps)
    return Step(
        part=_part(factor, steps),
        experiment=listed(
            known,
            [setting] * _RAMP_SEEDS,
            question=f"Does a warmup over {steps} steps survive {number(rate)}?",
            max_steps=_ramp_steps(steps),
        ),
        because=(
            f"{steps:,} steps up to {number(rate)}, {_times(factor)} the rate that breaks, then "
            f"{_HOLD * steps:,} there"
        ),
        rules=("D7",),
    )


def _all_survive(known: Known, played: Round) -> bool:
    """Whether no seed breaks; where no training loss was logged, whether none is infeasible."""
    before = known.round(BASELINE)
    baseline = list(before.records) if before is not None else []
    loss = own_name(known, TRAIN_LOSS)
    return all(survives(record, baseline, loss) is not False for record in played.records)


def _candidate(known: Known, diagnosis: Diagnosis, survival: Survival, *, part: str) -> Candidate:
    # What trains at times without a warmup is worth a training with one.
    top = max((survival.factor or 1.0) * _base_rate(diagnosis), diagnosis.best_rate or 0.0)
    base = baseline_setting(known, diagnosis)
    rates = peaks(diagnosis, top)
    warmed = [prepended(known, {**base, diagnosis.rate: rate}, survival.steps) for rate in rates]
    return Candidate(
        cure="warmup",
        part=part,
        title=f"a warmup over {survival.steps:,} steps",
        settings=tuple(one.setting for one in warmed),
        max_steps=warmed[0].max_steps,
        rules=("D7", "D14") if part == "warmup" else ("D12",),
    )


def _explained(known: Known, survival: Survival, coming: Step | CureOutcome) -> Step | CureOutcome:
    """The result with what the survivors showed, and D8's arithmetic."""
    if isinstance(coming, Step):
        return coming
    shown = _shown(known, survival)
    return _with(coming, *shown, _arithmetic(known, survival.steps), NO_TYPICAL_LENGTH)


def _none_survives(known: Known) -> tuple[str, ...]:
    """Why no warmup was compared, and that a longer one may be what is needed."""
    if known.ended:
        return (known.ended,)
    longest = f"{_lengths(known)[-1]:,} steps, 10 % of the training"
    return (f"no warmup of up to {longest}, survives the rate that breaks", NO_TYPICAL_LENGTH)


def _with(tried: CureOutcome, *notes: str) -> CureOutcome:
    return replace(tried, notes=(*tried.notes, *notes))


def _shown(known: Known, survival: Survival) -> Iterator[str]:
    """What the short trainings showed, in clauses."""
    if survival.factor is not None and survival.factor < _FACTOR:
        yield (
            f"no length up to {_lengths(known)[-1]:,} steps survives ten times the rate that "
            f"breaks; {survival.steps:,} survive {_times(survival.factor)} that"
        )
    shorter = [steps for steps in _lengths(known) if steps < survival.steps]
    if shorter:
        yield f"a warmup over {join([f'{steps:,}' for steps in shorter])} steps is too short"


def _times(factor: float) -> str:
    return "just" if factor == 1.0 else f"{number(factor)} times"


def _arithmetic(known: Known, steps: int) -> str:
    """D8's sum, and that more steps may be needed where the warmup is a long part of them."""
    base = known.base.max_steps
    added = steps - present_warmup(known)
    raised = ""
    if added > _LONG_SHARE * base:
        raised = f": {percent(added / base)} more, so `max_steps` may have to be raised"
    return f"{base:,} + {added:,} = {base + added:,} steps{raised}"

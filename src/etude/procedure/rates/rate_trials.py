"""The trials of all rounds that differ in the learning rate alone, judged together, by rate.

Axes: T trials, R rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import truediv
from statistics import fmean, median, stdev
from typing import final

import numpy as np

from ...analyze.checks.stability import stability
from ...analyze.checks.stability_trial import StabilityTrial
from ...analyze.statistics.curve_shape import level_drift
from ...analyze.views.aligned import aligned, binned, gained, levelled
from ...analyze.views.curves import TRAIN_LOSS, TrialCurves, trial_curves, usable
from ...analyze.views.outcomes import outcomes
from ...record import Record
from ...space import Real, Space
from ...study import Study
from ..base import Known, Round


@final
@dataclass(frozen=True, kw_only=True)
class RateTrial:
    """One training at one rate.

    Args:
        experiment: The round that trained it.
        curves: What it logged.
        judged: What the check of stability says of it, beside all others.
    """

    experiment: str
    trial: int
    rate: float
    curves: TrialCurves
    judged: StabilityTrial

    @property
    def loss(self) -> float | None:
        """Its best value, lower is better; None where none counts."""
        return self.curves.best_loss

    @property
    def failed(self) -> bool:
        """Whether it ended for a reason that says nothing of its rate: an error, no memory."""
        return self.judged.status == "unclear" and self.curves.infeasible

    @property
    def never_learned(self) -> bool:
        """Whether it trained and never learned what others did."""
        return self.judged.kind == "never_learned"

    @cached_property
    def onset(self) -> float:
        """Where it broke, as a share of the length: behind the best of its training loss.

        An evaluation sees a break late; the training loss, where it is logged, sees it at once.

        Source: D1.
        """
        seen = 1.0 if self.judged.fraction is None else self.judged.fraction
        if self.never_learned:
            return 0.0
        losses = usable(self.curves.train_loss)
        before = losses.steps_P < (self.judged.step or 0) + 1
        if np.count_nonzero(before) < 3:
            return seen
        smooth = binned(
            TRAIN_LOSS,
            replace(losses, steps_P=losses.steps_P[before], values_P=losses.values_P[before]),
        )
        at = int(smooth.steps_E[int(smooth.levels_SxE[0].argmin())])
        return min(seen, (at + 1) / max(1, self.curves.max_steps))

    # Heuristic: a fifth of what training gained, as of a drop that breaks it.
    def climb(self, *, least: float = 0.2, errors: float = 4.0) -> float:
        """How far its training loss climbs for a while, as a share of what it gained; 0 for none.

        Source: D2.
        """
        losses = usable(self.curves.train_loss)
        rows = binned(TRAIN_LOSS, losses) if len(losses) >= 10 else aligned(self.curves)
        if len(rows) < 10:
            return 0.0
        row_E = rows.levels_SxE[-1]
        level_E, error = levelled(row_E)
        gain, bottom = gained(level_E), int(level_E.argmin())
        rise = max(level_drift(level_E).before, float(level_E[bottom:].max() - level_E[bottom]))
        if not gain > 0.0 or rise < errors * error:
            return 0.0
        return rise / gain if rise >= least * gain else 0.0


@final
@dataclass(frozen=True, kw_only=True)
class Rate:
    """What the trainings at one rate show.

    Args:
        value: The rate.
        trials: At least one.
        broke: How many broke.
        losses: The best values of those that did not break, lower is better.
    """

    value: float
    trials: tuple[RateTrial, ...]
    broke: tuple[RateTrial, ...] = ()
    losses: tuple[float, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether at least half of its trainings break."""
        return 2 * len(self.broke) >= len(self.trials)

    # Heuristic: a quarter, and two of several: the loss of one survivor is luck.
    @property
    def trains(self) -> bool:
        """Whether enough of its trainings do not break to say what it is worth."""
        count = len(self.losses)
        return count >= min(2, self.seeds) and 4 * count >= self.seeds

    @property
    def mean(self) -> float:
        """The mean loss of those that did not break; infinite without any."""
        return fmean(self.losses) if self.losses else math.inf

    @property
    def first(self) -> float:
        """The median of its first evaluations; minus infinity without any."""
        return median(self.firsts or [-math.inf])

    @property
    def firsts(self) -> list[float]:
        """The first evaluation of each training that has one."""
        series = [usable(trial.curves.objective).values_P for trial in self.trials]
        return [float(row_P[0]) for row_P in series if len(row_P)]

    @property
    def seeds(self) -> int:
        """How often it was trained."""
        return len(self.trials)


@final
@dataclass(frozen=True, kw_only=True)
class Rates:
    """All rates that were trained, rising.

    Args:
        name: The user's name of the learning rate.
        study: All trials as those of one study.
        rates: One for each value, of the trials that say something of it.
        failed: The trials that ended for another reason.
    """

    name: str
    study: Study
    rates: tuple[Rate, ...]
    failed: tuple[RateTrial, ...] = ()

    @property
    def trainings(self) -> int:
        """How many trainings there are, at all rates."""
        return sum(one.seeds for one in self.rates)

    @property
    def broken(self) -> int:
        """How many of them broke."""
        return sum(len(one.broke) for one in self.rates)

    @cached_property
    def usable(self) -> tuple[Rate, ...]:
        """The usable rates, below the border: fewer than half of their trainings break."""
        border = math.inf if self.breaks_from is None else self.breaks_from
        return tuple(
            one for one in self.rates if one.value < border and not one.breaks and one.losses
        )

    @cached_property
    def lowest(self) -> Rate | None:
        """The rate with the lowest mean loss of the trainings that did not break.

        Where a rate breaks in part of its trainings, the others show what it is worth. None where
        no rate is usable.

        Source: D2.
        """
        if not self.usable:
            return None
        there = [one for one in self.rates if one.trains]
        return min(there, key=lambda one: (one.mean, one.value), default=None)

    # Heuristic: what differs by less than half of its error is as good as equal.
    def _as_good(self, one: Rate, other: Rate, *, errors: float = 0.5) -> bool:
        """Whether the loss of one rate is above that of another by hardly more than nothing.

        By their own spread, where that is more than what is usual: of those that got through some
        nearly broke.
        """
        spreads = (max(self.sd_near(rate.value), _sd(rate.losses)) for rate in (one, other))
        counts = (math.sqrt(len(rate.losses)) for rate in (one, other))
        error = math.hypot(*map(truediv, spreads, counts))
        return one.mean - other.mean <= errors * error

    @cached_property
    def best(self) -> Rate | None:
        """lr*: the rate with the lowest mean loss, unless that is the luck of those left.

        Where it breaks in part and a lower rate that never breaks is as good, that is the best.
        None where no rate is usable.

        Source: D2, D3.
        """
        lowest = self.lowest
        if lowest is None or not lowest.broke:
            return lowest
        steady = [
            one
            for one in self.usable
            if one.value < lowest.value and not one.broke and len(one.losses) > 1
        ]
        as_good = [one for one in steady if self._as_good(one, lowest)]
        return min(as_good, key=lambda one: (one.mean, one.value), default=lowest)

    @cached_property
    def safe(self) -> Rate | None:
        """The rate with the lowest mean loss of those below where training becomes unstable.

        Source: D1, D8.
        """
        border = math.inf if self.unstable_from is None else self.unstable_from
        below = [one for one in self.usable if one.value < border]
        # A single training, the lowest of several, is so by luck.
        often = [one for one in below if len(one.losses) > 1]
        return min(often or below, key=lambda one: (one.mean, one.value), default=None)

    # Heuristic: a quarter, and two trainings of it: one of three may be an accident.
    @cached_property
    def unstable_from(self) -> float | None:
        """Where training becomes unstable: the lowest rate from which a quarter or more break.

        A rate that breaks in part of its trainings counts, though the others train. None where no
        rate parts those that break from the others.

        Source: D7.
        """
        border = self.breaks_from
        if border is None:
            return None
        for one in self.rates:
            between = [other for other in self.rates if one.value <= other.value < border]
            broke = sum(len(other.broke) for other in between)
            if one.broke and broke >= 2 and 4 * broke >= sum(other.seeds for other in between):
                return one.value
        return border

    @cached_property
    def breaks_from(self) -> float | None:
        """The border: the rate that best parts the trainings that break from the others.

        From there on more trainings break than train, and below more train than break, as nearly
        as one rate can part them. None where no rate that breaks half of its trainings parts them
        better than none.

        Source: D7.
        """
        candidates = [one for one in self.rates if one.breaks]
        if not candidates:
            return None
        wrong = [self._misplaced(one.value) for one in candidates]
        last = self._misplaced(math.inf)
        place = int(np.argmin(wrong))
        return candidates[place].value if wrong[place] < last else None

    def _misplaced(self, value: float) -> int:
        """How many trainings break below this rate, or train from it on."""
        return sum(
            len(one.broke) if one.value < value else one.seeds - len(one.broke)
            for one in self.rates
        )

    @cached_property
    def sd(self) -> float:
        """The sd of a loss over seeds, pooled over the usable rates; NaN where none has two."""
        rows = [one.losses for one in self.usable if len(one.losses) > 1]
        free = sum(len(row) - 1 for row in rows)
        squares = sum((loss - fmean(row)) ** 2 for row in rows for loss in row)
        return math.sqrt(squares / free) if free else math.nan

    def sd_near(self, rate: float, *, room: float = 4.0) -> float:
        """What is usual within a factor of `room`, where rates have seeds enough.

        Noise grows with the rate, and where nothing is learned it is another one. Where some
        trainings nearly break, their losses say nothing of the others': the median counts.
        """
        near = [
            _unbiased_sd(one.losses)
            for one in self.rates
            if rate / room <= one.value <= rate * room
            and one.trains
            and self.learned(one)
            and len(one.losses) > 1
        ]
        return median(near) if near else self.sd

    def error(self, one: Rate, other: Rate) -> float:
        """The standard error of the difference of two rates' mean losses; NaN where not known."""
        error = math.hypot(
            *(self.sd_near(rate.value) / math.sqrt(len(rate.losses)) for rate in (one, other))
        )
        return error if error > 0.0 else math.nan if math.isnan(error) else math.ulp(1.0)

    @cached_property
    def gain(self) -> float:
        """What the lowest loss gains on where training begins, the highest first level; or 0.

        Source: D2.
        """
        return self.start - self.lowest.mean if self.lowest else 0.0

    # As the check of stability has it: with less than a fifth a training has learned nothing.
    def learned(self, one: Rate, *, share: float = 0.2) -> bool:
        """Whether a rate learned so much of what the best did.

        Source: D1.
        """
        return self.start - one.mean >= share * self.gain

    @property
    def start(self) -> float:
        """Where training begins: low rates have learned the least at their first evaluation.

        Higher rates than that of the lowest loss are left out: near the border a first value is a
        jump of the loss.
        """
        top = math.inf if self.lowest is None else self.lowest.value
        return max((one.first for one in self.usable if one.value <= top), default=0.0)

    def at(self, value: float) -> Rate | None:
        """What was trained at this rate; None where nothing was."""
        return next((one for one in self.rates if one.value == value), None)

    def between(self, low: float, high: float) -> tuple[Rate, ...]:
        """The rates above `low`, up to `high`."""
        return tuple(one for one in self.rates if low < one.value <= high)


def _sd(losses: Sequence[float]) -> float:
    return stdev(losses) if len(losses) > 1 else 0.0


def _unbiased_sd(losses: Sequence[float]) -> float:
    """The sd of a few losses, as often too high as too low (Wilson and Hilferty 1931)."""
    return float(stdev(losses) / (1.0 - 2.0 / (9.0 * (len(losses) - 1))) ** 1.5)


def rates(rounds: Sequence[Round], known: Known, name: str) -> Rates | None:
    """The trials of rounds that differ in the learning rate alone; None before any.

    Source: D1, D2.
    """
    records = [(played.experiment.name, one) for played in rounds for one in played.records]
    if not records:
        return None
    study = _joint_study(rounds[0], [one for _, one in records], name)
    joint = [
        replace(record, id=at, index=at, study=study.name) for at, (_, record) in enumerate(records)
    ]
    curves = trial_curves(study, outcomes(study, joint))
    judged = {one.trial: one for one in stability(study, curves).trials}
    trials = [
        RateTrial(
            experiment=records[one.id][0],
            trial=records[one.id][1].id,
            rate=float(one.record.setting[name]),
            curves=one,
            judged=judged[one.id],
        )
        for one in curves
    ]
    return _by_rate(name, study, trials)


def _joint_study(first: Round, records: Sequence[Record], name: str) -> Study:
    values = [float(one.setting[name]) for one in records]
    low, high = min(values), max(values)
    space = Space({name: Real(low, high, log=True)}) if low < high else Space({})
    return replace(first.studies[0], name="rates", space=space, listed=())


def _by_rate(name: str, study: Study, trials: Sequence[RateTrial]) -> Rates:
    measured = [one for one in trials if not one.failed]
    trained = [one for one in measured if not one.judged.kind and one.loss is not None]
    # A rate that is far too low learns nothing and breaks nothing.
    lowest = min((one.rate for one in trained), default=0.0)
    values = sorted({one.rate for one in measured})
    return Rates(
        name=name,
        study=study,
        failed=tuple(one for one in trials if one.failed),
        rates=tuple(_rate(value, measured, lowest) for value in values),
    )


def _rate(value: float, trials: Sequence[RateTrial], lowest: float) -> Rate:
    here = tuple(one for one in trials if one.rate == value)
    broke = tuple(
        one for one in here if one.judged.broke or (one.never_learned and one.rate > lowest)
    )
    losses = tuple(one.loss for one in here if one not in broke and one.loss is not None)
    return Rate(value=value, trials=here, broke=broke, losses=losses)

"""The trials of all rounds that differ in the learning rate alone, judged together, by rate.

Axes: T trials, R rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, median
from typing import final

import numpy as np

from ..analyze.checks.stability import stability
from ..analyze.checks.stability_trial import StabilityTrial
from ..analyze.statistics.curve_shape import level_drift
from ..analyze.views.aligned import aligned, binned, gained, levelled
from ..analyze.views.curves import TRAIN_LOSS, TrialCurves, trial_curves, usable
from ..analyze.views.outcomes import outcomes
from ..record import Record
from ..space import Real, Space
from ..study import Study
from .base import Known, Round


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

    @property
    def mean(self) -> float:
        """The mean loss of those that did not break; infinite without any."""
        return fmean(self.losses) if self.losses else math.inf

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

    @cached_property
    def usable(self) -> tuple[Rate, ...]:
        """The usable rates, below the border: fewer than half of their trainings break."""
        border = math.inf if self.unstable_from is None else self.unstable_from
        return tuple(
            one for one in self.rates if one.value < border and not one.breaks and one.losses
        )

    @cached_property
    def best(self) -> Rate | None:
        """lr*: the usable rate with the lowest mean loss; None without any.

        Source: D2.
        """
        return min(self.usable, key=lambda one: (one.mean, one.value), default=None)

    @cached_property
    def unstable_from(self) -> float | None:
        """The lowest rate that breaks: what best parts the trainings that break from the others.

        From there on more trainings break than train, and below more train than break, as nearly
        as one rate can part them. None where no rate breaks at least half of its trainings.

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
        """The same of the rates within a factor of `room`, where they have seeds enough.

        Noise grows with the rate: what lies far from it says little.
        """
        near = [one for one in self.rates if rate / room <= one.value <= rate * room]
        here = replace(self, rates=tuple(near)).sd
        return self.sd if math.isnan(here) else here

    @cached_property
    def gain(self) -> float:
        """What the median training of usable rates gained on its first evaluation; 0 without.

        Source: D2.
        """
        first = [
            float(series.values_P[0]) - trial.loss
            for one in self.usable
            for trial in one.trials
            if trial.loss is not None and len(series := usable(trial.curves.objective))
        ]
        return median(first) if first else 0.0

    def at(self, value: float) -> Rate | None:
        """What was trained at this rate; None where nothing was."""
        return next((one for one in self.rates if one.value == value), None)

    def between(self, low: float, high: float) -> tuple[Rate, ...]:
        """The rates above `low`, up to `high`."""
        return tuple(one for one in self.rates if low < one.value <= high)


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
    said = [one for one in trials if not one.failed]
    trained = [one for one in said if not one.judged.kind and one.loss is not None]
    # A rate that is far too low learns nothing and breaks nothing.
    lowest = min((one.rate for one in trained), default=0.0)
    values = sorted({one.rate for one in said})
    return Rates(
        name=name,
        study=study,
        failed=tuple(one for one in trials if one.failed),
        rates=tuple(_rate(value, said, lowest) for value in values),
    )


def _rate(value: float, trials: Sequence[RateTrial], lowest: float) -> Rate:
    here = tuple(one for one in trials if one.rate == value)
    broke = tuple(
        one for one in here if one.judged.broke or (one.never_learned and one.rate > lowest)
    )
    losses = tuple(one.loss for one in here if one not in broke and one.loss is not None)
    return Rate(value=value, trials=here, broke=broke, losses=losses)

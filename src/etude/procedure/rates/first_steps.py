"""The first steps above the rate of the lowest loss, every step evaluated: unseen breaks.

Axes: P points of a curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median, stdev
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...analyze.statistics.curve_shape import smoothed
from ...analyze.views.curves import TrialCurves, trial_curves, usable
from ...analyze.views.outcomes import outcomes
from ...record import Series
from ..base import Round


@final
@dataclass(frozen=True, kw_only=True)
class Probe:
    """One training whose every step was evaluated.

    Args:
        experiment: Its round.
        trial: Its id there.
        broke: Whether its loss rose by what no noise of a step does, or is not finite.
        recovered: Whether it fell below the level of before again.
        rise: How far it rose, as a share of what the training gained; infinite where nothing was.
        at: The step of the highest loss of the rise.
    """

    experiment: str
    trial: int
    broke: bool
    recovered: bool
    rise: float
    at: int


@final
@dataclass(frozen=True, kw_only=True)
class FirstSteps:
    """What trainings do in their first steps at a multiple of the best rate.

    Args:
        experiment: The first round.
        rate: The learning rate of all of them.
        steps: Their length.
        first: So many of them are the first.
        probes: One for each training that says something of its first steps.
    """

    experiment: str
    rate: float
    steps: int
    first: int
    probes: tuple[Probe, ...]

    @property
    def hidden(self) -> tuple[Probe, ...]:
        """Those that broke and recovered, so that an evaluation after it sees nothing of it."""
        broke = [one for one in self.probes if one.broke and one.recovered]
        return tuple(one for one in broke if one.at < self.first)

    # Heuristic: a loss that rises so far is no noise, so one in four is no accident: a break that
    # strikes four in ten trainings is missed once in ten times.
    def breaks_unseen(self, *, share: float = 0.25) -> bool:
        """Whether enough of them break and recover, two at least.

        Source: D4.
        """
        return len(self.hidden) >= max(2.0, share * len(self.probes))

    # Heuristic: a break that strikes one training in four leaves one of sixteen or none in one case
    # of sixteen.
    def is_open(self, *, enough: int = 16) -> bool:
        """Whether some break and recover, too few to tell, and no accident among many either.

        Source: D4.
        """
        is_accident = len(self.hidden) == 1 and len(self.probes) >= enough
        return bool(self.hidden) and not self.breaks_unseen() and not is_accident


# Heuristic: a tenth, as the check of stability has it, and no less than these few.
def first_steps(
    rounds: Sequence[Round], rate: str, length: int, *, least: int = 20
) -> FirstSteps | None:
    """What each training of these rounds does in its first steps, a tenth of the full length.

    None without a round.

    Source: D4.
    """
    if not rounds:
        return None
    begun = rounds[0]
    return FirstSteps(
        experiment=begun.experiment.name,
        rate=float(begun.records[0].setting[rate]),
        steps=begun.experiment.max_steps,
        first=max(least, length // 10),
        probes=tuple(probe for played in rounds for probe in _probes(played)),
    )


def _probes(played: Round) -> Iterator[Probe]:
    study = played.studies[0]
    curves = trial_curves(study, outcomes(study, played.records))
    for one in curves:
        if not _says_nothing(one):
            yield replace(_probe(one, _begin(curves, one)), experiment=played.experiment.name)


def _begin(curves: Sequence[TrialCurves], trial: TrialCurves) -> float:
    """The loss before the first update; infinite where no training loss of that step is known.

    So it is where another metric is looked at, which may count in another unit.

    The first evaluation comes after that update, which may be what breaks it. A small batch may
    be an easy one: no lower than that of half of the trainings, as far as so few batches tell it.
    """
    firsts = {
        one.id: float(losses.values_P[0])
        for one in curves
        if len(losses := usable(one.train_loss)) and int(losses.steps_P[0]) == 0
    }
    if trial.id not in firsts or not len(usable(trial.valid_loss)):
        return math.inf
    values = list(firsts.values())
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return max(firsts[trial.id], median(values) + 2.0 * error)


# Heuristic: of fewer, no rise and no return can be told.
def _says_nothing(trial: TrialCurves, *, fewest: int = 5) -> bool:
    """Whether it ended for a reason that is not its rate's, or was hardly evaluated."""
    if trial.infeasible:
        return trial.record.reason not in ("nan", "diverged")
    return len(_loss(trial)) < fewest


# Heuristic: a fifth of all that was gained, above the start, is a drop as the check of stability
# has it; below the start, half of it, over three steps. Adam's first updates without a warmup may
# overshoot for a step or two and cost nothing: a break lasts longer, or is as high as all gained.
def _probe(
    trial: TrialCurves,
    begin: float = math.inf,
    *,
    above: float = 0.2,
    within: float = 0.5,
    lasting: int = 4,
) -> Probe:
    series = _loss(trial)
    if len(series) < 5:
        return Probe(
            experiment="", trial=trial.id, broke=True, recovered=False, rise=math.inf, at=0
        )
    if (spike := _spike(trial, series, begin)) is not None:
        return spike
    values_P = smoothed(series.values_P, 3)
    start, low_P = float(series.values_P[0]), np.minimum.accumulate(values_P)
    gain = start - float(series.values_P.min())
    over_P, away_P = series.values_P - start, np.minimum(values_P, start) - np.minimum(low_P, start)
    is_over = int(np.count_nonzero(over_P >= above * gain)) >= lasting
    rise_P = over_P if is_over else away_P
    top = int(rise_P.argmax())
    level = start if is_over else float(low_P[top])
    rise = float(rise_P[top]) / gain if gain > 0.0 else math.inf
    recovered = not trial.infeasible and bool((values_P[top:] < level).any())
    breaks = rise >= (above if is_over else within)
    is_noise = recovered and _goes_on(values_P[top:], float(rise_P[top]))
    return Probe(
        experiment="",
        trial=trial.id,
        broke=trial.infeasible or (breaks and not is_noise),
        recovered=recovered,
        rise=rise,
        at=int(series.steps_P[top]),
    )


# Heuristic: what rises half as far again and again is noise of a high rate.
def _goes_on(values_P: NDArray[np.float64], rise: float, *, share: float = 0.5) -> bool:
    """Whether the loss goes on rising so after it fell: no break of the first steps does that."""
    climbs_P = values_P - np.minimum.accumulate(values_P)
    return float(climbs_P.max()) > share * rise


def _spike(trial: TrialCurves, series: Series, begin: float, *, least: float = 1.0) -> Probe | None:
    """A rise, of a few steps at least one, above the start by all that the training gains."""
    start = float(series.values_P[0]) if math.isinf(begin) else begin
    gain = start - float(series.values_P.min())
    top = int(series.values_P.argmax())
    rise = float(series.values_P[top]) - start
    if trial.infeasible or not gain > 0.0 or rise < least * gain:
        return None
    recovered = bool((series.values_P[top:] < start).any())
    return Probe(
        experiment="",
        trial=trial.id,
        broke=not _goes_on(series.values_P[top:], rise),
        recovered=recovered,
        rise=rise / gain,
        at=int(series.steps_P[top]),
    )


def _loss(trial: TrialCurves) -> Series:
    """The loss of every step: of the validation where it is reported, else the metric's."""
    valid = usable(trial.valid_loss)
    return valid if len(valid) else usable(trial.objective)

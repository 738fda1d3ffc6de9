"""The curves of every ended trial, oriented once for all checks of training curves.

First the curves themselves, then why a curve cannot be judged, then the points that count and those
that are drawn.

Axes: P points of a curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from ...experiment.objective import Objective
from ...playbook.catalogue import NO_NAMES, Names, known, known_alias
from ...playbook.metrics import EPOCH, GRADIENT_NORM, TRAIN_LOSS, VALID_LOSS, known_metrics
from ...record import Points, Record, Series
from ...study import Study
from ...wording import percent, plural
from ..statistics.curve_shape import HUGE, lowest
from .epochs import steps_per_epoch
from .outcomes import Outcome
from .why import CLEAR, Cause, Why

__all__ = ["GRADIENT_NORM", "TRAIN_LOSS", "VALID_LOSS", "TrialCurves", "trial_curves"]


@final
@dataclass(frozen=True, kw_only=True)
class TrialCurves:
    """One ended trial's curves.

    Args:
        outcome: Its best value, and its record.
        max_steps: The full length, whatever the trial did of it.
        names: What a person says that names are.
        metrics: What the training calls its metrics, by the names that checks ask for.
    """

    outcome: Outcome
    maximize: bool
    max_steps: int
    names: Names = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Record:
        """The trial as the store has it."""
        return self.outcome.record

    @property
    def metric(self) -> str:
        """The study's metric; `objective` holds it lower-is-better."""
        return self.outcome.metric

    def called(self, metric: str) -> str:
        """What the training calls a metric: sentences have its name, not the checks'."""
        return self.metrics.get(metric, metric)

    @property
    def own_metric(self) -> str:
        """What the training calls the study's metric."""
        return self.called(self.metric)

    @property
    def id(self) -> int:
        """The trial's id."""
        return self.record.id

    @property
    def infeasible(self) -> bool:
        """Whether the trial ended as infeasible."""
        return self.record.status == "infeasible"

    @cached_property
    def objective(self) -> Series:
        """The study's metric, lower is better, raw otherwise: NaN and inf included."""
        series = self.record.series(self.metric)
        return Series(series.steps_P, self._objective.loss(series.values_P))

    @cached_property
    def usable_objective(self) -> Series:
        """The points of `objective` that mean something in training."""
        return usable(self.objective)

    def value(self, loss: float) -> float:
        """A loss of the study's metric as it was reported."""
        return self._objective.value(loss)

    @property
    def _objective(self) -> Objective:
        return Objective(self.metric, self.maximize)

    @property
    def best_loss(self) -> float | None:
        """The lowest finite value of the objective; None where none counts."""
        position = None if self.infeasible else lowest(self.objective)
        return None if position is None else float(self.objective.values_P[position])

    @cached_property
    def train_loss(self) -> Series:
        """The training loss, as logged."""
        return self.record.series(TRAIN_LOSS)

    @cached_property
    def valid_loss(self) -> Series:
        """The validation loss, as reported; empty where none was."""
        if self.metric == VALID_LOSS and not self.maximize:
            return self.objective
        return self.record.series(VALID_LOSS)

    @cached_property
    def gradient_norm(self) -> Series:
        """The gradient norm, as logged."""
        return self.record.series(GRADIENT_NORM)

    @cached_property
    def steps_per_epoch(self) -> float | None:
        """The steps of an epoch; None where the trial did not log how many it had done."""
        return steps_per_epoch(self.record.series(EPOCH))


def trial_curves(study: Study, ended: Sequence[Outcome]) -> list[TrialCurves]:
    """The curves of a study's ended trials, in the order of their outcomes.

    Metrics have the names that checks ask for, whatever the training calls them.

    Source: C5, Q2 (oriented only here).
    """
    logged = {name for outcome in ended for name in outcome.record.points.metrics}
    metrics = known_metrics(logged, study.names, metric=study.metric)
    return [
        TrialCurves(
            outcome=_with_metrics(outcome, metrics),
            maximize=study.maximize,
            max_steps=study.max_steps,
            names=study.names,
            metrics={one: own for own, one in metrics.items()},
        )
        for outcome in ended
    ]


def _with_metrics(outcome: Outcome, metrics: Mapping[str, str]) -> Outcome:
    """The outcome with its metrics by the names that they are taken for."""
    if not metrics:
        return outcome
    points, known_names = outcome.record.points, set(metrics.values())
    # A store may know a name from other experiments that nothing here has.
    names = tuple(metrics.get(name, "" if name in known_names else name) for name in points.names)
    record = replace(outcome.record, points=Points(points.rows_P, names))
    return replace(outcome, record=record, metric=metrics.get(outcome.metric, outcome.metric))


def setting_name(curves: Sequence[TrialCurves], entry: str) -> str:
    """What the trials' settings call an entry of the catalogue; empty where none has it.

    Of several, that of a part of the model comes last.

    Source: D2, D9.
    """
    own = curves[0].names if curves else NO_NAMES
    names = {name for trial in curves for name in trial.record.setting}
    found = [name for name in names if (one := known(name, own)) and one.name == entry]
    return min(found, key=lambda name: (known_alias(name) is None, name), default="")


def infeasible_because(trial: TrialCurves) -> Why:
    """Why an infeasible trial cannot be judged; empty where it is feasible.

    Source: C3.
    """
    if not trial.infeasible:
        return CLEAR
    reason = trial.record.reason
    return Why("infeasible", f"it is infeasible{f' (`{reason}`)' if reason else ''}")


def without_end(trial: TrialCurves) -> Why:
    """Why the trial's curve has no end to judge: infeasible, or stopped; empty where it has one.

    Source: C3, C10.
    """
    record = trial.record
    if record.status == "stopped":
        because = f" (`{record.reason}`)" if record.reason else ""
        return Why("stopped", f"it was stopped{because} before its last step")
    return infeasible_because(trial)


def without_values(series: Series, metric: str, at_least: int, *, called: str = "") -> Why:
    """Why a series is too short to judge; empty where it is not.

    Args:
        series: Its finite values.
        metric: The name that checks ask for.
        at_least: So many are needed.
        called: What the training calls it.

    Source: C5.
    """
    if len(series) >= at_least:
        return CLEAR
    if not len(series):
        kinds: dict[str, Cause] = {
            TRAIN_LOSS: "no_train_loss",
            VALID_LOSS: "no_valid_loss",
            GRADIENT_NORM: "no_grad_norm",
        }
        kind = kinds.get(metric, "no_metric")
        return Why(kind, f"it has no finite value of {called or metric}")
    few = plural(len(series), "value")
    return Why("too_short", f"it has {few} of {called or metric}; {at_least} are needed")


def cut_short(trial: TrialCurves, steps_P: NDArray[np.int64], full: float) -> Why:
    """Why the curve does not reach the end of training; empty where it does, within `full` of it.

    Source: C10, T4.
    """
    last = int(steps_P[-1]) + 1
    if last >= full * trial.max_steps:
        return CLEAR
    share = last / max(1, trial.max_steps)
    return Why(
        "cut_short", f"it ends after {last:,} of {trial.max_steps:,} steps ({percent(share)})"
    )


def incomplete(trial: TrialCurves, series: Series, *, at_least: int, full: float) -> Why:
    """Why these values of the metric are not those of a whole training; empty where they are.

    Source: C10, T5.
    """
    return (
        without_end(trial)
        or without_values(series, trial.metric, at_least, called=trial.own_metric)
        or cut_short(trial, series.steps_P, full)
    )


def usable(series: Series) -> Series:
    """The points with finite values whose squares are finite too: others mean nothing in training.

    Source: D1.
    """
    usable_P = np.abs(series.values_P) < HUGE
    return series if usable_P.all() else Series(series.steps_P[usable_P], series.values_P[usable_P])


def thinned(values_P: NDArray[np.float64], max_points: int) -> NDArray[np.int64]:
    """Positions of at most `max_points` values: first, last, each stretch's lowest and highest.

    Source: C5, D1 (a spike must stay visible).

    >>> thinned(np.array([0.0, 1, 9, 1, 1, -3, 1, 0]), max_points=4).tolist()
    [0, 2, 5, 7]
    """
    if len(values_P) <= max_points:
        return np.arange(len(values_P))
    bounds = np.linspace(1, len(values_P) - 1, (max_points - 2) // 2 + 1).astype(np.int64)
    positions = {0, len(values_P) - 1}
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        positions |= {
            begin + int(np.argmin(values_P[begin:end])),
            begin + int(np.argmax(values_P[begin:end])),
        }
    return np.array(sorted(positions), dtype=np.int64)

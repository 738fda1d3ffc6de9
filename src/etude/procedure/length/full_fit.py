"""Full fit: what counts as one, and after how many steps a training reaches it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import final

from ...analyze.views.outcomes import Outcome
from ...analyze.views.rates import in_percent
from ...errors import RunError
from ...experiment.objective import Objective
from ...playbook.metrics import TRAIN_LOSS, more_is_better, same_metric
from ...record import Record
from ...study import evaluation_steps
from ...train.metrics import FULL_LOSS
from ...wording import number
from ..base import Round

# Ends that say nothing of the rate: an error of the code, a kill from outside.
FAILURES = frozenset({"error", "killed"})
# Heuristic: what comes this much more often than evaluations do is logged in every step, and one
# value is that of a batch.
_DENSE = 2
# Metrics of what was not trained on.
_OTHER_DATA = ("valid/", "test/")


@final
@dataclass(frozen=True, kw_only=True)
class FullFit:
    """What counts as a full fit of the training set: a metric that comes to a value.

    Source: T7.
    """

    metric: str
    value: float
    maximize: bool = False

    def has(self, value: float) -> bool:
        """Whether a value of the metric is a full fit; NaN never is.

        >>> FullFit(metric="train/error", value=0.0).has(0.0)
        True
        """
        return value >= self.value if self.maximize else value <= self.value

    def of(self, objective: Objective) -> FullFit:
        """The same, in the direction of the objective where that is this metric on other data.

        >>> FullFit(metric="train/score", value=0.9).of(Objective("valid/score", True)).maximize
        True
        """
        if not same_metric(self.metric, objective.metric):
            return self
        return replace(self, maximize=objective.maximize)

    @property
    def words(self) -> str:
        """It as a person says it: "`train/error` of 0"."""
        return f"`{self.metric}` of {number(self.value)}"


_USUAL = (
    FullFit(metric="train/error", value=0.0),
    FullFit(metric="train/accuracy", value=1.0, maximize=True),
    FullFit(metric="train/acc", value=1.0, maximize=True),
)
_ALL_IN_PERCENT = 100.0


def usual_full_fit(records: Collection[Record]) -> FullFit | None:
    """A training error of 0, by the names that were logged; None where none says it.

    An accuracy is a share or in percent, as the values of all records together tell.

    Source: T7, A1.
    """
    logged = {metric for one in records for metric in one.points.metrics}
    fit = next((one for one in _USUAL if one.metric in logged), None)
    if fit is None or not fit.maximize:
        return fit
    is_percent = in_percent(fit.metric, _bests(records, fit))
    return replace(fit, value=_ALL_IN_PERCENT) if is_percent else fit


def _bests(records: Iterable[Record], fit: FullFit) -> Iterator[Outcome]:
    """The best value of each record by the metric of a fit."""
    objective = Objective(fit.metric, fit.maximize)
    for record in records:
        best = record.best(fit.metric, maximize=fit.maximize)
        if best is not None:
            yield Outcome(record, fit.metric, objective.loss(best.value), best.value, best.step)


def declared_full_fit(text: str) -> FullFit:
    """What `METRIC=VALUE` declares a full fit; of an accuracy more is better.

    Raises:
        RunError: for what is no metric with a number.

    Source: T7.

    >>> declared_full_fit("train/loss=0.01").value, declared_full_fit("train/acc=1").maximize
    (0.01, True)
    """
    metric, _, value = (part.strip() for part in text.rpartition("="))
    try:
        number_given = float(value)
    except ValueError:
        number_given = math.nan
    if not metric or not math.isfinite(number_given) or metric.startswith(_OTHER_DATA):
        raise RunError(
            f"--full-fit takes METRIC=VALUE, a metric of the training set and the number that is a "
            f"full fit, got `{text}`. For example train/loss=0.01."
        )
    return FullFit(metric=metric, value=number_given, maximize=more_is_better(metric))


def of_all_examples(fit: FullFit) -> FullFit:
    """The same over all training examples, in Etude's loop, whose `train/loss` is of one batch.

    Source: T7.
    """
    return replace(fit, metric=FULL_LOSS) if fit.metric == TRAIN_LOSS else fit


def first_full_fit(played: Round, record: Record, fit: FullFit) -> float:
    """The steps after which a training first fits its training set fully; infinite where it never.

    A metric that is logged in every step counts by its mean since the evaluation before: one batch
    that is fitted is no training set.

    Source: T7.
    """
    series = record.series(fit.metric)
    ends = evaluation_steps(played.experiment.max_steps, played.experiment.evaluations)
    points = list(zip(series.steps_P.tolist(), series.values_P.tolist(), strict=True))
    if len(points) <= _DENSE * len(ends):
        return next((step + 1.0 for step, value in points if fit.has(value)), math.inf)
    begin = -1
    for end in ends:
        values = [value for step, value in points if begin < step <= end]
        if values and fit.has(fmean(values)):
            return end + 1.0
        begin = end
    return math.inf


@final
@dataclass(frozen=True, kw_only=True)
class RateFit:
    """A learning rate, and after how many steps each of its trainings fits fully.

    Args:
        steps: One a training, infinite where it never does.
        broken: How many of them broke; one that the code's error ended says nothing of its rate.
        interval: Steps between two evaluations: nothing finer is known.
        reached: The best value of the metric over all of them; None where it was not logged.
    """

    rate: float
    steps: tuple[float, ...]
    broken: int = 0
    interval: float = 1.0
    reached: float | None = None

    @property
    def median(self) -> float:
        """The median over its trainings; infinite where half of them never fit.

        Source: T7, A1.
        """
        return median(self.steps)


def rate_fits(played: Round, rate_name: str, fit: FullFit) -> list[RateFit]:
    """The rates of a round, lowest first, with the steps to a full fit of each training.

    Source: T7.
    """
    by_rate: dict[float, list[Record]] = {}
    for record in played.records:
        if record.status == "infeasible" and record.reason in FAILURES:
            continue
        by_rate.setdefault(float(record.setting[rate_name]), []).append(record)
    return [
        RateFit(
            rate=rate,
            steps=tuple(first_full_fit(played, record, fit) for record in by_rate[rate]),
            broken=sum(record.status == "infeasible" for record in by_rate[rate]),
            interval=played.experiment.max_steps / played.experiment.evaluations,
            reached=_reached(by_rate[rate], fit),
        )
        for rate in sorted(by_rate)
    ]


def _reached(records: Collection[Record], fit: FullFit) -> float | None:
    bests = [record.best(fit.metric, maximize=fit.maximize) for record in records]
    values = [best.value for best in bests if best is not None]
    return (max if fit.maximize else min)(values, default=None)


def fastest(fits: Collection[RateFit]) -> RateFit | None:
    """The rate with the fewest steps to a full fit; of equals, the middle one. None without a fit.

    Two rates whose steps differ by less than one evaluation are equals.

    Source: T7.
    """
    fitting = sorted((one for one in fits if one.median < math.inf), key=lambda one: one.rate)
    if not fitting:
        return None
    fewest = min(one.median for one in fitting)
    equals = [one for one in fitting if one.median < fewest + one.interval]
    return equals[len(equals) // 2]

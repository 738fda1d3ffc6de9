"""Target: the value of a metric that trainings of every batch size are timed to."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from ...errors import RunError
from ...experiment import Experiment
from ...playbook.metrics import more_is_better
from ...playbook.words import words
from ...wording import number


@final
@dataclass(frozen=True, kw_only=True)
class Target:
    """A value of a metric that counts as good enough.

    Source: S8.
    """

    metric: str
    value: float
    maximize: bool = False

    def distance(self, value: float) -> float:
        """How far a value is from it, in units of the metric; 0 or less where it is met.

        >>> Target(metric="valid/error", value=0.1).distance(0.25)
        0.15
        """
        return self.value - value if self.maximize else value - self.value

    @property
    def words(self) -> str:
        """It as a person says it: "`valid/error` of 0.1"."""
        return f"`{self.metric}` of {number(self.value)}"

    def of(self, experiment: Experiment) -> Target:
        """The same, in the direction that an experiment gives its own metric.

        Source: Q2.
        """
        if self.metric != experiment.metric:
            return self
        return Target(metric=self.metric, value=self.value, maximize=experiment.maximize)


def declared_target(text: str) -> Target:
    """What `METRIC=VALUE` declares; of an accuracy more is better.

    Raises:
        RunError: for what is no metric with a number.

    Source: S8.

    >>> declared_target("valid/error=0.1").value, declared_target("valid/acc=0.9").maximize
    (0.1, True)
    """
    metric, _, typed = (part.strip() for part in text.rpartition("="))
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not metric or not math.isfinite(value):
        raise RunError(
            f"--target takes METRIC=VALUE, a metric that trainings report and the number to reach, "
            f"got `{text}`. For example valid/error=0.1."
        )
    return Target(metric=metric, value=value, maximize=more_is_better(metric))


def is_test_metric(metric: str) -> bool:
    """Whether a metric is of the test set, which no choice may be made by (X3)."""
    parts: Collection[str] = {word for segment in words(metric) for word in segment}
    return "test" in parts

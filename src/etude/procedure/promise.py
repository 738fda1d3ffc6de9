"""Promise: the value that a configuration was adopted with, and how far its launch is from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from ..analyze.comparison.comparison import Side, side
from ..experiment.baseline import Adoption
from ..experiment.objective import Objective
from ..wording import number

# Of a value and of a distance, as endings have them.
_DIGITS, _GAP_DIGITS = 3, 2


@final
@dataclass(frozen=True, kw_only=True)
class Promise:
    """What was adopted against what its trainings give.

    Args:
        value: With which it was adopted.
        basis: What that value is: `one training`, `5 trainings`.
        launched: The trainings of the launch.
        gain: By how much their mean is better, negative where it is worse; NaN without a value.
        reach: How far chance alone moves it, in 95 %; infinite where one training has no spread.
        steps: The length it was adopted at; 0 where it was launched at the same.
    """

    value: float
    basis: str
    launched: Side
    gain: float
    reach: float
    steps: int = 0

    @property
    def holds(self) -> bool | None:
        """Whether chance explains the distance; None where that is not known."""
        if self.steps or not math.isfinite(self.gain + self.reach):
            return None
        return abs(self.gain) <= self.reach

    @property
    def broken(self) -> bool:
        """Whether the launch is worse than what was adopted by more than chance explains."""
        return self.holds is False and self.gain < 0

    @property
    def distance(self) -> str:
        """How far the launch is from what was adopted, in a few words."""
        how = "better" if self.gain > 0 else "worse"
        return f"{number(abs(self.gain), _GAP_DIGITS)} {how} than adopted"

    @property
    def sentence(self) -> str:
        """How far the launch is from what was adopted, without a full stop.

        Source: A1, A2, T8.
        """
        steps = f", {self.steps:,} steps" if self.steps else ""
        basis = f"({number(self.value, _DIGITS)}, {self.basis}{steps})"
        if not math.isfinite(self.gain):
            return f"No training gives a value against what was adopted {basis}"
        mean = f"The mean{_interval(self.launched)} is {self.distance} {basis}"
        if self.steps:
            return mean
        if self.holds is None:
            which = "copies of one training tell" if self.launched.copies else "one training tells"
            return f"{mean}; {which} nothing of chance"
        return f"{mean}, {'as chance has it' if self.holds else 'more than chance explains'}"

    def as_json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        low, high = self.launched.interval or (None, None)
        return {
            "value": self.value,
            "basis": self.basis,
            "mean": self.launched.mean,
            "interval": [low, high],
            "gain": self.gain,
            "explained_by_chance": self.holds,
        }


def promise(
    adopted: Adoption, values: Sequence[float], max_steps: int, *, copies: bool = False
) -> Promise:
    """How far the mean of a launch is from the value that was adopted.

    Chance moves the mean of n trainings and that of m by t s sqrt(1 / n + 1 / m) in 95 %, where s
    is the standard deviation of the launch: the seeds of the adoption are thought to scatter alike.

    Args:
        adopted: The configuration.
        values: The best value of each training of the launch, NaN for one that failed.
        max_steps: The length of the launch.
        copies: Whether its trainings are one, whatever their seed, so that chance is not known.

    Source: A1, A2, T8.
    """
    launched = side("launch", values)
    if copies:
        launched = replace(launched, sd=math.nan, copies=True)
    count = len(launched.finite)
    reach = math.inf
    if launched.interval is not None:
        low, high = launched.interval
        reach = (high - low) / 2 * math.sqrt(1 + count / max(adopted.trainings, 1))
    objective = Objective(adopted.metric, adopted.maximize)
    return Promise(
        value=adopted.value,
        basis=adopted.basis,
        launched=launched,
        gain=objective.gain(launched.mean - adopted.value),
        reach=reach,
        steps=adopted.max_steps if adopted.max_steps != max_steps else 0,
    )


def _interval(launched: Side) -> str:
    if launched.interval is None:
        return ""
    low, high = (number(end, _DIGITS) for end in launched.interval)
    return f" (95 %: {low} to {high})"

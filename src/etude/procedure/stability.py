"""Stability: whether training breaks, where, and whether that holds the best rate down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from ..advise.ending import Reason
from ..errors import RunError
from ..space import Real
from ..wording import number
from .base import Answer, Known, Round, Step, listed
from .cost import Cost, planned_cost

RATE = "learning_rate"


@final
@dataclass(frozen=True, kw_only=True)
class Stability:
    """The recipe of the playbook for optimization failures.

    Args:
        cure: Whether cures are tried where the best rate is held down.
        per_decade: Rates of the sweep in a factor of ten.

    Source: D1, D2, D3, D4.
    """

    cure: bool = False
    # Heuristic: a third of a decade apart, two neighbours differ by a factor of about two.
    per_decade: int = 3

    @property
    def name(self) -> str:
        """As its command is named."""
        return "stability"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most.

        Source: R15.
        """
        return planned_cost(self._rates(known).experiment)

    def step(self, known: Known) -> Step | Answer:
        """The sweep of the rate first, then the answer.

        Source: D1, D2.
        """
        rates = known.round("rates")
        if rates is None and not known.ended:
            return self._rates(known)
        return _answer(known, rates)

    def _rates(self, known: Known) -> Step:
        name = known.name_of(RATE)
        if name is None:
            raise RunError(
                f"`{known.base.name}` has no learning rate, so its stability cannot be looked at. "
                'Say which hyperparameter is it: `[names]` with `lr = "learning_rate"`.'
            )
        settings = [{**known.setting, name: rate} for rate in _grid(known, name, self.per_decade)]
        return Step(
            part="rates",
            experiment=listed(known, settings, question="Where does training break?"),
            because=f"sweep `{name}` for the best rate and the first that breaks",
            rules=("D2",),
        )


def _grid(known: Known, name: str, per_decade: int) -> Iterator[float]:
    rate = float(known.setting[name])
    low, high = rate / 100, rate * 100
    domain = Real(low, high, log=True)
    points = 4 * per_decade
    return (domain.value(k / points) for k in range(points + 1))


def _answer(known: Known, rates: Round | None) -> Answer:
    best = rates.best if rates else None
    name = known.name_of(RATE) or RATE
    values: dict[str, object] = dict.fromkeys(
        ("verdict", "best_learning_rate", "unstable_from", "held_down", "cure", "architecture")
    )
    values |= {"verdict": "unclear", "architecture": []}
    if best is None:
        return Answer(word="UNCLEAR", line="No rate trained", values=values)
    values |= {"best_learning_rate": best.setting[name]}
    return Answer(
        word="UNCLEAR",
        line=f"The best rate is {number(best.setting[name])}",
        values=values,
        reasons=(Reason(text="Only the sweep was trained", rules=("D1",)),),
    )

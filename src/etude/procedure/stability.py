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
from .cost import NOTHING, Cost, planned_cost
from .cures import cure, most
from .cures.answer import with_architecture, with_cures
from .diagnosis import Diagnosis

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
        cures = most(known) if self.cure else NOTHING
        return planned_cost(self._rates(known).experiment) + cures

    def step(self, known: Known) -> Step | Answer:
        """The diagnosis first; then, where it says that training breaks, the cures.

        Source: D1, D2, D6.
        """
        coming = self._diagnosed(known)
        if isinstance(coming, Step):
            return coming
        answer, diagnosis = coming
        if not self.cure:
            return with_architecture(answer, known)
        cured = cure(known, diagnosis)
        if isinstance(cured, Step):
            return cured
        return with_architecture(with_cures(answer, known, diagnosis, cured), known)

    def _diagnosed(self, known: Known) -> Step | tuple[Answer, Diagnosis]:
        rates = known.round("rates")
        if rates is None and not known.ended:
            return self._rates(known)
        name = known.name_of(RATE) or RATE
        return _answer(known, rates), Diagnosis(kind="unclear", rate=name)

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

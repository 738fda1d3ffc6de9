"""Model size: the best rate of a small model and of larger ones, and whether it moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...analyze.summaries.rates_by_size import RatesBySize, SizeRate, size_rate
from ...errors import RunError
from ...space import Scalar
from ...space.rounding import ten_digits
from ...wording import did_you_mean, quantity
from ..base import Answer, Known, Round, Setting, Step, listed
from ..cost import Cost, planned_cost
from ..given import same_kind
from ..learning_rate import rate_of
from .model_rates import answer

_PARTS = ("rates", "seeds", "further", "more")


@final
@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """The playbook's small first model: its rate is found again on the larger one.

    A sweep of the rate at each size, then several seeds near the best of each, on one grid for all
    sizes: what a grid does to a best rate it does to all of them. Then rates beyond, where a best
    one lies at the edge; else more seeds of the first and the last size, if they leave it open.

    Args:
        axis: The hyperparameter that sets the size; any is allowed.
        sizes: Its values, the first model's first.
        seeds: Trainings of each rate near the best.
        reach: The sweep goes so many doublings, in twos, to either side of the rate so far.
        near: So many doublings to either side of a size's best are trained several times.

    Source: S17, A1, A2, C1.
    """

    axis: str
    sizes: tuple[Scalar, ...]
    # A2's N.
    seeds: int = 5
    # Heuristic: a factor of 64; a best rate rarely moves farther with a model.
    reach: int = 6
    # Heuristic: a factor of four to either side shows the bowl.
    near: int = 2

    @property
    def name(self) -> str:
        """As its command is named."""
        return "extend"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most.

        Source: R15.
        """
        first = planned_cost(self._sweep(known).experiment)
        # Near the best, and beyond where that lies at the edge.
        count = len(self.sizes) * self.seeds * (2 * self.near + 1 + self.near)
        return first + Cost(trials=count, steps=count * known.base.max_steps)

    def step(self, known: Known) -> Step | Answer:
        """The sweep, then seeds near the best of each size, then the answer.

        Source: S17, A1.
        """
        if known.ended:
            return answer(known, self.axis, self.rates(known))
        if known.round(self._part("rates")) is None:
            return self._sweep(known)
        for part, seeds, rates in (
            ("seeds", self.seeds, self._near(known)),
            ("further", self.seeds, self._further(known)),
            ("more", self._more_seeds, self._open(known)),
        ):
            if rates and known.round(self._part(part)) is None:
                return Step(
                    part=self._part(part),
                    experiment=listed(
                        known, self._settings(known, rates, seeds), question=self._question(known)
                    ),
                    because=f"{quantity(seeds, 'training')} each of "
                    f"{quantity(len(rates), 'rate')} near the best of each `{self.axis}`",
                    rules=("S17", "A2"),
                )
        return answer(known, self.axis, self.rates(known))

    def rates(self, known: Known) -> RatesBySize | None:
        """The best rates that the rounds so far tell; None before any.

        Source: S17.
        """
        sweep, *others = (known.round(self._part(part)) for part in _PARTS)
        if sweep is None:
            return None
        rate = _rate(known)
        seeded = [one for one in others if one is not None]
        sizes = []
        for place, size in enumerate(self.sizes):
            once, often = (_losses(rounds, {self.axis: size}, rate) for rounds in ([sweep], seeded))
            # A sweep's own value chose where the seeds are, so it flatters its rate (A1).
            sizes.append(size_rate(size, {**once, **often}, seed=place))
        return RatesBySize(
            name=self.axis,
            rate=rate,
            metric=known.base.metric,
            maximize=known.base.maximize,
            sizes=tuple(sizes),
        )

    def _part(self, part: str) -> str:
        return f"{self.axis}-{part}"

    def _question(self, known: Known) -> str:
        return f"Does the best `{_rate(known)}` move with `{self.axis}`?"

    def _sweep(self, known: Known) -> Step:
        rate = _rate(known)
        _refuse_unknown(known, self.axis)
        if self.axis == rate:
            raise RunError(
                f"--model names `{rate}`, whose best is what is asked for. Name what sets the "
                "size of the model: --model width=64,256."
            )
        for size in self.sizes:
            same_kind(known.setting, {self.axis: size}, option="--model")
        doublings = range(-self.reach, self.reach + 1, 2)
        settings = [
            {**known.setting, self.axis: size, rate: _at(known, doubling)}
            for size in self.sizes
            for doubling in doublings
        ]
        return Step(
            part=self._part("rates"),
            experiment=listed(known, settings, question=self._question(known)),
            because=f"sweep `{rate}` at {quantity(len(self.sizes), 'value')} of `{self.axis}`",
            rules=("S17",),
        )

    def _near(self, known: Known) -> list[tuple[Scalar, float]]:
        """The rates near the best of each size, which trained."""
        rates = self.rates(known)
        if rates is None:
            return []
        return [
            (one.size, _at(known, doubling))
            for one in rates.sizes
            if one.best is not None
            for doubling in _around(round(math.log2(one.best / _at(known, 0))), self.near)
        ]

    def _further(self, known: Known) -> list[tuple[Scalar, float]]:
        """Rates beyond those near the best, where that lies at their edge (C1)."""
        rates = self.rates(known)
        if rates is None or known.round(self._part("seeds")) is None:
            return []
        return [
            (one.size, _at(known, doubling))
            for one in rates.sizes
            if one.at_edge and one.best is not None and one.low is not None
            for doubling in self._beyond(known, one)
        ]

    @property
    def _more_seeds(self) -> int:
        """As many as the rates beyond the edge would have taken, shared by two sizes."""
        return len(self.sizes) * self.seeds * self.near // (2 * (2 * self.near + 1))

    def _open(self, known: Known) -> list[tuple[Scalar, float]]:
        """The rates of the first and the last size, where their seeds leave open whether it moved.

        Only two sizes make the shift, and no rate beyond the edge was needed (`further`).
        """
        rates = self.rates(known)
        if rates is None or known.round(self._part("further")) is not None:
            return []
        if rates.shift is None or rates.moved is not None:
            return []
        return [
            (one.size, rate)
            for one in (rates.sizes[0], rates.sizes[-1])
            for rate, losses in one.losses.items()
            if len(losses) >= self.seeds
        ]

    def _beyond(self, known: Known, one: SizeRate) -> range:
        often = [rate for rate, losses in one.losses.items() if len(losses) >= self.seeds]
        low, high = (round(math.log2(end / _at(known, 0))) for end in (min(often), max(often)))
        assert one.best is not None
        is_low = one.best < math.sqrt(min(often) * max(often))
        return range(low - self.near, low) if is_low else range(high + 1, high + 1 + self.near)

    def _settings(
        self, known: Known, rates: Sequence[tuple[Scalar, float]], seeds: int
    ) -> list[Setting]:
        """A setting for each rate of each size, as often as it has seeds."""
        name = _rate(known)
        return [
            {**known.setting, self.axis: size, name: rate}
            for size, rate in rates
            for _ in range(seeds)
        ]


def _around(centre: int, near: int) -> range:
    return range(centre - near, centre + near + 1)


def _losses(rounds: Sequence[Round], having: Setting, rate: str) -> dict[float, list[float]]:
    """The losses of the trainings with these values, by their rate; infinite where one broke."""
    losses: dict[float, list[float]] = {}
    pairs = [(one, record) for one in rounds for record in one.records]
    for one, record in pairs:
        if all(record.setting[name] == value for name, value in having.items()):
            loss = one.loss(record)
            row = losses.setdefault(float(record.setting[rate]), [])
            row.append(math.inf if loss is None else loss)
    return losses


def _at(known: Known, doubling: int) -> float:
    return ten_digits(float(known.setting[_rate(known)]) * 2.0**doubling)


def _rate(known: Known) -> str:
    return rate_of(known, without="no best one can move (S17)")[0]


def _refuse_unknown(known: Known, axis: str) -> None:
    if axis in known.setting:
        return
    near: Sequence[str] = list(known.setting)
    raise RunError(
        f"No setting of `{known.base.name}` has `{axis}`. {did_you_mean(axis, near)} "
        "For example --model width=64,256."
    )

"""The rounds to a target: which batch size and which rates are trained next, for how long."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from ...design.catalogued import hyperparameters
from ...space import Real, is_number
from ..base import Known, Setting, Step, listed
from ..cost import Cost, planned_steps
from .measured import Measured
from .target_metric import Target
from .target_steps import closest
from .target_study import (
    NEAR,
    RATES,
    SWEEP,
    SizeStudy,
    curve_of,
    middle,
    study_of,
    sweep_of,
    tells,
)


@final
@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is trained for the steps to a target.

    Args:
        sweep_rates: Rates of the sweep at the batch size that one begins with.
        sweep_spacing: Between two of them, where the file gives no range.
        rates: Rates of each batch size.
        spacing: Between two of them, and of those that extend them.
        more: Rounds that may extend the rates of a size, or train them for longer.
        near: Times the best rate, with several seeds each.
        seeds: So many each.
        room: A round of rates lasts so many times what the size next to it took.
        near_room: And seeds near the best so many times what that took.
        most_sizes: Batch sizes; of more, some between are left out.
        most_lengths: What all rounds together take at most, in trainings of the file's length.
        evaluations: Of a training.

    Source: S8, A1, R15.
    """

    # Heuristic: three half decades to either side, as `training-length` sweeps.
    sweep_rates: int = 7
    sweep_spacing: float = 10**0.5
    # Heuristic: a best rate that moves with the batch size or not at all lies well inside.
    rates: int = 5
    spacing: float = 2.0
    more: int = 3
    near: tuple[float, ...] = (0.5**0.5, 1.0, 2.0**0.5)
    # Heuristic: a spread is pooled over all sizes, so that few a rate suffice.
    seeds: int = 3
    # Heuristic: one draw of a seed may take half as long again.
    room: float = 1.6
    near_room: float = 2.0
    # Heuristic: a factor of 2,048; what lies beyond both regimes is left out anyway.
    most_sizes: int = 12
    most_lengths: int = 80
    # Heuristic: a step in 50 is known to 2 %, far below the luck of a seed.
    evaluations: int = 50

    def cost(self, known: Known, sizes: int) -> Cost:
        """What all of it takes at most.

        Source: R15.
        """
        # The sweep and the rates of a size are extended by two rates a round.
        a_size = self.rates + 2 * self.more + 2 * len(self.near) * self.seeds
        trials = self.sweep_rates + 2 * self.more + sizes * a_size
        return Cost(trials=trials, steps=min(trials, self.most_lengths) * known.base.max_steps)


@final
@dataclass(frozen=True, kw_only=True)
class Question:
    """What the rounds are about.

    Args:
        known: What is known when the next round is decided.
        setting: The configuration of every training, but for batch size and rate.
        rate_name: The user's name of the learning rate.
        rate: Its value in the configuration.
    """

    known: Known
    measured: Measured
    target: Target
    plan: Plan
    setting: Setting
    rate_name: str
    rate: float

    @property
    def start(self) -> int:
        """The batch size that one begins with: the feasible one nearest to the configuration's."""
        sizes = powers(self.measured)
        own = self.setting.get(self.measured.name)
        middle_size = float(own) if is_number(own) and own > 0 else float(sizes[len(sizes) // 2])
        return min(sizes, key=lambda one: (abs(math.log(one / middle_size)), one))

    @property
    def upward(self) -> list[int]:
        """The batch sizes above the first, the nearest first."""
        return [one for one in self._spread if one > self.start]

    @property
    def downward(self) -> list[int]:
        """The batch sizes below the first, the nearest first."""
        return [one for one in reversed(self._spread) if one < self.start]

    @property
    def _spread(self) -> list[int]:
        """The batch sizes, every second or third where they are many, and always the largest."""
        sizes = powers(self.measured)
        stride = math.ceil(len(sizes) / self.plan.most_sizes)
        begin = sizes.index(self.start) % stride
        return sorted({*sizes[begin::stride], sizes[-1]})

    @property
    def largest(self) -> int:
        """The largest feasible batch size."""
        return powers(self.measured)[-1]

    def study(self, batch_size: int) -> SizeStudy:
        """What is known of a batch size."""
        return self._by_size[batch_size]

    @cached_property
    def _by_size(self) -> dict[int, SizeStudy]:
        """What is known of each batch size, the smallest first."""
        sizes = sorted([self.start, *self.upward, *self.downward])
        return {one: study_of(self.known, one, self.rate_name, self.target) for one in sizes}

    @cached_property
    def sweep(self) -> SizeStudy:
        """The sweep that comes first."""
        return sweep_of(self.known, self.start, self.rate_name, self.target)

    @property
    def studies(self) -> list[SizeStudy]:
        """The batch sizes that were trained, the smallest first."""
        return [one for one in self._by_size.values() if one.rate_rounds]


def powers(measured: Measured) -> list[int]:
    """The feasible batch sizes that are powers of two; all that are feasible where none is.

    Source: S4.
    """
    sizes = sorted(one.batch_size for one in measured.feasible)
    return [one for one in sizes if one & (one - 1) == 0] or sizes


def next_round(ask: Question) -> Step | None:
    """The next round; None where all is trained that tells, or that the plan pays for.

    One begins at the batch size of the configuration, whose rates are known best, goes up, where
    steps are few, and then down as far as `max_steps` reaches.

    Source: S8, S10.
    """
    step = _next(ask)
    if step is None:
        return None
    most = ask.plan.cost(ask.known, 1 + len(ask.upward) + len(ask.downward)).steps
    return step if ask.known.spent_steps + planned_steps(step.experiment) <= most else None


def _next(ask: Question) -> Step | None:
    if (step := _sweep(ask)) is not None:
        return step
    # First as far as both regimes seem seen; where noise hides them then, all the way.
    for ends_early in (True, False):
        for sizes in ([ask.start], ask.upward, ask.downward):
            step = _along(ask, sizes, ends_early=ends_early)
            if step is not None:
                return step
        if tells(curve_of(ask.studies), ask.studies):
            return None
    return None


def _along(ask: Question, sizes: Sequence[int], *, ends_early: bool) -> Step | None:
    """The next round of these sizes, each with the one before it to go by."""
    for size in sizes:
        trained = ask.studies
        if not trained and size != ask.start:
            return None
        if not ask.study(size).rate_rounds and _is_over(ask, size, trained, ends_early=ends_early):
            return None
        if (step := _of_size(ask, ask.study(size), _anchor(ask, size))) is not None:
            return step
    return None


def _is_over(ask: Question, size: int, trained: Sequence[SizeStudy], *, ends_early: bool) -> bool:
    """Whether this size and those beyond it tell nothing more."""
    if not trained:
        return False
    outermost = trained[-1] if size > trained[-1].batch_size else trained[0]
    met = [one for one in trained if one.has_met]
    if not met:
        # A smaller batch takes no fewer steps; of two larger ones, one would have met it.
        return size < ask.start or len(trained) > 2
    if not outermost.has_met:
        return True
    return ends_early and (is_flat(met) if size > ask.start else is_perfect(met))


# Heuristic: at four times the critical size a fourfold batch still saves 15 % of the steps.
def is_flat(studies: Sequence[SizeStudy], *, saves: float = 0.2, over: int = 4) -> bool:
    """Whether the largest sizes take about as many steps as each other: far above the critical one.

    Source: S8.
    """
    return _ends_alike(list(reversed(studies)), saves, over, perfect=False)


def is_perfect(studies: Sequence[SizeStudy], *, lacks: float = 0.2, over: int = 4) -> bool:
    """Whether the smallest sizes scale perfectly: half the batch, twice the steps.

    Source: S8.
    """
    return _ends_alike(studies, lacks, over, perfect=True)


def _ends_alike(studies: Sequence[SizeStudy], lacks: float, over: int, *, perfect: bool) -> bool:
    """Whether the scaling is as said, from the first size to the next `over` times as far."""
    if not studies or studies[0].best is None:
        return False
    end = studies[0]
    for inner in studies[1:]:
        ratio = max(inner.batch_size, end.batch_size) / min(inner.batch_size, end.batch_size)
        if ratio >= over and inner.best is not None and end.best is not None:
            steps, inner_steps = middle(end.best), middle(inner.best)
            if perfect:
                return steps / inner_steps >= (1.0 - lacks) * ratio
            return steps / inner_steps >= 1.0 - lacks
    return False


# --- the rounds of one size


@final
@dataclass(frozen=True, kw_only=True)
class _Anchor:
    """A size whose best rate is known, to begin another one's rates at; no steps where none met."""

    batch_size: int
    rate: float
    steps: float | None


def _anchor(ask: Question, size: int) -> _Anchor:
    """The nearest size on the way from the first one, of those that met the target if any did."""
    low, high = sorted((ask.start, size))
    way = [one for one in ask.studies if low <= one.batch_size <= high and one.batch_size != size]
    trained = [one for one in way if one.has_met] or way or [ask.sweep]
    near = min(trained, key=lambda one: abs(math.log(one.batch_size / size)))
    best = closest(near.rates)
    rate = near.best.rate if near.best else best.rate if best else ask.rate
    steps = middle(near.best) if near.best is not None else None
    return _Anchor(batch_size=near.batch_size, rate=rate, steps=steps)


def _of_size(ask: Question, study: SizeStudy, anchor: _Anchor) -> Step | None:
    plan, most = ask.plan, ask.known.base.max_steps
    if not study.rate_rounds:
        return _first_rates(ask, study, anchor)
    if not study.rates:
        return None  # every training ended by an error
    if study.near_rounds == 0 and study.rate_rounds <= plan.more:
        if study.edge:
            return _extension(ask, study, RATES, study.length)
        if not study.has_met and study.length < most:
            return _longer(ask, study)
    best = study.best
    if best is None or study.is_retrained or study.near_rounds > 1:
        return None
    return _near(ask, study, best.rate, best.median)


def _first_rates(ask: Question, study: SizeStudy, anchor: _Anchor) -> Step:
    plan, most = ask.plan, ask.known.base.max_steps
    ratio = study.batch_size / anchor.batch_size
    # Between a rate that stays and one in proportion to the batch, as Adam's and SGD's do.
    centre = anchor.rate * math.sqrt(ratio)
    length = most
    if anchor.steps is not None:
        # Half the batch takes twice the steps at most; twice the batch no more.
        length = min(most, math.ceil(plan.room * anchor.steps * max(1.0, 1.0 / ratio)))
    middle_place = plan.rates // 2
    rates = [centre * plan.spacing ** (place - middle_place) for place in range(plan.rates)]
    because = f"retune `{ask.rate_name}` at a batch of {study.batch_size:,}"
    return _round(
        ask, study.batch_size, RATES, dict.fromkeys(rates, 1), length=length, because=because
    )


def _extension(ask: Question, study: SizeStudy, kind: str, length: int) -> Step:
    """Two rates more on the side where the best lies at the edge."""
    spacing = ask.plan.spacing if kind == RATES else _sweep_spacing(ask)
    tried = [one.rate for one in study.rates] or [ask.rate]
    edge, factor = (min(tried), 1.0 / spacing) if study.edge == "lower" else (max(tried), spacing)
    rates = [edge * factor, edge * factor**2]
    part = f"{kind}-{study.rate_rounds + 1}"
    because = f"the best `{ask.rate_name}` lies at the edge of those tried: {study.edge} ones"
    return _round(
        ask, study.batch_size, part, dict.fromkeys(rates, 1), length=length, because=because
    )


def _longer(ask: Question, study: SizeStudy) -> Step:
    """The rates around the one that comes nearest, for twice as long."""
    best = closest(study.rates)
    assert best is not None, "Where all rates break, lower ones come first. This is a bug."
    spacing = ask.plan.spacing
    rates = [best.rate / spacing, best.rate, best.rate * spacing]
    length = min(ask.known.base.max_steps, 2 * study.length)
    part = f"{RATES}-{study.rate_rounds + 1}"
    because = f"no rate met the target in {study.length:,} steps: train longer"
    return _round(
        ask, study.batch_size, part, dict.fromkeys(rates, 1), length=length, because=because
    )


def _near(ask: Question, study: SizeStudy, rate: float, steps: float) -> Step:
    plan, most = ask.plan, ask.known.base.max_steps
    rates = {rate * factor: plan.seeds for factor in plan.near}
    part = f"{NEAR}-2" if study.near_rounds else NEAR
    length = min(most, math.ceil(plan.near_room * (1 + study.near_rounds) * steps))
    because = "rates near the best with other seeds: the fewest steps of single trainings are luck"
    return _round(ask, study.batch_size, part, rates, length=length, because=because)


# --- the sweep that comes first


def _sweep(ask: Question) -> Step | None:
    plan, most, sweep = ask.plan, ask.known.base.max_steps, ask.sweep
    if not sweep.rate_rounds:
        because = f"sweep `{ask.rate_name}` at a batch of {ask.start:,}, the file's or next to it"
        rates = dict.fromkeys(_sweep_rates(ask), 1)
        return _round(ask, ask.start, SWEEP, rates, length=most, because=because)
    if not sweep.rates or sweep.rate_rounds >= plan.more or ask.study(ask.start).rate_rounds:
        return None
    return _extension(ask, sweep, SWEEP, most) if sweep.edge else None


def _sweep_rates(ask: Question) -> list[float]:
    """Over the file's range where nothing is known of the rate; around a rate that is known."""
    spacing, middle_place = _sweep_spacing(ask), ask.plan.sweep_rates // 2
    domain = _range(ask)
    centre = ask.rate if domain is None else math.sqrt(domain.low * domain.high)
    places = range(ask.plan.sweep_rates)
    return [centre * spacing ** (place - middle_place) for place in places]


def _sweep_spacing(ask: Question) -> float:
    domain = _range(ask)
    if domain is None:
        return ask.plan.sweep_spacing
    return float((domain.high / domain.low) ** (1.0 / (ask.plan.sweep_rates - 1)))


def _range(ask: Question) -> Real | None:
    """The file's range of the rate, where no trial has tuned it yet."""
    if ask.known.tried is not None:
        return None
    for hyperparameter in hyperparameters(ask.known.base):
        is_range = isinstance(hyperparameter.value, Real) and hyperparameter.value.low > 0.0
        if hyperparameter.name == ask.rate_name and hyperparameter.exists(ask.setting) and is_range:
            return hyperparameter.value  # type: ignore[return-value]  # a Real, as just asked
    return None


# --- as an experiment


def _round(
    ask: Question,
    batch_size: int,
    kind: str,
    rates: Mapping[float, int],
    *,
    length: int,
    because: str,
) -> Step:
    experiment = listed(
        ask.known,
        list(_settings(ask, batch_size, rates)),
        question=f"In how many steps is {ask.target.words} met at a batch of {batch_size:,}?",
        max_steps=length,
        evaluations=ask.plan.evaluations,
    )
    return Step(
        part=f"{batch_size}-{kind}",
        experiment=experiment,
        because=because,
        rules=("A1",) if kind.startswith(NEAR) else ("S8", "S10"),
    )


def _settings(ask: Question, batch_size: int, rates: Mapping[float, int]) -> Iterator[Setting]:
    """A setting a training, the rates at three digits: far finer than any seed tells."""
    for rate, seeds in rates.items():
        setting = {
            **ask.setting,
            ask.measured.name: batch_size,
            ask.rate_name: float(f"{rate:.3g}"),
        }
        yield from itertools.repeat(setting, seeds)

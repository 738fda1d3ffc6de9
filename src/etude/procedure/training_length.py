"""Training length: the regime, and the fewest steps in which any constant rate fits fully."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from ..advise.ending import NextStep, cost_text
from ..experiment import Experiment
from ..experiment.objective import Objective
from ..record import Record
from ..space import Scalar, is_number
from .base import Answer, Known, Round, Setting, Step, listed
from .cost import Cost
from .learning_rate import rate_of
from .length.full_fit import (
    FullFit,
    RateFit,
    fastest,
    first_full_fit,
    of_all_examples,
    rate_fits,
    usual_full_fit,
)
from .length.length_answer import LengthEvidence, length_answer, without_target
from .length.regime import training_objective
from .length.unregularized import UnregularizedConfiguration, unregularized

SWEEP, NEAR = "rates", "near"
# Heuristic: at this spacing they reach a little beyond both neighbours of the best.
MOST_NEAR_RATES = 5
_SIDES = ("lower", "higher")


@final
@dataclass(frozen=True, kw_only=True)
class TrainingLength:
    """T7's recipe for the first number of steps, with the regime that it speaks of.

    Args:
        full_fit: What counts as a full fit; None for a training error of 0.
        without: What is switched off beside what the catalogue knows, with the value that does it.
        max_steps: The length of the sweep, the most steps that are affordable; None for those of
            the file, or for fewer where trials of the file have fitted in them.
        rates: Of the first sweep.
        spacing: Between two of them.
        most_near: Full lengths that the sweeps after the first may take, extensions among them.

    Source: T1, T5, T7, T11, T13, S12.
    """

    full_fit: FullFit | None = None
    without: Mapping[str, Scalar | None] = field(default_factory=dict)
    max_steps: int | None = None
    # Heuristic: three half decades to either side: from a thirtieth to thirty times the rate.
    rates: int = 7
    spacing: float = 10**0.5
    # Heuristic: what the shorter trainings near the best rate save is spent on more seeds of them.
    most_near: int = 8
    # Heuristic: twice is as far beyond as rates are tried.
    most_extensions: int = 2
    extension_rates: int = 2
    # Heuristic: a third of the half decade between two rates of the sweep.
    near_spacing: float = 10 ** (1 / 6)
    most_seeds: int = 8
    # Heuristic: of equal seeds a median rarely takes half as long again as one of them.
    near_length: float = 1.5
    # Heuristic: a step in 50 is known to 2 %, far below the luck of a seed.
    evaluations: int = 50
    # Heuristic: an error of 0 on so many examples is one below 0.3 % on all, in 95 % (E4); more
    # are evaluated as far as all evaluations of a training cost no more than its steps.
    least_examples: int = 1024
    most_examples: int = 4096

    @property
    def name(self) -> str:
        """As its command is named."""
        return "training-length"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most.

        Source: R15.
        """
        length = self._length(known)
        extended = self.most_extensions * self.extension_rates
        near = MOST_NEAR_RATES * self.most_seeds
        return Cost(
            trials=self.rates + extended + near, steps=(self.rates + self.most_near) * length
        )

    def step(self, known: Known) -> Step | Answer:
        """The sweep of constant rates, its extensions, the sweep near the best; then the answer.

        Source: T7.
        """
        fit = self._fit(known)
        if self._is_missing(known) and (fit is None or fit.metric not in _logged(known)):
            return without_target(known, fit, _logged(known))
        sweep = known.round(SWEEP)
        declared = self.full_fit
        if declared is not None and sweep and declared.metric not in _logged(known):
            return without_target(known, declared, _logged(known))
        if sweep is None:
            return self._answer(known, fit) if known.ended else self._sweep(known)
        if known.ended or known.round(NEAR):
            return self._answer(known, fit)
        side, extensions = self._edge(known, fit), len(_extensions(known))
        if side and extensions < self.most_extensions:
            return self._extension(known, side)
        best = fastest(self._coarse_fits(known, fit))
        if best is not None:
            return self._near(known, best.rate, best.median)
        # One draw a rate, half a decade apart, does not refute a fit: near the best it is tried.
        rate = self._nearest_rate(known, fit)
        return self._answer(known, fit) if rate is None else self._near(known, rate, math.inf)

    # --- what it works on

    def _fit(self, known: Known) -> FullFit | None:
        if self.full_fit is not None:
            declared = self.full_fit.of(known.base.objective)
            return of_all_examples(declared) if known.own_loop else declared
        return usual_full_fit(_records(known))

    def _is_missing(self, known: Known) -> bool:
        """Whether trainings were seen that log nothing of the training set.

        Where its loss is logged, the regime shows without a full fit.
        """
        sweep = known.round(SWEEP)
        if sweep is None and (known.own_loop or known.tried is None):
            return False
        seen = _sweep_records(known) if sweep else iter(known.tried.records if known.tried else ())
        whole = [one for one in seen if one.status == "completed"]
        return bool(whole) and all(training_objective(one, None) is None for one in whole)

    def _unregularized(self, known: Known) -> UnregularizedConfiguration:
        return unregularized(known, self.without)

    def _length(self, known: Known) -> int:
        """N of T7: twice what a finished training took to fit fully, else all that is affordable.

        Twice, since that is one draw of a seed, and no more than is affordable. A length that was
        typed stays as it is: who asks for it may have seen that no rate fits in fewer steps.
        """
        most, tried, fit = self._most(known), known.tried, self._fit(known)
        if self.max_steps is not None or fit is None or tried is None:
            return most
        alike = self._alike(known, tried.records)
        first = min((first_full_fit(tried, one, fit) for one in alike), default=math.inf)
        return most if math.isinf(first) else min(most, max(2 * int(first), 1))

    def _most(self, known: Known) -> int:
        return self.max_steps or known.base.max_steps

    def _alike(self, known: Known, records: Iterable[Record]) -> Iterator[Record]:
        """The records of the configuration that is swept, at whatever rate.

        Another width or batch size fits in another number of steps (T6); what is switched off for
        the sweep may differ.
        """
        free = {_rate_of(known)[0], *self._unregularized(known).decided}
        own = _besides(free, known.setting)
        return (one for one in records if _besides(free, one.setting) == own)

    # --- its rounds

    def _sweep(self, known: Known) -> Step:
        name, rate = _rate_of(known)
        middle = self.rates // 2
        rates = [rate * self.spacing ** (place - middle) for place in range(self.rates)]
        return self._round(
            known,
            SWEEP,
            [(one, 1) for one in rates],
            length=self._length(known),
            because=f"sweep constant values of `{name}`, without regularization and augmentation",
        )

    def _extension(self, known: Known, side: str) -> Step:
        tried = [one.rate for one in self._coarse_fits(known, None)]
        edge, factor = (
            (min(tried), 1 / self.spacing) if side == "lower" else (max(tried), self.spacing)
        )
        rates = [edge * factor ** (place + 1) for place in range(self.extension_rates)]
        return self._round(
            known,
            f"{side}-{len(_extensions(known)) + 1}",
            [(one, 1) for one in rates],
            length=self._length(known),
            because=f"the best rate lies at the edge of the sweep: try {side} ones",
        )

    def _near(self, known: Known, rate: float, fit_steps: float) -> Step:
        """Rates near the best, with as many seeds as what is left of the plan pays for."""
        most = self._length(known)
        length = math.ceil(min(most, max(self.near_length * fit_steps, 2)))
        extended = len(_extensions(known)) * self.extension_rates
        trainings = (self.most_near - extended) * most // length
        count = MOST_NEAR_RATES if trainings >= 3 * MOST_NEAR_RATES else 3
        factors = _near_factors(count, self.near_spacing)
        seeds = max(1, min(self.most_seeds, trainings // len(factors)))
        return self._round(
            known,
            NEAR,
            [(rate * factor, seeds) for factor in factors],
            length=length,
            because="rates near the best with other seeds, evaluated more often: one draw is luck",
        )

    def _round(
        self,
        known: Known,
        part: str,
        rates: list[tuple[float, int]],
        *,
        length: int,
        because: str,
    ) -> Step:
        name, _ = _rate_of(known)
        setting = self._unregularized(known).setting
        # Three digits read well, and differ from what was meant by less than any seed does.
        settings = [
            {**setting, name: float(f"{rate:.3g}")} for rate, seeds in rates for _ in range(seeds)
        ]
        experiment = listed(
            known,
            settings,
            question="In how many steps is the training set fitted fully?",
            max_steps=length,
            evaluations=self.evaluations,
        )
        experiment = replace(experiment, evaluate_training=self._examples(known, experiment))
        return Step(part=part, experiment=experiment, because=because, rules=("T7",))

    def _examples(self, known: Known, experiment: Experiment) -> int:
        """How many training examples are evaluated each time; a loop of the user's has its own way.

        An evaluation costs a third of a step, forward without backward, an example.
        """
        batch_size = known.setting.get("batch_size")
        if not known.own_loop or not is_number(batch_size):
            return 0
        affordable = 3 * experiment.max_steps * float(batch_size) / experiment.evaluations
        return round(min(max(affordable, self.least_examples), self.most_examples))

    def _longer(self, known: Known) -> NextStep | None:
        """The command that sweeps all steps that are affordable; None where this sweep had them."""
        most = self._most(known)
        if self._length(known) == most:
            return None
        options = [] if self.full_fit is None else [f"--full-fit {_typed_fit(self.full_fit)}"]
        options += [f"--without {_typed(name, value)}" for name, value in self.without.items()]
        command = " ".join([f"etude {self.name} FILE", *options, f"--max-steps {most}"])
        cost = replace(self, max_steps=most).cost(known)
        return NextStep(
            command=command,
            text=f"See whether a rate fits in all {most:,} steps of your file",
            cost=f"at most {cost_text(cost.trials, cost.steps, known.pace_s)}",
        )

    # --- what they showed

    def _coarse_fits(self, known: Known, fit: FullFit | None) -> list[RateFit]:
        name, _ = _rate_of(known)
        wanted = fit or FullFit(metric="", value=0.0)
        fits = [one for played in _coarse(known) for one in rate_fits(played, name, wanted)]
        return sorted(fits, key=lambda one: one.rate)

    def _edge(self, known: Known, fit: FullFit | None) -> str:
        """At which edge of the sweep the best rate lies; empty for none."""
        fits = self._coarse_fits(known, fit)
        best = fastest(fits)
        rate = best.rate if best else self._nearest_rate(known, fit)
        if rate is None or len(fits) < 2:
            return ""
        return "lower" if rate == fits[0].rate else "higher" if rate == fits[-1].rate else ""

    def _nearest_rate(self, known: Known, fit: FullFit | None) -> float | None:
        """The rate of the sweep that comes nearest to a fit where none does."""
        nearest = nearest_training(_coarse(known), fit)
        return float(nearest[1].setting[_rate_of(known)[0]]) if nearest else None

    def _answer(self, known: Known, fit: FullFit | None) -> Answer:
        name, _ = _rate_of(known)
        near = known.round(NEAR)
        return length_answer(
            LengthEvidence(
                known=known,
                rate_name=name,
                fit=fit,
                coarse=tuple(self._coarse_fits(known, fit)) if known.round(SWEEP) else (),
                near=tuple(rate_fits(near, name, fit)) if near and fit else (),
                nearest=nearest_training(known.rounds, fit),
                at_edge=bool(known.round(SWEEP) and self._edge(known, fit)),
                switched=self._unregularized(known),
                length=self._length(known),
                longer=self._longer(known),
                examples=min((one.experiment.evaluate_training for one in known.rounds), default=0),
            )
        )


def _rate_of(known: Known) -> tuple[str, float]:
    return rate_of(known, without="no length can be found by its sweep")


def nearest_training(rounds: Iterable[Round], fit: FullFit | None) -> tuple[Round, Record] | None:
    """The training with the lowest loss on its training set, and its round.

    None where no training lasted to its end.

    Source: T1, T7.
    """
    candidates = []
    for place, played in enumerate(rounds):
        for record in played.records:
            objective = training_objective(record, fit)
            if record.status == "infeasible" or objective is None:
                continue
            loss = _final_loss(record, objective)
            if math.isfinite(loss):
                candidates.append((loss, place, record.id, played, record))
    return min(candidates, key=lambda one: one[:3])[3:] if candidates else None


def _final_loss(record: Record, objective: Objective, *, late: float = 0.1) -> float:
    """The median over the last tenth of a curve: of single batches the lowest is luck."""
    values_P = record.series(objective.metric).values_P
    last = values_P[-max(1, int(late * len(values_P))) :] if len(values_P) else values_P
    return float(objective.loss(float(np.median(last)))) if len(last) else math.inf


def _near_factors(count: int, spacing: float) -> list[float]:
    return [spacing ** (place - count // 2) for place in range(count)]


def _coarse(known: Known) -> Iterator[Round]:
    """The first sweep and its extensions: one training a rate, all of one length."""
    return (one for one in known.rounds if one.part != NEAR)


def _extensions(known: Known) -> list[Round]:
    return [one for one in known.rounds if one.part.startswith(_SIDES)]


def _sweep_records(known: Known) -> Iterator[Record]:
    return (record for played in _coarse(known) for record in played.records)


def _records(known: Known) -> list[Record]:
    """All trainings that are known, those of the user's file among them."""
    tried = list(known.tried.records) if known.tried else []
    return [*tried, *(record for played in known.rounds for record in played.records)]


def _logged(known: Known) -> set[str]:
    """The metrics that trainings logged, those of the user's file among them."""
    return {metric for one in _records(known) for metric in one.points.metrics}


def _besides(names: Collection[str], setting: Setting) -> Setting:
    return {name: value for name, value in setting.items() if name not in names}


def _typed_fit(fit: FullFit) -> str:
    return shlex.quote(f"{fit.metric}={fit.value!r}")


def _typed(name: str, value: Scalar | None) -> str:
    """A name and its value as `--without` reads them."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return shlex.quote(name if value is None else f"{name}={text}")

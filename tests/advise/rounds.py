"""Rounds in which one thing is wrong, as records in which the checks find it themselves.

A round is a quasi-random search over a valley. Unless it says otherwise, the lowest point lies in
the middle of the space and the trials train well, so that nothing else is wrong. `test_rounds.py`
says of each round what the checks find in it.

Axes: T trials, D axes, E evaluations, P logged points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from tests.advise.contexts import context_of
from tests.analyze.traced import noise
from tests.factories import RATE, experiment, record

from etude.advise.context import Context
from etude.design.studies import studies
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.search.sobol import points
from etude.space import Real
from etude.study import Study, evaluation_steps

Floats: TypeAlias = NDArray[np.float64]
Units: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Place:
    """A trial, its rank by height, 0 for the lowest, its height, and its units on the axes."""

    trial: int
    rank: int
    height: float
    unit: Units

    @property
    def is_best(self) -> bool:
        return self.rank == 0


# The curves of a trial by name, each evenly spread over the steps; None where it diverges.
Curves: TypeAlias = Callable[[Place], Mapping[str, Floats] | None]

METRIC, LOSSES = "valid/error", ("valid/error", "valid/loss", "train/loss")
SHARE_E = (np.arange(50) + 1) / 50
FALLS_E = np.exp(-8.0 * SHARE_E)
STOPS_E = np.exp(-15.0 * SHARE_E)
STRAIGHT_E = 1.0 - 0.5 * SHARE_E
# The 90th percentile of these gradient norms is 2.31.
NORMS_P = np.linspace(0.51, 2.51, 100)
LONG = {"max_steps": 2000}
SIX_AXES = experiment(trials=10, nuisance={f"x{k}": Real(0.1, 0.9) for k in range(6)})
LOW = {"learning_rate": -0.2, "share": 0.5}


def one_value(place: Place) -> Mapping[str, Floats]:
    return {METRIC: np.array([place.height])}


def course(place: Place, course_E: Floats, sd: float = 0.002) -> dict[str, Floats]:
    """The same course above the place's height, with other noise, in the metric and both losses."""
    return {
        name: place.height + course_E + sd * noise(10 * place.trial + k, len(course_E))
        for k, name in enumerate(LOSSES)
    }


def trained(
    study: Study,
    curves: Curves = one_value,
    *,
    count: int = 20,
    bottom: Units | None = None,
    begin: int = 0,
) -> list[Record]:
    """Trials of a study with these curves, over a valley.

    Args:
        bottom: Where the lowest point lies on the axes that matter, 0 to 1; in the middle of all.
        begin: The first id.
    """
    domains = study.space.domains
    lowest = dict.fromkeys(domains, 0.5) if bottom is None else bottom
    unit_TxD = points(len(domains), study.seed, count)
    units = [dict(zip(domains, unit_D, strict=True)) for unit_D in unit_TxD.tolist()]
    height_T = [sum((unit[name] - lowest[name]) ** 2 for name in lowest) for unit in units]
    rank_T = np.argsort(np.argsort(height_T, kind="stable"))
    places = [Place(begin + k, int(rank_T[k]), height_T[k], unit) for k, unit in enumerate(units)]
    return [record_at(study, place, curves(place)) for place in places]


def record_at(study: Study, place: Place, curves: Mapping[str, Floats] | None) -> Record:
    """A completed trial with these curves, infeasible with `nan` where it has none."""
    setting = study.space.setting([place.unit[name] for name in study.space.domains])
    if curves is None:
        return record(study, place.trial, None, setting)
    rows = [
        (step, code, value)
        for code, values_E in enumerate(curves.values())
        for step, value in zip(
            evaluation_steps(study.max_steps, len(values_E)), values_E, strict=True
        )
    ]
    plain = record(study, place.trial, 0.0, setting)
    return replace(
        plain, points=Points(np.array(rows, dtype=POINT), tuple(curves)), steps=study.max_steps
    )


def round_of(
    question: Experiment,
    curves: Curves = one_value,
    *,
    count: int = 20,
    bottom: Units | None = None,
) -> Context:
    """A round of one study with these curves."""
    (study,) = studies(question)
    return context_of(question, trained(study, curves, count=count, bottom=bottom))


def by_value(*values: Sequence[float | None], question: Experiment) -> Context:
    """A round in which the trials of each study have these values, all over its space."""
    records: list[Record] = []
    for study, of_study in zip(studies(question), values, strict=True):
        unit_TxD = points(study.space.dimensions, study.seed, len(of_study))
        for unit_D, value in zip(unit_TxD.tolist(), of_study, strict=True):
            records.append(record(study, len(records), value, study.space.setting(unit_D)))
    return context_of(question, records)


# --- nothing is wrong


def healthy(question: Experiment) -> Context:
    def curves(place: Place) -> Mapping[str, Floats]:
        return {**course(place, FALLS_E), "grad_norm": NORMS_P}

    return round_of(question, curves)


def dense(question: Experiment, *, count: int = 40) -> Context:
    return round_of(question, count=count)


# --- optimization


def breaks_early(question: Experiment, *, bottom: Units | None = None) -> Context:
    """The best trial is good at its very first evaluation and diverges at once."""
    falls_E = np.exp(-8.0 * (np.arange(200) + 1) / 200)
    collapses_E = np.where(np.arange(200) < 1, 0.0, 3.0)

    def curves(place: Place) -> Mapping[str, Floats]:
        if place.is_best:
            return course(place, collapses_E, 0.01)
        return course(place, 0.3 + falls_E, 0.005)

    return round_of(question, curves, bottom=bottom)


def breaks_later(question: Experiment, *, rank: int = 0, norms: Floats = NORMS_P) -> Context:
    """The best trial, or that of another rank, loses all it gained in mid-training for a while."""
    bump_E = 0.5 * ((SHARE_E > 0.5) & (SHARE_E <= 0.6))

    def curves(place: Place) -> Mapping[str, Floats]:
        lost_E = bump_E if place.rank == rank else 0.0 * bump_E
        return {**course(place, FALLS_E + lost_E), "grad_norm": norms}

    return round_of(question, curves)


def break_together(question: Experiment) -> Context:
    """Every trial loses all it gained at one share of the steps, for a while."""
    bump_E = 0.5 * ((SHARE_E > 0.5) & (SHARE_E <= 0.6))

    def curves(place: Place) -> Mapping[str, Floats]:
        return {**course(place, FALLS_E + bump_E), "grad_norm": NORMS_P}

    return round_of(question, curves)


def another_breaks_early(question: Experiment) -> Context:
    """The worst trial diverges where it begins."""

    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if place.rank == 19 else course(place, FALLS_E)

    return round_of(question, curves)


def never_learns(question: Experiment) -> Context:
    """The best trial stays at the start, but for one value where its training loss is lost."""

    def curves(place: Place) -> Mapping[str, Floats]:
        if not place.is_best:
            return course(place, 0.5 + FALLS_E)
        flat = course(place, np.full(50, 1.5), 0.01)
        flat[METRIC][30], flat["train/loss"][30] = 0.01, np.nan
        return flat

    return round_of(question, curves)


def learns_nothing_above(question: Experiment, *, unit: float = 0.6) -> Context:
    """Trials beyond this place on the learning rate's axis stay where they begin."""

    def curves(place: Place) -> Mapping[str, Floats]:
        if place.unit["learning_rate"] > unit:
            return course(place, np.full(50, 1.5), 0.01)
        return course(place, FALLS_E)

    return round_of(question, curves, count=40, bottom={"learning_rate": unit / 2, "share": 0.5})


def spikes(question: Experiment) -> Context:
    """The gradient norms of the best trial jump now and then."""
    spiky_P = NORMS_P * np.where(np.arange(100) % 40 == 7, 40.0, 1.0)

    def curves(place: Place) -> Mapping[str, Floats]:
        return {**course(place, FALLS_E), "grad_norm": spiky_P if place.is_best else NORMS_P}

    return round_of(question, curves)


def rate_held_down(question: Experiment) -> Context:
    """Training diverges just above the best learning rate."""

    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if place.unit["learning_rate"] > 0.76 else course(place, FALLS_E)

    return round_of(question, curves, count=30, bottom={"learning_rate": 0.7, "share": 0.5})


# --- the space


def edge(question: Experiment, *, count: int = 20) -> Context:
    """The best learning rates lie below the space."""
    return round_of(question, count=count, bottom=low_rate(question))


def low_rate(question: Experiment) -> Units:
    (study,) = studies(question)
    return {name: LOW.get(name, 0.5) for name in study.space.domains}


def cliff(question: Experiment, *, count: int = 40) -> Context:
    """Training diverges from 60 % of the learning rate's axis on."""
    (study,) = studies(question)
    return context_of(question, broken_above(study, 0.6, count=count))


def broken_above(study: Study, unit: float, *, count: int = 40) -> list[Record]:
    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if place.unit["learning_rate"] > unit else one_value(place)

    bottom = {**dict.fromkeys(study.space.domains, 0.5), "learning_rate": 0.5 * unit}
    return trained(study, curves, count=count, bottom=bottom)


def breaks_anywhere(question: Experiment, *, count: int = 40, reason: str = "nan") -> Context:
    """Training breaks in two of five trials of every study, wherever they lie."""
    lost_T = np.random.default_rng(0).random(40) < 0.4

    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if lost_T[place.trial % 40] else one_value(place)

    records: list[Record] = []
    for study in studies(question):
        records += trained(study, curves, count=count, begin=len(records))
    broken = [replace(one, reason=one.reason and reason) for one in records]
    return context_of(question, broken)


def breaks_at_a_value(question: Experiment, *, above: float = 2 / 3) -> Context:
    """Training diverges at the last value of `activation`."""

    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if place.unit["activation"] > above else one_value(place)

    return round_of(question, curves, count=40)


def few_break(question: Experiment) -> Context:
    """Training diverges from 80 % of the learning rate's axis on, which few trials reach."""
    (study,) = studies(question)
    return context_of(question, broken_above(study, 0.8))


def cliff_with_beyond(beyond: int) -> Context:
    """Most trials diverge from 60 % on, and so many beyond the last one that trains."""
    question = experiment(nuisance={"learning_rate": RATE})
    (study,) = studies(question)
    trains = [*((k + 0.5) / 20 for k in range(10)), 0.75]
    diverges = [0.6, 0.65, 0.7, *(0.8 + 0.03 * k for k in range(beyond))]
    values = [*(0.1 + 0.01 * abs(k - 5) for k in range(11)), *[None] * len(diverges)]
    return context_of(
        question,
        [
            record(study, k, value, study.space.setting([unit]))
            for k, (unit, value) in enumerate(zip([*trains, *diverges], values, strict=True))
        ],
    )


# --- regularization


def overfits(question: Experiment, *, count: int = 20) -> Context:
    """The validation loss of every study's best trial turns up while the training loss falls."""
    records: list[Record] = []
    for study in studies(question):
        records += trained(study, overfitting, count=count, begin=len(records))
    return context_of(question, records)


def overfitting(place: Place) -> Mapping[str, Floats]:
    curves = course(place, FALLS_E, 0.003)
    return {**curves, "valid/loss": curves["valid/loss"] + 0.2 * SHARE_E * place.is_best}


def best_trains_least(question: Experiment) -> Context:
    """All but the best trial overfit, and that one was ended by the time limit."""
    (study,) = studies(question)

    def curves(place: Place) -> Mapping[str, Floats]:
        plain = course(place, 0.1 * (not place.is_best) + FALLS_E, 0.003)
        rise_E = 0.2 * SHARE_E * (not place.is_best)
        return {**plain, "valid/loss": plain["valid/loss"] + rise_E}

    records = trained(study, curves)
    best = min(records, key=lambda record: record.series(METRIC).values_P.min())
    return context_of(question, [cut_short(one) if one == best else one for one in records])


def cut_short(record: Record) -> Record:
    steps = record.steps // 2
    rows_P = record.points.rows_P
    seen = Points(rows_P[rows_P["step"] < steps], record.points.metrics)
    return replace(record, points=seen, steps=steps, status="stopped", reason="time_limit")


# --- the length of training


def improves_late(question: Experiment) -> Context:
    """Every trial improves to its end."""
    return round_of(question, lambda place: course(place, STRAIGHT_E))


def only_best_improves(question: Experiment) -> Context:
    """The best trial improves to its end, the others stopped long before."""

    def curves(place: Place) -> Mapping[str, Floats]:
        return course(place, STRAIGHT_E if place.is_best else 0.6 + STOPS_E)

    return round_of(question, curves)


def improves_in_noise(question: Experiment) -> Context:
    """Every trial improves to its end, the best one within its noise."""

    def curves(place: Place) -> Mapping[str, Floats]:
        sd = 0.1 if place.is_best else 0.002
        return {METRIC: place.height + STRAIGHT_E + sd * noise(place.rank)}

    return round_of(question, curves)


def others_improve(question: Experiment) -> Context:
    """Every trial improves to its end but the best, which stopped long before."""

    def curves(place: Place) -> Mapping[str, Floats]:
        return course(place, 0.2 + STOPS_E if place.is_best else 0.5 + STRAIGHT_E)

    return round_of(question, curves)


def improves_little(question: Experiment) -> Context:
    """Every trial improves to its end, the best one by little beside what sets it apart."""

    def curves(place: Place) -> Mapping[str, Floats]:
        if place.is_best:
            return course(place, 0.9 + 0.1 * STRAIGHT_E, 0.0002)
        return course(place, 1.1 + STRAIGHT_E)

    return round_of(question, curves)


def best_steps_early(question: Experiment) -> Context:
    """Every trial is best at its first evaluation, with which training begins."""
    return round_of(
        question, lambda place: {METRIC: place.height + np.where(np.arange(100) < 1, 0.1, 0.5)}
    )


def lowest_late_by_luck(question: Experiment) -> Context:
    """Every trial reaches its level at once, and its lowest value, by luck, late."""
    level_E = 0.5 + 0.01 * np.clip(noise(8), -1.0, 1.0) + 0.5 * (np.arange(50) < 2)
    level_E[35] = 0.488
    return round_of(question, lambda place: {METRIC: place.height + level_E})


def saturates(question: Experiment, *, share: float = 0.2) -> Context:
    """The trials of the first study stand at their final level from this share of the steps on."""
    first, *others = studies(question)
    reached_E = np.maximum(0.0, 1.0 - SHARE_E / share)
    records = trained(first, lambda place: course(place, reached_E, 0.0005))
    for study in others:
        records += trained(study, lambda place: course(place, FALLS_E), begin=len(records))
    return context_of(question, records)


# --- the metric


def jumps(question: Experiment) -> Context:
    """The metric jumps by more than the best two trials differ."""

    def curves(place: Place) -> Mapping[str, Floats]:
        return {METRIC: 0.1 * place.height + FALLS_E + 0.02 * noise(place.trial)}

    return round_of(question, curves)


def jumps_between_studies(question: Experiment) -> Context:
    """The metric of one study's trials jumps by more than the best of the two studies differ."""
    first, second = studies(question)

    def jumpy(place: Place) -> Mapping[str, Floats]:
        return {METRIC: 0.1 * place.height + STOPS_E + 0.02 * noise(place.trial)}

    def calm(place: Place) -> Mapping[str, Floats]:
        return {METRIC: place.height - 0.06 + STOPS_E}

    return context_of(question, [*trained(first, jumpy), *trained(second, calm, begin=20)])


# --- how densely it was searched


def sparse(question: Experiment, *, count: int = 12) -> Context:
    """Fewer trials than the axes ask for."""
    return round_of(question, count=count)


# --- what matters


def only_rate_matters(question: Experiment, *, bottom: float = 0.5) -> Context:
    return round_of(question, count=40, bottom={"learning_rate": bottom})


def only_rate_matters_and_breaks(question: Experiment) -> Context:
    def curves(place: Place) -> Mapping[str, Floats] | None:
        return None if place.unit["learning_rate"] > 0.6 else one_value(place)

    return round_of(question, curves, count=40, bottom={"learning_rate": 0.3})


def nothing_matters(question: Experiment) -> Context:
    return by_value(np.random.default_rng(0).random(300).tolist(), question=question)


# --- several studies


def valleys(question: Experiment, heights: Sequence[float]) -> Context:
    """Valleys of these heights, one a study, their lowest points in the middle of the space."""
    records: list[Record] = []
    for study, height in zip(studies(question), heights, strict=True):

        def raised(place: Place, height: float = height) -> Mapping[str, Floats]:
            return {METRIC: np.array([height + place.height])}

        records += trained(study, raised, begin=len(records))
    return context_of(question, records)


def with_bottoms(question: Experiment, *bottoms: Units) -> Context:
    """Valleys of one height, one a study, whose lowest points lie here."""
    records: list[Record] = []
    for study, bottom in zip(studies(question), bottoms, strict=True):
        records += trained(study, bottom=bottom, begin=len(records))
    return context_of(question, records)


# --- everything is wrong


def everything_is_wrong(question: Experiment, *, count: int = 30) -> Context:
    """Training diverges just above the best rate, the best trial overfits, and all improve late."""

    def curves(place: Place) -> Mapping[str, Floats] | None:
        if place.unit["learning_rate"] > 0.76:
            return None
        rise_E = FALLS_E - STRAIGHT_E + 0.2 * SHARE_E * place.is_best
        plain = course(place, STRAIGHT_E, 0.003)
        return {**plain, "valid/loss": plain["valid/loss"] + rise_E}

    return round_of(question, curves, count=count, bottom={"learning_rate": 0.7, "share": 0.5})

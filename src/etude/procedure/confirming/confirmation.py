"""Confirmation: the best settings that are known, each trained again with seeds of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

from ...advise.adoption import Candidate, candidates
from ...analyze.comparison import Comparison, comparison
from ...analyze.comparison.comparison import Side, side
from ...analyze.comparison.shared_level import decides_among
from ...analyze.statistics.shrinkage import Shrinkage, shrinkage
from ...experiment import Experiment
from ...experiment.methods import SEARCHES
from ...experiment.objective import Objective
from ...record import Record, Records
from ..base import Known, Setting

# The round that trains the best again.
CONFIRM = "confirm"
# What makes the values of two rounds comparable; all else of a trial stands in its setting.
_JUDGED_BY = ("metric", "maximize", "max_steps", "diverged_above", "train")


@final
@dataclass(frozen=True, kw_only=True)
class KnownSetting:
    """A setting with what its trainings gave when it was searched.

    Args:
        experiment: The round of its best training.
        trial: That training.
        best: Its value, the luckiest of the setting.
        loss: The mean of its trainings, lower is better.
        explored: Whether no result led to it, so that it is the exploration's own.
    """

    setting: Setting
    experiment: str
    trial: int
    best: float
    loss: float
    explored: bool

    @property
    def name(self) -> str:
        """As commands take it."""
        return f"{self.experiment}:{self.trial}"


@final
@dataclass(frozen=True, kw_only=True)
class ConfirmedSetting:
    """A setting that was trained again.

    Args:
        known: What it was chosen by.
        trial: The first of its new trainings.
        trainings: These, without the one that it was chosen by.
        expected: What another training of it is expected to give (empirical Bayes); None where
            that is not known.
        copies: Whether the trainings are one, whatever their seed.
    """

    known: KnownSetting
    trial: int
    trainings: Side
    expected: float | None
    copies: bool


@final
@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The settings that were trained again, the best mean first; those that failed last.

    Args:
        shrinkage: How much of their difference is luck; None where their noise is not known.
        against_runner_up: The winner against the next of them; None where it is alone.
        against_explored: The winner against the best setting of the exploration; None where it is
            that itself, or it was not trained again.
        compared: How many others the winner was picked from.
    """

    objective: Objective
    settings: tuple[ConfirmedSetting, ...]
    shrinkage: Shrinkage | None
    against_runner_up: Comparison | None
    against_explored: Comparison | None
    compared: int

    @property
    def winner(self) -> ConfirmedSetting:
        """The setting with the best mean."""
        return self.settings[0]

    @property
    def flattery(self) -> float:
        """By how much the winner's luckiest training was better than the mean of its new ones."""
        return self.objective.gain(self.winner.known.best - self.winner.trainings.mean)

    @property
    def was_best(self) -> bool:
        """Whether the winner was the exploration's best before it was trained again."""
        explored = [one.known.loss for one in self.settings if one.known.explored]
        return self.winner.known.explored and self.winner.known.loss <= min(explored)

    def holds(self, result: Comparison) -> bool:
        """Whether the winner is better beyond noise, although it was picked as the best of several.

        Each of the others is one more chance to be wrong, so the level is shared by all of them
        (Bonferroni): with 3 equal settings, 2 in 100 confirmations call one better.
        """
        return result.answer == "better" and decides_among(result, self.compared)


def known_settings(known: Known) -> list[KnownSetting]:
    """Every setting that was trained to its end in rounds judged alike, the best mean first.

    Those of the exploration, of the rounds that led to it where they held the same values fixed,
    and of the search.

    Source: R1, A1.
    """
    if known.tried is None:
        return []
    search = known.round("search")
    rounds = [*known.tried.before, (known.tried.experiment, known.tried.records)]
    rounds += [(search.experiment, search.records)] if search else []
    objective = known.base.objective
    groups: dict[tuple[tuple[str, object], ...], list[tuple[float, Experiment, Record]]] = {}
    for experiment, records in rounds:
        if all(getattr(experiment, key) == getattr(known.base, key) for key in _JUDGED_BY):
            for loss, record in _whole(experiment, records, known):
                key = tuple(sorted(record.setting.items()))
                groups.setdefault(key, []).append((loss, experiment, record))
    settings = [_known_setting(group, objective) for group in groups.values()]
    return sorted(settings, key=lambda one: one.loss)


def _whole(
    experiment: Experiment, records: Records, known: Known
) -> Iterator[tuple[float, Record]]:
    """The trials that trained to their end alone, with the fixed values of the user's file."""
    objective = experiment.objective
    fixed = known.tried.studies[0].fixed if known.tried else {}
    for record in records:
        best = record.best(objective.metric, maximize=objective.maximize)
        is_whole = record.status == "completed" and record.parent is None
        same_names = record.setting.keys() == known.setting.keys()
        if best and is_whole and same_names and fixed.items() <= record.setting.items():
            yield objective.loss(best.value), record


def _known_setting(
    group: Sequence[tuple[float, Experiment, Record]], objective: Objective
) -> KnownSetting:
    loss, experiment, record = min(group, key=lambda one: one[0])
    return KnownSetting(
        setting=dict(record.setting),
        experiment=experiment.name,
        trial=record.id,
        best=objective.value(loss),
        loss=fmean(loss for loss, _, _ in group),
        explored=any(not SEARCHES[one.search].adaptive for _, one, _ in group),
    )


def chosen(settings: Sequence[KnownSetting], count: int) -> list[KnownSetting]:
    """The settings that are trained again: the best, and the exploration's best among them.

    Source: A2, A4.
    """
    best = list(settings[:count])
    explored = next((one for one in settings if one.explored), None)
    if explored is not None and explored not in best and count > 1:
        best[-1] = explored
    return best


def confirmation(known: Known) -> Confirmation | None:
    """The settings that were trained again; None where none was, or none has a value.

    Source: A1, A2, A4.
    """
    ordered = _trained_again(known)
    values = [_finite(candidate) for _, candidate in ordered]
    if not ordered or not values[0]:
        return None
    estimate = shrinkage([group for group in values if group])
    expected = iter(estimate.expected if estimate else ())
    settings = tuple(
        ConfirmedSetting(
            known=setting,
            trial=candidate.trial,
            trainings=side(setting.name, candidate.trainings.values),
            expected=next(expected, None) if group else None,
            copies=candidate.trainings.copies,
        )
        for (setting, candidate), group in zip(ordered, values, strict=True)
    )
    (winner, _), *others = [(candidate, setting) for setting, candidate in ordered]
    against = [_against(other, winner, known.base.objective) for other, _ in others]
    explored = next((at for at, one in enumerate(settings) if one.known.explored), 0)
    return Confirmation(
        objective=known.base.objective,
        settings=settings,
        shrinkage=estimate,
        against_runner_up=against[0] if against else None,
        against_explored=against[explored - 1] if explored else None,
        compared=len(others),
    )


def _trained_again(known: Known) -> list[tuple[KnownSetting, Candidate]]:
    """The settings with their new trainings, the best mean first, those that failed last."""
    played = known.round(CONFIRM)
    if played is None:
        return []
    objective = known.base.objective
    of = {tuple(sorted(one.setting.items())): one for one in known_settings(known)}
    trained = [
        (of[key], candidate)
        for candidate in candidates(played.analysis)
        if (key := tuple(sorted(candidate.setting.items()))) in of
    ]
    return sorted(trained, key=lambda pair: _order(pair[1], objective))


def _against(other: Candidate, winner: Candidate, objective: Objective) -> Comparison:
    return comparison(
        other.trainings, winner.trainings, metric=objective.metric, maximize=objective.maximize
    )


def _finite(candidate: Candidate) -> list[float]:
    return [value for value in candidate.trainings.values if math.isfinite(value)]


def _order(candidate: Candidate, objective: Objective) -> tuple[int, float, int]:
    """Fewer failures first, of equals the better mean."""
    values = _finite(candidate)
    failed = len(candidate.trainings.values) - len(values)
    mean = objective.loss(fmean(values)) if values else math.inf
    return failed, mean, candidate.trial

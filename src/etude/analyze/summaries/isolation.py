"""Isolation plot: the best trial of each study beside those of the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from scipy.special import stdtrit

from ...space import Scalar
from ...study import Study
from ..checks.sampling_luck import luck_of
from ..checks.trial_noise import Repeated, TrialNoise, trial_noise
from ..views.outcomes import Outcome, ranked

# Whose repeated settings the trial noise is that of.
Whose: TypeAlias = Literal["setting", "study", "others"]


@final
@dataclass(frozen=True, kw_only=True)
class Retrained:
    """The interval of the metric of the best setting over 95 % of trainings with another seed.

    Args:
        sd: Of one training.
        degrees: Of freedom that `sd` rests on.
        trainings: The feasible ones of the best setting; below two the middle is the best value
            itself, which was picked for its luck, so another training tends to be worse.
        whose: Whether `sd` is that of the best setting, of its study's, or of another study's.
    """

    low: float
    high: float
    sd: float
    degrees: int
    trainings: int
    whose: Whose


@final
@dataclass(frozen=True, kw_only=True)
class StudyBest:
    """The best trial of one study.

    Args:
        trial: Its id; None (as `value`, `step`, `low`, `high`) where no trial is feasible.
        low: With `high`, where the best of nine in ten such studies lies, `low <= high`. None at
            an end where these hold no feasible trial, and at both where too few trials have ended.
        two_sided: Whether the better end says anything (`sampling_luck.Budget`).
        values: The best value of every feasible trial, by trial id.
        without_value: The ids of the ended trials that have none that counts.
        retrained: The noise of a trial, where some setting was trained more than once.
    """

    study: str
    scientific: Mapping[str, Scalar]
    trial: int | None
    value: float | None
    step: int | None
    low: float | None
    high: float | None
    ended: int
    feasible: int
    infeasible: int
    values: Mapping[int, float]
    retrained: Retrained | None = None
    without_value: tuple[int, ...] = ()
    two_sided: bool = True


@final
@dataclass(frozen=True, kw_only=True)
class Isolation:
    """The best trial of each study, in the studies' order."""

    metric: str
    maximize: bool
    studies: tuple[StudyBest, ...]


def isolation(compared: Sequence[tuple[Study, Sequence[Outcome]]]) -> Isolation:
    """The objective of the best trial over the nuisance hyperparameters, by scientific setting.

    `compared` are the studies with their outcomes.

    A study in which no setting was trained twice borrows the trial noise of those where some was.

    Source: C12, Q10, A1, A2.
    """
    noises = [trial_noise(study, ended) for study, ended in compared]
    return Isolation(
        metric=compared[0][0].metric if compared else "",
        maximize=bool(compared) and compared[0][0].maximize,
        studies=tuple(
            study_best(study, ended, _own_first(place, noises))
            for place, (study, ended) in enumerate(compared)
        ),
    )


def study_best(
    study: Study, ended: Sequence[Outcome], noises: Sequence[TrialNoise] = ()
) -> StudyBest:
    """The best trial of one study with the luck of its search and the noise of a trial.

    `noises` are those of the study itself and then of others.

    Source: C12, Q10, A2.
    """
    best_first = ranked(ended)
    best = best_first[0] if best_first else None
    whole = luck_of(study, ended)
    return StudyBest(
        study=study.name,
        scientific=study.scientific,
        trial=best.trial if best else None,
        value=best.value if best else None,
        step=best.step if best else None,
        low=whole.low if whole else None,
        high=whole.high if whole else None,
        two_sided=whole.two_sided if whole else True,
        ended=len(ended),
        feasible=len(best_first),
        infeasible=len(ended) - len(best_first),
        values={outcome.trial: outcome.value for outcome in ended if outcome.value is not None},
        retrained=_retrained(best, noises) if best else None,
        without_value=tuple(outcome.trial for outcome in ended if outcome.value is None),
    )


def _own_first(place: int, noises: Sequence[TrialNoise]) -> list[TrialNoise]:
    """The trial noise of a study itself, then those of the others."""
    return [noises[place], *noises[:place], *noises[place + 1 :]]


def _retrained(best: Outcome, noises: Sequence[TrialNoise]) -> Retrained | None:
    """A Student interval for one more training, around the mean of those of the best setting."""
    if best.value is None or not noises:
        return None
    own, *others = noises
    setting = own.of(best.trial)
    noise = _noise(setting, own, others)
    if noise is None:
        return None
    sd, degrees, whose = noise
    trainings = max(1, setting.feasible) if setting else 1
    middle = setting.mean if setting and setting.feasible > 1 else best.value
    reach = float(stdtrit(degrees, 0.975)) * sd * math.sqrt(1 + 1 / trainings)
    return Retrained(
        low=middle - reach,
        high=middle + reach,
        sd=sd,
        degrees=degrees,
        trainings=trainings,
        whose=whose,
    )


def _noise(
    setting: Repeated | None,
    own: TrialNoise,
    others: Sequence[TrialNoise],
    *,
    # A2 as the playbook numbers it: five trainings tell the noise of a setting by themselves.
    min_trainings: int = 5,
    # Heuristic: an interval from fewer is wider than three times what it estimates.
    min_degrees: int = 3,
) -> tuple[float, int, Whose] | None:
    """The sd of a training, its degrees of freedom and whose it is; None where none is known."""
    if own.copies:  # a seed that changes nothing says nothing of luck
        return None
    if setting and setting.feasible >= min_trainings and not setting.copies:
        return setting.sd, setting.feasible - 1, "setting"
    if own.degrees >= min_degrees:
        return own.sd, own.degrees, "study"
    degrees = sum(other.degrees for other in others if other.known)
    if degrees < min_degrees:
        return None
    squares = sum(other.degrees * other.sd**2 for other in others if other.known)
    return math.sqrt(squares / degrees), degrees, "others"

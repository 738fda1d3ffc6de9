"""Whether training learned anything: the best of a study against what chance reaches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from scipy.special import ndtr, stdtrit

from ...finding import UNASKED, Finding, Severity
from ...study import Study
from ...wording import number, plural, quantity, sentence_case, study_text
from ..thresholds import ChanceThresholds
from ..views.aligned import noise_of
from ..views.curves import TrialCurves
from ..views.evaluation_data import evaluation_data, validation_examples
from ..views.outcomes import ranked
from ..views.rates import in_percent, standard_error
from .trial_noise import TrialNoise, trial_noise

SHIPPED = ChanceThresholds()

# What the noise of a value is known by: trainings of one setting with other seeds, the examples
# behind a rate, or how a metric jumps from evaluation to evaluation.
Basis: TypeAlias = Literal["", "retrainings", "examples", "jumps"]


@final
@dataclass(frozen=True, kw_only=True)
class Margin:
    """One value against chance.

    Args:
        value: In the metric's unit.
        trials: Those it rests on.
        gain: By how much it is better than chance; negative where it is worse.
        needed: So much better than chance is clear.
        of: Values that it is the best of; 0 for a mean.
    """

    value: float
    trials: tuple[int, ...]
    gain: float
    needed: float
    of: int = 0

    @property
    def clear(self) -> bool:
        """Whether it is clearly better than chance."""
        return self.gain > self.needed


@final
@dataclass(frozen=True, kw_only=True)
class Chance:
    """Whether a study is better than chance.

    Args:
        chance: As declared; None where it is not.
        why: One word for why that is open; empty where it is not.
        margin: The value that is held against chance, the clearest one; None without a value.
        basis: What its noise is known by.
        sd: That noise, one standard deviation; None where it is not known.
        ended: How many trials have ended.
        examples: Behind a value of the metric, where that is known.
    """

    study: str
    metric: str
    status: Severity
    chance: float | None
    why: str = ""
    margin: Margin | None = None
    basis: Basis = ""
    sd: float | None = None
    ended: int = 0
    examples: int | None = None


def chance(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: ChanceThresholds = SHIPPED
) -> Chance:
    """The best of a study against declared chance, by two standard deviations of a retraining.

    Where no setting was trained again, the noise is that of the examples behind a rate, else of the
    late jumps of the metric; the best of K values is then held against what the best of K would
    reach by that noise alone, sqrt(2 log K) deviations more.

    Source: S11, A1.
    """
    records = [trial.record for trial in curves]
    examples = validation_examples([study], evaluation_data(records))
    study = replace(study, validation_examples=examples)
    level = study.chance
    best = ranked([trial.outcome for trial in curves])
    if level is None or not best:
        why = UNASKED if level is None else "no_value"
        return _open(study, curves, why)
    noise = trial_noise(study, [trial.outcome for trial in curves])
    basis, sd, factor = _noise(study, curves, noise, thresholds)
    repeated = noise if basis == "retrainings" else None
    margins = list(_margins(study, curves, repeated, sd=sd, factor=factor))
    margin = max(margins, key=lambda one: (one.gain - one.needed, one.gain))
    trained_enough = noise.degrees >= thresholds.min_degrees
    status, why = _judged(study, curves, margins, thresholds, basis, trained_enough=trained_enough)
    if basis == "jumps" and status == "ok" and margin.gain < thresholds.min_share * abs(level):
        status, why = "unclear", "noise"
    return Chance(
        study=study.name,
        metric=study.metric,
        status=status,
        chance=level,
        why=why,
        margin=margin,
        basis=basis,
        sd=sd if basis else None,
        ended=len(curves),
        examples=study.validation_examples,
    )


def _open(study: Study, curves: Sequence[TrialCurves], why: str) -> Chance:
    return Chance(
        study=study.name,
        metric=study.metric,
        status="unclear",
        chance=study.chance,
        why=why,
        ended=len(curves),
    )


def _noise(
    study: Study, curves: Sequence[TrialCurves], noise: TrialNoise, thresholds: ChanceThresholds
) -> tuple[Basis, float, float]:
    """What the noise is known by, one standard deviation of it, and how many of them are needed."""
    level = study.chance or 0.0
    examples = study.validation_examples
    percent = in_percent(study.metric, [one.outcome for one in curves])
    sampling = standard_error(study.objective, level, examples, percent=percent)
    if noise.known and (noise.sd > 0.0 or sampling):
        # As many as leave as little to luck as two of a deviation that is known exactly.
        factor = float(stdtrit(noise.degrees, ndtr(thresholds.deviations)))
        return "retrainings", math.hypot(noise.sd, sampling or 0.0), factor
    if sampling:
        return "examples", sampling, thresholds.deviations
    best = ranked([trial.outcome for trial in curves])[0].trial
    (values_P,) = (trial.usable_objective.values_P for trial in curves if trial.id == best)
    if len(values_P) < thresholds.min_evaluations:
        return "", 0.0, thresholds.deviations
    return "jumps", float(noise_of(values_P)), thresholds.deviations


def _margins(
    study: Study,
    curves: Sequence[TrialCurves],
    noise: TrialNoise | None,
    *,
    sd: float,
    factor: float,
) -> Iterator[Margin]:
    """The best single value, and the best mean of a setting that was trained again."""
    level, objective = study.chance or 0.0, study.objective
    best = ranked([trial.outcome for trial in curves])[0]
    values = sum(len(trial.usable_objective) for trial in curves if trial.outcome.feasible)
    luck = math.sqrt(2.0 * math.log(max(1, values)))
    assert best.value is not None, "A ranked trial has a value. This is a bug."
    yield Margin(
        value=best.value,
        trials=(best.trial,),
        gain=objective.gain(best.value - level),
        needed=sd * (factor + luck),
        of=values,
    )
    for setting in noise.repeated if noise else ():
        if setting.feasible > 1 and not setting.copies:
            gain = objective.gain(setting.mean - level)
            mean, trials = setting.mean, setting.trials
            yield Margin(value=mean, trials=trials, gain=gain, needed=sd * factor)


def _judged(
    study: Study,
    curves: Sequence[TrialCurves],
    margins: Sequence[Margin],
    thresholds: ChanceThresholds,
    basis: Basis,
    *,
    trained_enough: bool,
) -> tuple[Severity, str]:
    """The status, and why it is open."""
    if basis and any(margin.clear for margin in margins):
        return "ok", ""
    # Of a round that has just begun the first trials may be its worst.
    if len(curves) < min(thresholds.min_trials, study.max_trials):
        return "unclear", "few_trials"
    if all(margin.gain <= 0.0 for margin in margins):
        return "problem", ""
    if basis == "retrainings" and trained_enough:
        return "problem", ""
    return "unclear", "noise" if basis else "unknown"


def findings(result: Chance) -> list[Finding]:
    """One finding a study; where chance is not declared, for programs alone.

    Source: S11.
    """
    margin = result.margin
    headline, message, advice = _said(result)
    return [
        Finding(
            rule="S11",
            check="chance",
            status=result.status,
            subject={"study": result.study},
            headline=headline,
            message=message,
            evidence={
                "trials": [] if margin is None else list(margin.trials),
                "chance": result.chance,
                "value": None if margin is None else margin.value,
                "gain": None if margin is None else margin.gain,
                "needed": None if margin is None or not result.basis else margin.needed,
                "noise": result.sd,
                "basis": result.basis or None,
                "ended": result.ended,
            },
            advice=advice,
            kind=result.why,
        )
    ]


def _said(result: Chance) -> tuple[str, str, str]:
    """Headline, message and advice."""
    study = study_text(result.study)
    if result.why == UNASKED:
        headline = f"What chance reaches in {study} is not declared"
        message = f"{headline}, so whether its trials are better is not judged."
        return headline, message, "Set `chance` in [experiment]: 0.9 for an error of ten classes."
    level = number(result.chance)
    if result.margin is None:
        headline = f"No trial of {study} has a value to hold against chance, {level}"
        return headline, f"{headline}.", ""
    if result.status == "ok":
        headline = f"{sentence_case(study)} is clearly better than chance, {level}"
        return headline, f"{_against(result)}.", ""
    if result.status == "problem":
        return _at_chance(result)
    reasons = {
        "few_trials": f"{quantity(result.ended, 'trial')} ended",
        "noise": "noise may be all of it",
        "unknown": "its noise is not known",
    }
    headline = f"Whether {study} is better than chance is open: {reasons[result.why]}"
    advice = "Train the best setting again with 5 seeds."
    if result.why == "few_trials":
        advice = "Let more trials end."
    return headline, f"{_against(result)}.", advice


def _at_chance(result: Chance) -> tuple[str, str, str]:
    study, level = study_text(result.study), number(result.chance)
    headline = f"No trial of {study} is better than chance, {level}"
    if result.margin is not None and result.margin.gain > 0.0:
        headline = f"Trained again, {study} is not clearly better than chance, {level}"
    advice = "Find a setting that learns before anything is tuned: look at labels, loss and rate."
    return headline, f"{_against(result)}.", advice


def _against(result: Chance) -> str:
    """The value, chance, how far apart they are, and how far they should be."""
    margin = result.margin
    assert margin is not None, "A sentence about a value has one. This is a bug."
    what = "The best" if margin.of else "The best mean"
    word = "better" if margin.gain > 0.0 else "worse"
    gap = number(abs(margin.gain), 2)
    text = (
        f"{what} {result.metric} of {study_text(result.study)} is {number(margin.value)}, "
        f"{gap} {word} than chance, {number(result.chance)}"
    )
    if not margin.gain:
        text = f"{what} {result.metric} of {study_text(result.study)} is that of chance"
    return f"{text}; {_needed(result, margin)}"


def _needed(result: Chance, margin: Margin) -> str:
    if not result.basis:
        return "how much of that is noise is not known"
    by = {
        "retrainings": "by its retrainings",
        "examples": f"on {plural(result.examples or 0, 'example')}",
        "jumps": "by how it jumps",
    }[result.basis]
    luck = f", for the best of {plural(margin.of, 'value')}" if margin.of else ""
    return f"{number(margin.needed, 2)} is clear {by}{luck}"

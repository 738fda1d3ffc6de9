"""How much a trial varies by chance: settings that were trained more than once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

from ...finding import Finding, Severity
from ...study import Study
from ...wording import number, plural, study_text
from ..views.outcomes import Outcome, only_seeds
from ..views.repeats import COPIES_ADVICE, are_copies, copies_text, repeats


@final
@dataclass(frozen=True, kw_only=True)
class Repeated:
    """One setting that was trained more than once.

    Args:
        trials: Every ended training of it, by id.
        mean: Of the feasible ones, in the metric's unit; NaN without any.
        sd: Their standard deviation; NaN below two.
        feasible: How many have a value.
        copies: Whether all logged the same values, bit for bit, with seeds of their own.
    """

    trials: tuple[int, ...]
    mean: float
    sd: float
    feasible: int
    copies: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class TrialNoise:
    """The retraining noise of a study.

    Args:
        sd: Of the metric between trainings of one setting, pooled over the repeated settings; NaN
            where none has two values.
        degrees: Of freedom that `sd` rests on: values less settings.
        repeated: The settings trained more than once, in the order of their first trial.
        retrained: Ended trials of these settings.
        infeasible: Those of them that are infeasible.
        only_seeds: Whether nothing else varies, so that its answer rests on them alone.
    """

    study: str
    metric: str
    sd: float
    degrees: int
    repeated: tuple[Repeated, ...]
    retrained: int
    infeasible: int
    only_seeds: bool = False

    @property
    def known(self) -> bool:
        """Whether some setting has two values or more, that no copies are."""
        return self.degrees > 0 and not self.copies

    @property
    def copies(self) -> bool:
        """Whether every setting that has two values was trained alike whatever its seed."""
        again = [setting for setting in self.repeated if setting.feasible > 1]
        return bool(again) and all(setting.copies for setting in again)

    @property
    def failure_share(self) -> float:
        """Of the retrained trials, how many are infeasible; NaN without any."""
        return self.infeasible / self.retrained if self.retrained else math.nan

    def of(self, trial: int) -> Repeated | None:
        """The repeated setting that this trial is a training of."""
        return next((setting for setting in self.repeated if trial in setting.trials), None)


def trial_noise(study: Study, ended: Sequence[Outcome]) -> TrialNoise:
    """The spread of a metric between trainings of one setting with different seeds.

    Pooled over settings, `sd² = Σ (value - mean of its setting)² / Σ (values of the setting - 1)`.
    Trials with the same setting, seed and value are copies of one training and count once.

    Source: A1, A2.
    """
    groups = [group for group in repeats(ended) if len(group) > 1]
    repeated = tuple(_repeated(group) for group in groups)
    with_sd = [setting for setting in repeated if setting.feasible > 1]
    degrees = sum(setting.feasible - 1 for setting in with_sd)
    squares = sum(setting.sd**2 * (setting.feasible - 1) for setting in with_sd)
    return TrialNoise(
        study=study.name,
        metric=study.metric,
        sd=math.sqrt(squares / degrees) if degrees else math.nan,
        degrees=degrees,
        repeated=repeated,
        retrained=sum(map(len, groups)),
        only_seeds=only_seeds(study, ended),
        infeasible=sum(not setting.feasible for group in groups for setting in group),
    )


def _repeated(group: Sequence[Outcome]) -> Repeated:
    values = [outcome.value for outcome in group if outcome.value is not None]
    mean = fmean(values) if values else math.nan
    squares = sum((value - mean) ** 2 for value in values)
    return Repeated(
        trials=tuple(outcome.trial for outcome in group),
        mean=mean,
        sd=math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else math.nan,
        feasible=len(values),
        copies=are_copies(group),
    )


def findings(result: TrialNoise) -> list[Finding]:
    """One finding a study: `unclear` where no setting has two values.

    Trainings that are equal bit for bit whatever their seed say nothing of chance either: a problem
    where nothing but the seed varies, for the answer would rest on them.

    Source: A1, A2.
    """
    headline, message = _said(result)
    return [
        Finding(
            rule="A2",
            check="trial_noise",
            status=_status(result),
            subject={"study": result.study},
            headline=headline,
            message=message,
            evidence={
                "trials": [trial for setting in result.repeated for trial in setting.trials],
                "sd": result.sd,
                "degrees": result.degrees,
                "failure_share": result.failure_share,
                "settings": [vars(setting) for setting in result.repeated],
            },
            advice=_advice(result),
            kind="copies" if result.copies else "",
        )
    ]


def _status(result: TrialNoise) -> Severity:
    if result.copies and result.only_seeds:
        return "problem"
    return "ok" if result.known else "unclear"


def _advice(result: TrialNoise) -> str:
    if result.copies:
        return COPIES_ADVICE
    return "" if result.known else "Train the best setting again with 5 seeds."


def _said(result: TrialNoise) -> tuple[str, str]:
    """The headline and the message."""
    study, settings = study_text(result.study), plural(len(result.repeated), "setting")
    trainings = plural(result.retrained, "training")
    if not result.repeated:
        headline = f"No setting of {study} was trained twice"
        return headline, f"{headline}, so how much a trial varies by chance is not known."
    if result.copies:
        text = copies_text(result.retrained - result.infeasible)
        return text, (
            f"Of {study}, {text}, or its training has no randomness. A difference is then exact "
            "for these data, and how much of it is luck is not known."
        )
    if not result.known:
        headline = f"No setting of {study} has two values, though {settings} were trained again"
        return headline, (
            f"Of {trainings} of the {settings} of {study} that were trained again, "
            f"{result.infeasible} are infeasible and no setting has two values. How much a trial "
            "varies by chance is not known."
        )
    sd = number(result.sd, 2)
    return f"Another seed moves {result.metric} of {study} by a standard deviation of {sd}", (
        f"Trained again, {result.metric} of a setting of {study} varies with a standard deviation "
        f"of {sd}, by {settings} and {plural(result.degrees, 'degree')} of freedom. Infeasible: "
        f"{result.infeasible} of {trainings}."
    )

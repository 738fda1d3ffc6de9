"""How much a trial varies by chance: settings that were trained more than once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias, final

from ..finding import Finding
from ..record import UNKNOWN_SEED, Record
from ..space import Scalar, value_text
from ..study import Study
from .outcome import Outcome, outcomes
from .wording import counted, number

Key: TypeAlias = tuple[tuple[str, str, bool], ...]


@final
@dataclass(frozen=True, kw_only=True)
class Repeated:
    """One setting that was trained more than once.

    Args:
        trials: Every ended training of it, by id.
        mean: Of the feasible ones, in the metric's unit; NaN without any.
        sd: Their standard deviation; NaN below two.
        feasible: How many have a value.
    """

    trials: tuple[int, ...]
    mean: float
    sd: float
    feasible: int


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
    """

    study: str
    metric: str
    sd: float
    degrees: int
    repeated: tuple[Repeated, ...]
    retrained: int
    infeasible: int

    @property
    def known(self) -> bool:
        """Whether some setting has two values or more."""
        return self.degrees > 0

    @property
    def failure_share(self) -> float:
        """Of the retrained trials, how many are infeasible; NaN without any."""
        return self.infeasible / self.retrained if self.retrained else math.nan

    def of(self, trial: int) -> Repeated | None:
        """The repeated setting that this trial is a training of."""
        return next((one for one in self.repeated if trial in one.trials), None)


def trial_noise(study: Study, records: Sequence[Record]) -> TrialNoise:
    """The spread of a metric between trainings of one setting with different seeds.

    Pooled over settings, `sd² = Σ (value - mean of its setting)² / Σ (values of the setting - 1)`.
    Trials with the same setting, seed and value are copies of one training and count once.

    Source: A1, A2.
    """
    groups = [group for group in repeats(outcomes(study, records)) if len(group) > 1]
    repeated = tuple(_repeated(group) for group in groups)
    known = [one for one in repeated if one.feasible > 1]
    degrees = sum(one.feasible - 1 for one in known)
    squares = sum(one.sd**2 * (one.feasible - 1) for one in known)
    return TrialNoise(
        study=study.name,
        metric=study.metric,
        sd=math.sqrt(squares / degrees) if degrees else math.nan,
        degrees=degrees,
        repeated=repeated,
        retrained=sum(map(len, groups)),
        infeasible=sum(not one.feasible for group in groups for one in group),
    )


def repeats(found: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes by setting, copies of one training once, settings in the order of first trials.

    A copy has the same seed and value; where seeds are unknown, no trial is known to be one.

    An outcome that has no value although its trial ended well is left out: it is missing. So is a
    training cut short of half of the steps of the longest: it is no repeat of it. A fork repeats
    only what descends in the same way: the same settings, changed after the same steps.

    Source: A2.
    """
    known = {one.trial: one.record for one in found}
    groups: dict[Key, dict[tuple[int, int, str], Outcome]] = {}
    for one in found:
        if not one.missing:
            seed = one.record.seed
            training = (seed, one.trial if seed == UNKNOWN_SEED else -1, repr(one.value))
            groups.setdefault(_key(one.record, known), {}).setdefault(training, one)
    return [_as_long(list(group.values())) for group in groups.values()]


def _as_long(group: list[Outcome], *, share: float = 0.5) -> list[Outcome]:
    longest = max(one.record.steps for one in group)
    return [one for one in group if not one.feasible or one.record.steps >= share * longest]


def _key(record: Record, known: Mapping[int, Record]) -> Key:
    setting = tuple((name, *_plain(value)) for name, value in sorted(record.setting.items()))
    if record.parent is None:
        return setting
    parent = known.get(record.parent)
    before = _key(parent, known) if parent else (("parent", str(record.parent), False),)
    return (*setting, ("from_step", str(record.from_step), False), *before)


def _plain(value: Scalar) -> tuple[str, bool]:
    """The text "1" and the number 1 are two values; 1 and 1.0 are one."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(float(value)) if number else value_text(value), isinstance(value, str)


def _repeated(group: Sequence[Outcome]) -> Repeated:
    values = [one.value for one in group if one.value is not None]
    mean = fmean(values) if values else math.nan
    squares = sum((value - mean) ** 2 for value in values)
    return Repeated(
        trials=tuple(one.trial for one in group),
        mean=mean,
        sd=math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else math.nan,
        feasible=len(values),
    )


def findings(result: TrialNoise) -> list[Finding]:
    """One finding a study: `unclear` where no setting has two values.

    Source: A1, A2.
    """
    return [
        Finding(
            rule="A2",
            check="trial_noise",
            status="ok" if result.known else "unclear",
            subject={"study": result.study},
            message=_message(result),
            evidence={
                "trials": [trial for one in result.repeated for trial in one.trials],
                "sd": result.sd,
                "degrees": result.degrees,
                "failure_share": result.failure_share,
                "settings": [vars(one) for one in result.repeated],
            },
            advice="" if result.known else "Train the best setting again with 5 seeds (A2).",
        )
    ]


def _message(result: TrialNoise) -> str:
    settings = counted(len(result.repeated), "setting")
    lost = f"{result.infeasible} of {counted(result.retrained, 'training')}"
    if not result.repeated:
        return (
            f"No setting of `{result.study}` was trained twice, so how much a trial varies by "
            "chance is not known."
        )
    if not result.known:
        return (
            f"Trained more than once: {settings} of `{result.study}`, none with two values "
            f"({lost} infeasible), so how much a trial varies by chance is not known."
        )
    return (
        f"Trained again, {result.metric} of a setting of `{result.study}` varies with a standard "
        f"deviation of {number(result.sd, 2)} ({settings} trained more than once, "
        f"{counted(result.degrees, 'degree')} of freedom); {lost} infeasible."
    )

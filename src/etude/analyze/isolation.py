"""The best trial of each study, beside those of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ..record import Record
from ..space import Scalar
from ..study import Study
from .outcome import outcomes, ranked
from .sampling_luck import luck


@final
@dataclass(frozen=True, kw_only=True)
class StudyBest:
    """The best trial of one study.

    Args:
        trial: Its id; None (as `value`, `step`, `low`, `high`) where no trial is feasible.
        low: With `high`, where the best lies in 95 % of resampled studies, `low <= high`. None at
            an end where these hold no feasible trial, and at both where too few trials have ended.
        values: The best value of every feasible trial, by trial id.
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


@final
@dataclass(frozen=True, kw_only=True)
class Isolation:
    """The best trial of each study, in the studies' order."""

    metric: str
    maximize: bool
    studies: tuple[StudyBest, ...]


def isolation(studies: Sequence[Study], records: Sequence[Record]) -> Isolation:
    """The objective of the best trial over the nuisance hyperparameters, by scientific setting.

    Source: C12, Q10.
    """
    return Isolation(
        metric=studies[0].metric if studies else "",
        maximize=bool(studies) and studies[0].maximize,
        studies=tuple(study_best(study, records) for study in studies),
    )


def study_best(study: Study, records: Sequence[Record]) -> StudyBest:
    """The best trial of one study with the luck of its search.

    Source: C12, Q10.
    """
    found = outcomes(study, records)
    best_first = ranked(found)
    best = best_first[0] if best_first else None
    whole = luck(found, maximize=study.maximize)
    return StudyBest(
        study=study.name,
        scientific=study.scientific,
        trial=best.trial if best else None,
        value=best.value if best else None,
        step=best.step if best else None,
        low=whole.low if whole else None,
        high=whole.high if whole else None,
        ended=len(found),
        feasible=len(best_first),
        infeasible=len(found) - len(best_first),
        values={one.trial: one.value for one in found if one.value is not None},
    )

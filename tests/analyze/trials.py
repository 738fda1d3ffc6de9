"""Studies and records at hand, for the tests of analyses and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from etude.analyze.analysis import Analysis
from etude.analyze.views.outcomes import Outcome, outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.finding import Finding
from etude.record import POINT, Points, Record
from etude.search.sobol import points
from etude.space import Choice, Domain, Real, Scalar
from etude.study import Study

RATE = Real(1e-4, 1e-1, log=True)
SHARE = Real(0.1, 0.9)


def experiment(**given: object) -> Experiment:
    plain: dict[str, object] = {
        "metric": "valid/error",
        "max_steps": 100,
        "trials": 20,
        "evaluations": 10,
        "nuisance": {"learning_rate": RATE, "share": SHARE},
    }
    return Experiment(**{**plain, **given})


def two_optimizers(**given: object) -> Experiment:
    return experiment(
        **{"scientific": {"optimizer": ["adam", "nesterov"]}, "fixed": {"batch_size": 64}, **given}
    )


def one_study(
    domains: Mapping[str, Domain] | None = None, *, maximize: bool = False, **given: object
) -> Study:
    nuisance = dict(domains or {"learning_rate": RATE, "share": SHARE})
    return split(experiment(nuisance=nuisance, maximize=maximize, **given))[0]


def findings(
    studies: Sequence[Study], records: Sequence[Record], experiment: Experiment
) -> list[Finding]:
    """What every check says of these trials."""
    return Analysis(experiment, studies, records).findings


def with_outcomes(
    studies: Sequence[Study], records: Sequence[Record]
) -> list[tuple[Study, list[Outcome]]]:
    """Each study with its ended trials, as the comparison of studies takes them."""
    return [(study, outcomes(study, records)) for study in studies]


def curve(values: Sequence[float], metric: str = "valid/error") -> Points:
    rows_P = np.array([(10 * k, 0, value) for k, value in enumerate(values)], dtype=POINT)
    return Points(rows_P, (metric,))


def record(
    study: Study,
    trial: int,
    values: float | Sequence[float] | None,
    setting: Mapping[str, Scalar],
    **given: object,
) -> Record:
    """A completed trial with these values of the metric; infeasible with `nan` where None."""
    plain: dict[str, object] = {"status": "infeasible", "reason": "nan"}
    if values is not None:
        listed = [values] if isinstance(values, int | float) else list(values)
        plain = {"status": "completed", "points": curve(listed, study.metric)}
    return Record(
        id=trial,
        study=study.name,
        index=trial,
        setting=study.setting(setting),
        seed=trial,
        **{**plain, **given},
    )


def at_units(
    study: Study, units: Sequence[Sequence[float]], values: Sequence[float | None], begin: int = 0
) -> list[Record]:
    """Trials at these points of the unit cube, one value each."""
    return [
        record(study, begin + k, value, study.space.setting(unit_D))
        for k, (unit_D, value) in enumerate(zip(units, values, strict=True))
    ]


def valley(
    study: Study, bottom: Sequence[float], count: int = 20, *, height: float = 0.0, begin: int = 0
) -> list[Record]:
    """Quasi-random trials over a valley whose lowest point, of this height, lies at `bottom`."""
    unit_TxD = points(study.space.dimensions, study.seed, count)
    values_T = height + ((unit_TxD - np.asarray(bottom)) ** 2).sum(axis=1)
    return at_units(study, unit_TxD.tolist(), values_T.tolist(), begin)


ORDERED = Choice([16, 32, 64, 128, 256], ordered=True)

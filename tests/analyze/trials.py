"""Trials over a space and what the analysis finds in them, for the tests of analyses and advice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.factories import record

from etude.analyze.analysis import Analysis
from etude.analyze.views.outcomes import Outcome, outcomes
from etude.experiment import Experiment
from etude.finding import Finding
from etude.record import Record
from etude.search.sobol import points
from etude.space import Choice
from etude.study import Study


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

"""Studies that tune nothing: their trials differ only by their seed, so means are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import final

from ..analyze.outcome import only_seeds
from ..analyze.wording import counted, listed, number
from .standing import Standing


@final
@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of a study's feasible trials, their standard deviation (nan below two), how many."""

    study: str
    mean: float
    sd: float
    trials: int
    infeasible: int


def means(standing: Sequence[Standing]) -> list[Mean]:
    """The mean of each study without nuisance hyperparameters that has a feasible trial.

    Source: A2.
    """
    return [
        _mean(one)
        for one in standing
        if one.best is not None and only_seeds(one.study, one.outcomes)
    ]


def _mean(standing: Standing) -> Mean:
    values = [one.value for one in standing.outcomes if one.value is not None]
    return Mean(
        study=standing.study.name,
        mean=fmean(values),
        sd=stdev(values) if len(values) > 1 else math.nan,
        trials=len(values),
        infeasible=len(standing.outcomes) - len(values),
    )


def compared(found: Sequence[Mean], metric: str) -> str:
    """The sentence that compares means where the best would only be the luckiest seed.

    Source: A2.
    """
    several = len(found) > 1
    whose = "each of these studies" if several else f"`{found[0].study}`"
    return (
        f"Trials of {whose} differ only by their seed, so a best one is luck and answers nothing; "
        f"the mean {metric} is {listed([_said(one) for one in found], most=6)} (A2)."
    )


def _said(one: Mean) -> str:
    spread = "" if math.isnan(one.sd) else f"standard deviation {number(one.sd, 2)}, "
    lost = f", {one.infeasible} more infeasible" if one.infeasible else ""
    return f"{number(one.mean)} for `{one.study}` ({spread}{counted(one.trials, 'trial')}{lost})"

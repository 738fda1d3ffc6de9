"""The studies of a round ranked by their best trials, and what bears on the comparison.

In this order: the ranked studies, the means of studies that tune nothing, and the findings that
bear on the comparison. `significance` says how sure a lead is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import final

from ..analyze.analysis import Analysis
from ..analyze.comparison.retrainings import best_training
from ..analyze.views.outcomes import Outcome, only_seeds
from ..analyze.views.outcomes import ranked as best_first
from ..analyze.views.rates import in_percent, standard_error
from ..analyze.views.repeats import are_copies, repeats
from ..experiment import Experiment
from ..finding import Finding, StudyMean
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class RankedStudy:
    """The best trial of a study; `standard_error` of its value, None where it is not known."""

    study: Study
    outcomes: tuple[Outcome, ...]
    best: Outcome | None
    standard_error: float | None

    @property
    def feasible(self) -> int:
        """How many trials have a value that counts."""
        return sum(outcome.feasible for outcome in self.outcomes)

    @property
    def best_loss(self) -> float:
        """The loss of the best trial; infinite without one."""
        return self.best.loss if self.best else math.inf


def ranking(analysis: Analysis) -> list[RankedStudy]:
    """The studies that are compared, the leader first, those without a value last.

    Source: R13, C12.
    """
    studies = [
        ranked_study(analysis.experiment, study, analysis.outcomes(study))
        for study in analysis.compared_studies
    ]
    return sorted(studies, key=lambda ranked: (ranked.best_loss, ranked.study.name))


def ranked_study(experiment: Experiment, study: Study, outcomes: Sequence[Outcome]) -> RankedStudy:
    """The best trial of a study's best setting, with the sampling error of its value.

    Source: R13, A1.
    """
    best = best_training(outcomes)
    objective, examples = experiment.objective, experiment.validation_examples
    percent = in_percent(objective.metric, outcomes)
    return RankedStudy(
        study=study,
        outcomes=tuple(outcomes),
        best=best,
        standard_error=None
        if best is None or best.value is None
        else standard_error(objective, best.value, examples, percent=percent),
    )


def best_trials(studies: Sequence[RankedStudy]) -> set[int]:
    """The best trial of each study.

    Source: C5, C6.
    """
    return {ranked.best.trial for ranked in studies if ranked.best}


def once(studies: Sequence[RankedStudy]) -> list[RankedStudy]:
    """The studies with every setting once, by its middle training, ranked anew.

    Searches are compared by their settings: one that is trained six times is no six draws.

    Source: A1, Q10.
    """
    single = [_once(ranked) for ranked in studies]
    return sorted(single, key=lambda ranked: (ranked.best_loss, ranked.study.name))


def _once(ranked: RankedStudy) -> RankedStudy:
    groups = repeats(ranked.outcomes)
    # All trials of one setting are no search: they are compared as retrainings.
    if len(groups) == 1 or all(len(group) == 1 for group in groups):
        return ranked
    middle = [sorted(group, key=lambda one: one.loss)[(len(group) - 1) // 2] for group in groups]
    best = next(iter(best_first(middle)), None)
    return replace(ranked, outcomes=tuple(middle), best=best)


def means(studies: Sequence[RankedStudy]) -> list[StudyMean]:
    """The mean of each study without nuisance hyperparameters that has a feasible trial.

    Source: A2.
    """
    return [
        _mean(ranked)
        for ranked in studies
        if ranked.best is not None and only_seeds(ranked.study, ranked.outcomes)
    ]


def _mean(ranked: RankedStudy) -> StudyMean:
    values = [outcome.value for outcome in ranked.outcomes if outcome.value is not None]
    return StudyMean(
        study=ranked.study.name,
        mean=fmean(values),
        sd=math.nan if len(values) < 2 or are_copies(ranked.outcomes) else stdev(values),
        trials=len(values),
        infeasible=len(ranked.outcomes) - len(values),
    )


def relevant_findings(findings: Sequence[Finding], best: Collection[int]) -> list[Finding]:
    """The findings about a design, a study or an axis, and those about the best trials' curves.

    Studies are compared by the best trial of each; what the curve of another one shows is no reason
    to doubt the comparison. That taking the best may favour some trials (C7) is a finding of the
    study.

    Source: C5, C6, C14.
    """
    return [
        finding
        for finding in findings
        if "trial" not in finding.subject or finding.subject["trial"] in best
    ]

"""The studies of a round ranked by their best trials, the leader's lead, and what bears on it.

In this order: the ranked studies, the sampling error of a value, the lead of one study over
another, the means of studies that tune nothing, and the findings that bear on the comparison.

Axes: B bootstrap samples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..analyze.analysis import Analysis
from ..analyze.statistics.bootstrap import best_of, interval
from ..analyze.statistics.hypergeometric import upper_tail
from ..analyze.views.outcomes import Outcome, only_seeds
from ..analyze.views.outcomes import ranked as best_first
from ..experiment import Experiment
from ..finding import Finding, Lead, StudyMean
from ..study import Study, derived_seed
from ..wording import join, number, plural

# Shares of examples; what may stand before says of which data, or how many guesses count.
_RATE = re.compile(
    r"(?:(?:train|training|valid|validation|val|dev|test|eval|top_?\d+|classification)_)*"
    r"(?:error|accuracy|error_rate|misclassification_rate)"
)


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
        for study in analysis.compared
    ]
    return sorted(studies, key=lambda ranked: (ranked.best_loss, ranked.study.name))


def ranked_study(experiment: Experiment, study: Study, outcomes: Sequence[Outcome]) -> RankedStudy:
    """The best trial of a study, with the sampling error of its value.

    Source: R13, A1.
    """
    best = next(iter(best_first(outcomes)), None)
    value = best.value if best else None
    return RankedStudy(
        study=study,
        outcomes=tuple(outcomes),
        best=best,
        standard_error=None if value is None else standard_error(experiment, value),
    )


def best_trials(studies: Sequence[RankedStudy]) -> set[int]:
    """The best trial of each study.

    Source: C5, C6.
    """
    return {ranked.best.trial for ranked in studies if ranked.best}


def is_rate(metric: str) -> bool:
    """Whether the metric's name says that it is a share of examples.

    Its last part must say so as a whole: a squared error and a balanced accuracy are no shares.

    Source: A1.

    >>> is_rate("valid/error"), is_rate("valid/top1_error"), is_rate("valid/mean_squared_error")
    (True, True, False)
    """
    return bool(_RATE.fullmatch(re.split(r"[./]", metric)[-1].casefold().replace("-", "_")))


def standard_error(experiment: Experiment, value: float) -> float | None:
    """The sampling error of a rate on the validation examples; None where it cannot be known.

    For a share p of n examples, sqrt(p (1 - p) / n), with two examples of either kind added so that
    no mistake in n examples does not count as certainty (Agresti and Coull 1998).

    Source: A1.
    """
    examples = experiment.validation_examples
    if examples is None or not is_rate(experiment.metric) or not 0.0 <= value <= 1.0:
        return None
    share = (value * examples + 2) / (examples + 4)
    return math.sqrt(share * (1 - share) / (examples + 4))


def lead(
    leader: RankedStudy,
    other: RankedStudy,
    *,
    # Heuristic: with fewer values, resampling them says nothing of the luck of the search.
    min_feasible: int = 6,
) -> Lead:
    """The leader's lead over another study, with the two reasons to doubt it.

    First, both studies are resampled, and the spread reaches as far to either side as the samples
    do to the wider one: percentiles alone know that a best may be lucky, never that the other's is
    unlucky, since no sample beats its study. That is crude, a doubt and no confidence interval: a
    sparse search that trails makes the lead look loose.

    Second, the trials of both are permuted: were both studies alike, any assignment of their trials
    would be as likely, and the `run` best of both would all be one study's with the p-value given
    (two-sided; infeasible trials rank last; a trial that ties with the other's best ends the run).
    Exact for independent trials; evenly spread ones seldom cluster so, which makes it cautious.

    Measured by `benchmarks/calibration.py`, 6 to 50 trials each: of two equal studies one is called
    better in at most 3.4 % (by the spread alone in 13.7 %). Where one is four times as hard to
    tune and the same at its best, the other is, in 5 to 7 % in a valley of two axes, 7 to 16 %
    where losses are uniform, 25 to 30 % in a valley of four axes; the draws alone would let pass 12
    to 21 %, 26 to 32 % and 53 to 70 % for at most 9 points more power, so the mirror stays. The
    draws ask for the best 5 of both at 6, 10 and 20 trials each, for the best 6 at 50.

    Source: A2, Q10.
    """
    # The lead itself; infinite where one of the two has no feasible trial.
    is_known = math.isfinite(leader.best_loss) and math.isfinite(other.best_loss)
    by = other.best_loss - leader.best_loss if is_known else math.inf
    # Its spread by the luck of both searches, mirrored to the wider side.
    reach = math.inf
    if is_known and min(leader.feasible, other.feasible) >= min_feasible:
        low, high = interval(_lead_samples(leader, other))
        reach = max(by - low, high - by)
    is_reach_known = math.isfinite(reach)
    # How many of the best trials of both are all the leader's.
    run = sum(outcome.loss < other.best_loss for outcome in leader.outcomes)
    return Lead(
        over=other.study.name,
        by=by,
        low=by - reach if is_reach_known else -math.inf,
        high=by + reach if is_reach_known else math.inf,
        run=run,
        p_value=_p_value(run, len(leader.outcomes), len(other.outcomes)),
    )


def _p_value(run: int, trials: int, other_trials: int) -> float:
    """How often one of two equal studies has so many of the best trials of both."""
    tails = [
        upper_tail(run, drawn=run, hit_items=drawn_from, items=trials + other_trials)
        for drawn_from in (trials, other_trials)
    ]
    return min(1.0, sum(tails))


def _lead_samples(leader: RankedStudy, other: RankedStudy) -> NDArray[np.float64]:
    """The lead in resampled studies, with the sampling error of both values."""
    best_B, other_best_B = _best_samples(leader), _best_samples(other)
    # A sample without any feasible trial in both studies tells neither from the other.
    with np.errstate(invalid="ignore"):
        lead_B = np.nan_to_num(other_best_B - best_B, nan=0.0, posinf=np.inf, neginf=-np.inf)
    # One validation set serves both, so their errors go together: to add them is cautious.
    error = math.hypot(leader.standard_error or 0.0, other.standard_error or 0.0)
    rng = np.random.default_rng(derived_seed(leader.study.seed, "sampling error"))
    return np.asarray(lead_B + error * rng.standard_normal(len(lead_B)))


def _best_samples(ranked: RankedStudy) -> NDArray[np.float64]:
    losses = [outcome.loss for outcome in ranked.outcomes]
    return best_of(losses, [len(losses)], seed=ranked.study.seed)[:, 0]


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
        sd=stdev(values) if len(values) > 1 else math.nan,
        trials=len(values),
        infeasible=len(ranked.outcomes) - len(values),
    )


def means_sentence(study_means: Sequence[StudyMean], metric: str) -> str:
    """The sentence that compares means where the best would only be the luckiest seed.

    Source: A2.
    """
    several = len(study_means) > 1
    whose = "each of these studies" if several else f"`{study_means[0].study}`"
    return (
        f"Trials of {whose} differ only by their seed, so a best one is luck and answers nothing; "
        f"the mean {metric} is {join([_mean_clause(mean) for mean in study_means], most=6)} (A2)."
    )


def _mean_clause(mean: StudyMean) -> str:
    spread = "" if math.isnan(mean.sd) else f"standard deviation {number(mean.sd, 2)}, "
    lost = f", {mean.infeasible} more infeasible" if mean.infeasible else ""
    trials = plural(mean.trials, "trial")
    return f"{number(mean.mean)} for `{mean.study}` ({spread}{trials}{lost})"


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

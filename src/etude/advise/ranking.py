"""Which findings bear on the answer to the question."""

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
from ..experiment import Experiment
from ..finding import Finding, Lead, StudyMean
from ..study import Study, derived_seed
from ..wording import join, number, plural


def relevant_findings(findings: Sequence[Finding], best: Collection[int]) -> list[Finding]:
    """The findings about a design, a study or an axis, and those about the best trials' curves.

    Studies are compared by the best trial of each; what the curve of another one shows is no reason
    to doubt the comparison. That taking the best may favour some trials (C7) is a finding of the
    study.

    Source: C5, C6, C14.
    """
    return [one for one in findings if "trial" not in one.subject or one.subject["trial"] in best]


def best_of_each(standing: Sequence[RankedStudy]) -> set[int]:
    """The best trial of each study.

    Source: C5, C6.
    """
    return {one.best.trial for one in standing if one.best}


def means(standing: Sequence[RankedStudy]) -> list[StudyMean]:
    """The mean of each study without nuisance hyperparameters that has a feasible trial.

    Source: A2.
    """
    return [
        _mean(one)
        for one in standing
        if one.best is not None and only_seeds(one.study, one.outcomes)
    ]


def _mean(standing: RankedStudy) -> StudyMean:
    values = [one.value for one in standing.outcomes if one.value is not None]
    return StudyMean(
        study=standing.study.name,
        mean=fmean(values),
        sd=stdev(values) if len(values) > 1 else math.nan,
        trials=len(values),
        infeasible=len(standing.outcomes) - len(values),
    )


def means_sentence(found: Sequence[StudyMean], metric: str) -> str:
    """The sentence that compares means where the best would only be the luckiest seed.

    Source: A2.
    """
    several = len(found) > 1
    whose = "each of these studies" if several else f"`{found[0].study}`"
    return (
        f"Trials of {whose} differ only by their seed, so a best one is luck and answers nothing; "
        f"the mean {metric} is {join([_said(one) for one in found], most=6)} (A2)."
    )


def _said(one: StudyMean) -> str:
    spread = "" if math.isnan(one.sd) else f"standard deviation {number(one.sd, 2)}, "
    lost = f", {one.infeasible} more infeasible" if one.infeasible else ""
    return f"{number(one.mean)} for `{one.study}` ({spread}{plural(one.trials, 'trial')}{lost})"


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
        return sum(one.feasible for one in self.outcomes)


# Shares of examples; what may stand before says of which data, or how many guesses count.
_RATE = re.compile(
    r"(?:(?:train|training|valid|validation|val|dev|test|eval|top_?\d+|classification)_)*"
    r"(?:error|accuracy|error_rate|misclassification_rate)"
)


def ranking(analysis: Analysis) -> list[RankedStudy]:
    """The studies that are compared, the leader first, those without a value last.

    Source: R13, C12.
    """
    ranked_studies = [ranked_study(analysis, study) for study in analysis.compared]
    return sorted(
        ranked_studies,
        key=lambda study: (study.best.loss if study.best else math.inf, study.study.name),
    )


def ranked_study(analysis: Analysis, study: Study) -> RankedStudy:
    """The best trial of a study, with the sampling error of its value.

    Source: R13, A1.
    """
    best = next(iter(analysis.best_first(study)), None)
    value = best.value if best else None
    return RankedStudy(
        study=study,
        outcomes=analysis.outcomes(study),
        best=best,
        standard_error=None if value is None else standard_error(analysis.experiment, value),
    )


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
    mine, theirs = _loss(leader), _loss(other)
    by = theirs - mine if math.isfinite(mine) and math.isfinite(theirs) else math.inf
    reach = math.inf
    if math.isfinite(by) and min(leader.feasible, other.feasible) >= min_feasible:
        low, high = interval(_lead_samples(leader, other))
        reach = max(by - low, high - by)
    finite = math.isfinite(reach)
    run = sum(one.loss < theirs for one in leader.outcomes)
    return Lead(
        over=other.study.name,
        by=by,
        low=by - reach if finite else -math.inf,
        high=by + reach if finite else math.inf,
        run=run,
        p_value=_p_value(run, len(leader.outcomes), len(other.outcomes)),
    )


def _p_value(run: int, mine: int, theirs: int) -> float:
    alike = [upper_tail(run, drawn=run, there=each, items=mine + theirs) for each in (mine, theirs)]
    return min(1.0, sum(alike))


def _loss(standing: RankedStudy) -> float:
    return standing.best.loss if standing.best else math.inf


def _lead_samples(leader: RankedStudy, other: RankedStudy) -> NDArray[np.float64]:
    mine_B, theirs_B = _best_samples(leader), _best_samples(other)
    # A sample without any feasible trial in both studies tells neither from the other.
    with np.errstate(invalid="ignore"):
        lead_B = np.nan_to_num(theirs_B - mine_B, nan=0.0, posinf=np.inf, neginf=-np.inf)
    # One validation set serves both, so their errors go together: to add them is cautious.
    error = math.hypot(leader.standard_error or 0.0, other.standard_error or 0.0)
    rng = np.random.default_rng(derived_seed(leader.study.seed, "sampling error"))
    return np.asarray(lead_B + error * rng.standard_normal(len(lead_B)))


def _best_samples(standing: RankedStudy) -> NDArray[np.float64]:
    losses = [one.loss for one in standing.outcomes]
    return best_of(losses, [len(losses)], seed=standing.study.seed)[:, 0]

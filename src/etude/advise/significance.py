"""Significance: how sure a study's lead over another is, by resampling and by a permutation test.

Axes: B bootstrap samples.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..analyze.statistics.bootstrap import best_of, interval
from ..analyze.statistics.hypergeometric import upper_tail
from ..analyze.views.draws import follows_results
from ..finding import Lead
from ..study import derived_seed
from .ranking import RankedStudy


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
    Of a search that follows its results the best trials crowd around one good one, and two equal
    searches look unequal in most rounds: neither reason is known there, and such a lead is none.

    Trials that ended well without the metric, or by an error of the code, say nothing of their
    study and are left out.

    `leads` asks for the draws and for more than the sampling error, `holds` for the spread too:
    only what is behind so clearly is dropped from a round.

    Measured by `benchmarks/calibration.py`, 6 to 50 trials each: of two equal studies one is ahead
    by the draws in at most 4.2 % (by the spread alone in 13.7 %). Where one is four times as hard
    to tune and the same at its best, the other is, in 12 to 21 % in a valley of two axes, 26 to
    32 % where losses are uniform, 53 to 70 % in a valley of four axes; with the spread, in 5 to 7,
    7 to 16 and 25 to 30 %. So no lead of searches says that a setting is better. The draws ask for
    the best 5 of both at 6, 10 and 20 trials each, for the best 6 at 50.

    Source: A2, Q10.
    """
    drawn = not any(follows_results(one.study, one.outcomes) for one in (leader, other))
    leader, other = _known(leader), _known(other)
    # The lead itself; infinite where one of the two has no feasible trial.
    is_known = math.isfinite(leader.best_loss) and math.isfinite(other.best_loss)
    by = other.best_loss - leader.best_loss if is_known else math.inf
    # Its spread by the luck of both searches, mirrored to the wider side.
    reach = math.inf
    if drawn and is_known and min(leader.feasible, other.feasible) >= min_feasible:
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
        p_value=_p_value(run, len(leader.outcomes), len(other.outcomes)) if drawn else math.nan,
        error=_sampling_error(leader, other),
    )


def _known(ranked: RankedStudy) -> RankedStudy:
    outcomes = tuple(outcome for outcome in ranked.outcomes if not outcome.missing)
    return replace(ranked, outcomes=outcomes)


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
    error = _sampling_error(leader, other)
    rng = np.random.default_rng(derived_seed(leader.study.seed, "sampling error"))
    return np.asarray(lead_B + error * rng.standard_normal(len(lead_B)))


def _sampling_error(leader: RankedStudy, other: RankedStudy) -> float:
    """The standard error of the lead; one validation set serves both, so to add is cautious."""
    return math.hypot(leader.standard_error or 0.0, other.standard_error or 0.0)


def _best_samples(ranked: RankedStudy) -> NDArray[np.float64]:
    losses = [outcome.loss for outcome in ranked.outcomes]
    return best_of(losses, [len(losses)], seed=ranked.study.seed)[:, 0]

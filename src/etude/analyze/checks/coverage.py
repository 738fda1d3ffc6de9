"""Whether the good region was sampled densely enough: what can be said, as it cannot be proven.

Axes: T feasible trials, best first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...experiment.methods import SEARCHES
from ...finding import Finding, Severity
from ...space import Choice, Domain, Integer, Scalar, in_order, is_ordered
from ...study import Study
from ...wording import join, number, percent, plural, study_text
from ..thresholds import CoverageThresholds
from ..views.outcomes import Outcome, prior_outcomes, ranked
from .coverage_settings import is_listed, no_question, settings_once
from .trial_noise import trial_noise

THRESHOLDS = CoverageThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class AxisCoverage:
    """How the trials lie along one axis, in units of its own scale, 0 to 1.

    Args:
        bounds: The values at both ends, of a choice its first and its last.
        units: All feasible trials, best first; the good ones are the first `Coverage.good`.
        low: Where the good region begins: the value there.
        high: Where it ends.
        inside: Feasible trials between the two, good or not.
        gap: The widest stretch in the good region without any ended trial.
        gap_low: Where it begins: the value there.
        gap_high: Where it ends.
        untried: The values of a choice that no trial has.
        values: How many values the ended trials have.
    """

    hyperparameter: str
    bounds: tuple[Scalar, Scalar]
    units: tuple[float, ...]
    low: Scalar
    high: Scalar
    inside: int
    gap: float
    gap_low: Scalar
    gap_high: Scalar
    untried: tuple[Scalar, ...] = ()
    values: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How densely a study samples what is good.

    Args:
        feasible: How many settings have a value; those trained more than once by their mean.
        counted: What is counted: trials, or settings where some are repeats.
        good: The trials that are, best first, of repeats the first.
        noise: The retraining standard deviation that `good` rests on; None where it is not known,
            and the best tenth are good.
        gain: By how much twice the trials would better the best, as expected from how its last
            doublings did; None where that cannot be told.
        worth: What a gain is measured by: the noise, else how far the best lies from the median.
        warm: Feasible trials of earlier rounds that a search that adapts began with.
        needed: Feasible trials that so many axes ask for.
        more: So many more are advised; 0 where the advice is another.
        doubts: Why more trials may be needed, one clause each.
        doubt: The first of them in a few words.
        reason: Why the study is `unclear`, or why density is no question; empty otherwise.
        cause: The same in a few words.
    """

    study: str
    metric: str
    status: Severity
    feasible: int
    dimensions: int
    counted: str = "trial"
    good: tuple[int, ...] = ()
    noise: float | None = None
    axes: tuple[AxisCoverage, ...] = ()
    gain: float | None = None
    worth: float | None = None
    warm: int = 0
    needed: int = 0
    more: int = 0
    doubts: tuple[str, ...] = ()
    doubt: str = ""
    reason: str = ""
    cause: str = ""


def coverage(
    study: Study, ended: Sequence[Outcome], *, thresholds: CoverageThresholds = THRESHOLDS
) -> Coverage:
    """How many trials are good, where they lie on each axis, and what more trials would bring.

    Good is within one retraining standard deviation of the best where settings were trained more
    than once, else the best tenth. A search that adapts leaves out what the trials that it began
    with have told, so these count as tried.

    Source: C2, Q10, Q11.
    """
    outcomes = settings_once(ended)
    best_first = ranked(outcomes)
    empty = Coverage(
        study=study.name,
        metric=study.metric,
        status="unclear",
        feasible=len(best_first),
        dimensions=study.space.dimensions,
        counted="trial" if len(outcomes) == sum(not one.missing for one in ended) else "setting",
        cause=(reason := _unclear(study, best_first, thresholds))[0],
        reason=reason[1],
    )
    if best_first and study.space.dimensions and not study.listed:
        settled = no_question(study, outcomes, thresholds)
        empty = replace(empty, status="ok", cause=settled, reason=settled) if settled else empty
    if empty.reason:
        return empty
    noise = trial_noise(study, ended)
    sd = noise.sd if noise.known and noise.sd > 0 else None
    good = _good(best_first, sd, thresholds)
    known = prior_outcomes(study) if SEARCHES[study.search].adaptive else []
    measured = replace(
        empty,
        good=tuple(outcome.trial for outcome in good),
        noise=sd,
        axes=tuple(
            _without_known(study, _axis(name, domain, [*outcomes, *known], best_first, len(good)))
            for name, domain in study.space.domains.items()
        ),
        gain=_gain(best_first),
        worth=sd or _spread(best_first),
        warm=sum(one.feasible for one in known),
        needed=math.ceil(thresholds.trials_per_axis * study.space.dimensions),
    )
    return _judged(measured, len(outcomes), thresholds)


def _judged(measured: Coverage, ended: int, thresholds: CoverageThresholds) -> Coverage:
    doubts = _caveats(measured, thresholds)
    known = measured.feasible + measured.warm
    few = known < thresholds.min_trials_per_axis * measured.dimensions
    # Of more trials, as many are feasible as of these.
    needed = (measured.needed - measured.warm) * ended / measured.feasible
    return replace(
        measured,
        status="problem" if few else "notice" if doubts else "ok",
        more=_more(ended, needed) if doubts else 0,
        doubts=tuple(text for _, text in doubts),
        doubt=doubts[0][0] if doubts else "",
    )


def _unclear(
    study: Study, best_first: Sequence[Outcome], thresholds: CoverageThresholds
) -> tuple[str, str]:
    """Why nothing can be said, in a few words and in full; empty where something can."""
    if study.listed:
        return "listed by hand", "its settings were listed by hand, not sampled from a space"
    if not study.space.dimensions:
        return "nothing varies", "nothing varies in it"
    if len(best_first) < thresholds.min_feasible:
        feasible = plural(len(best_first), "feasible trial")
        needed = f"{thresholds.min_feasible} are needed to tell a good region"
        return feasible, f"{feasible}, and {needed}"
    if best_first[0].loss == best_first[-1].loss:
        return "all values equal", f"all {len(best_first)} feasible trials have the same value"
    return "", ""


def _good(
    best_first: Sequence[Outcome], sd: float | None, thresholds: CoverageThresholds
) -> list[Outcome]:
    tenth = math.ceil(thresholds.good_share * len(best_first))
    worst = best_first[0].loss + sd if sd is not None else best_first[tenth - 1].loss
    return [one for one in best_first if one.loss <= worst]


def _axis(
    name: str,
    domain: Domain,
    outcomes: Sequence[Outcome],
    best_first: Sequence[Outcome],
    good: int,
) -> AxisCoverage:
    domain = in_order(domain)
    units = [domain.unit(outcome.record.setting[name]) for outcome in best_first]
    low, high = min(units[:good]), max(units[:good])
    plain = not is_ordered(domain)
    tried = sorted({domain.unit(outcome.record.setting[name]) for outcome in outcomes})
    between = [] if plain else [unit for unit in tried if low <= unit <= high]
    gaps = [
        (after - before, before, after)
        for before, after in itertools.pairwise(between)
        if not _next_to(domain, before, after)
    ]
    gap, gap_low, gap_high = max(gaps, key=lambda gap: gap[0], default=(0.0, low, high))
    return AxisCoverage(
        hyperparameter=name,
        bounds=(domain.value(0.0), domain.value(1.0)),
        units=tuple(units),
        low=domain.value(low),
        high=domain.value(high),
        inside=sum(low <= unit <= high for unit in units),
        gap=gap,
        gap_low=domain.value(gap_low),
        gap_high=domain.value(gap_high),
        untried=_untried(domain, tried),
        values=len(tried),
    )


def _without_known(study: Study, axis: AxisCoverage) -> AxisCoverage:
    """Between values of a list nothing is missing, nor what a search that adapts knew already."""
    if SEARCHES[study.search].adaptive:
        # Wherever else these trials lay: more of the search would not try what it takes for bad.
        told = {prior.setting.get(axis.hyperparameter) for prior in study.prior}
        axis = replace(axis, untried=tuple(value for value in axis.untried if value not in told))
    if not is_listed(study, axis.hyperparameter, axis.values, len(axis.units)):
        return axis
    return replace(axis, gap=0.0, gap_low=axis.low, gap_high=axis.high)


def _next_to(domain: Domain, before: float, after: float) -> bool:
    """Whether nothing can lie between: whole numbers one apart, or values of an ordered choice."""
    if isinstance(domain, Choice):
        return after - before < 1.5 / len(domain.values)
    return isinstance(domain, Integer) and domain.value(after) - domain.value(before) <= 1


def _untried(domain: Domain, tried: Sequence[float]) -> tuple[Scalar, ...]:
    if not isinstance(domain, Choice):
        return ()
    return tuple(value for value in domain.values if domain.unit(value) not in tried)


def _gain(best_first: Sequence[Outcome]) -> float:
    """What the best gains by the next doubling, if that shrinks as it did from the last to this.

    The best of a quarter, a half and all of the trials are `q`, `h` and `b` in the mean; then the
    next gain is `(h - b)² / (q - h)`, and no more than `h - b`.
    """
    loss_T = np.array([outcome.loss for outcome in best_first])
    trials = len(loss_T)
    quarter, half = (_expected_best(loss_T, trials // part) for part in (4, 2))
    last, before = half - float(loss_T[0]), quarter - half
    return last * min(1.0, last / before) if before > 0 else 0.0


def _expected_best(loss_T: np.ndarray[tuple[int], np.dtype[np.float64]], drawn: int) -> float:
    """The mean of the best of so many trials, drawn without replacement from them all."""
    trials = len(loss_T)
    # The k-th best is the best of those drawn, if it is and none of the k - 1 better ones.
    remaining_T = trials - np.arange(trials)
    missed_T = np.concatenate(
        [[1.0], np.cumprod(np.maximum(remaining_T - drawn, 0) / remaining_T)[:-1]]
    )
    return float((missed_T * drawn / remaining_T * loss_T)[: trials - drawn + 1].sum())


def _spread(best_first: Sequence[Outcome]) -> float:
    return best_first[len(best_first) // 2].loss - best_first[0].loss


def _caveats(measured: Coverage, thresholds: CoverageThresholds) -> list[tuple[str, str]]:
    """Why more trials may be needed, each as a headline and as a clause."""
    caveats = []
    if measured.feasible + measured.warm < measured.needed:
        trials = plural(measured.feasible + measured.warm, f"feasible {measured.counted}")
        varying = plural(measured.dimensions, "hyperparameter")
        few = f"{trials} are few for {varying}"
        caveats.append((f"{few}: {measured.needed} are usual", f"{few} ({measured.needed} usual)"))
    if measured.noise is not None and len(measured.good) < thresholds.min_good:
        alone = (
            "only the best itself lies"
            if len(measured.good) == 1
            else f"only {len(measured.good)} lie"
        )
        text = f"{alone} within one retraining standard deviation of the best"
        caveats.append((text, text))
    caveats += [_hole(axis) for axis in measured.axes if axis.gap > thresholds.max_gap]
    for axis in measured.axes:
        if axis.untried:
            text = f"no trial has {join([str(value) for value in axis.untried])} for "
            text += f"`{axis.hyperparameter}`"
            caveats.append((text, text))
    return [*caveats, *_gains(measured, thresholds)]


def _hole(axis: AxisCoverage) -> tuple[str, str]:
    between = f"{number(axis.gap_low, 2)} and {number(axis.gap_high, 2)}"
    text = f"no trial lies between {between} of `{axis.hyperparameter}`, amid the good ones"
    # Where each value stands twice on average, values were listed, not drawn.
    if 2 * axis.values <= len(axis.units):
        text = (
            f"only {axis.values} values of `{axis.hyperparameter}` were tried, none between the "
            f"good ones {between}"
        )
    return f"No trial between {between} of `{axis.hyperparameter}`, amid the good ones", text


def _gains(measured: Coverage, thresholds: CoverageThresholds) -> list[tuple[str, str]]:
    if measured.gain is None or not measured.worth:
        return []
    share = measured.gain / measured.worth
    if share <= (
        thresholds.max_gain_of_spread if measured.noise is None else thresholds.max_gain_of_noise
    ):
        return []
    size = f"{number(share, 2)} retraining standard deviations"
    if measured.noise is None:
        size = f"{percent(share)} of its distance from the median trial"
    gain = f"twice the trials would improve the best by about {number(measured.gain, 2)}"
    return [(gain, f"{gain}, {size}")]


def _more(ended: int, needed: float) -> int:
    """As many as are missing, else as many again, the usual unit of a budget."""
    return math.ceil(needed) - ended if math.ceil(needed) > ended else ended


def findings(result: Coverage) -> list[Finding]:
    """One finding a study.

    Source: C2, Q10.
    """
    return [
        Finding(
            rule="C2",
            check="coverage",
            status=result.status,
            subject={"study": result.study},
            headline=_headline(result),
            message=_message(result),
            evidence={
                "trials": list(result.good),
                "feasible": result.feasible,
                "dimensions": result.dimensions,
                "noise": result.noise,
                "gain": result.gain,
                "warm": result.warm,
                "needed": result.needed,
                "more": result.more,
                "doubts": list(result.doubts),
                "axes": [_evidence(axis) for axis in result.axes],
            },
            advice=_advice(result),
        )
    ]


def _evidence(axis: AxisCoverage) -> dict[str, object]:
    return {name: value for name, value in vars(axis).items() if name != "units"}


def _headline(result: Coverage) -> str:
    if result.reason:
        if result.status == "ok":
            return f"{result.cause[0].upper()}{result.cause[1:]}: density is no question"
        return f"Density cannot be judged: {result.cause}"
    if result.doubt:
        return result.doubt[0].upper() + result.doubt[1:]
    of_all = f"{len(result.good)} of {plural(result.feasible, result.counted)}"
    return f"{of_all} are good, without a gap among them"


def _message(result: Coverage) -> str:
    if result.reason and result.status == "ok":
        study = study_text(result.study)
        return f"How densely {study} was sampled is no question: {result.reason}."
    if result.reason:
        whether = f"Whether {study_text(result.study)} samples its good region densely"
        return f"{whether} is unclear: {result.reason}."
    meaning = "the best tenth"
    if result.noise is not None:
        meaning = (
            f"within one retraining standard deviation, {number(result.noise, 2)}, of the best"
        )
    verb = "is" if len(result.good) == 1 else "are"
    where = join([_region(axis) for axis in result.axes], most=2)
    message = (
        f"{len(result.good)} of {plural(result.feasible, f'feasible {result.counted}')} of "
        f"{study_text(result.study)} {verb} good ({meaning}): {where}."
    )
    if not result.doubts:
        return f"{message} Nothing speaks against the density, which cannot be proven."
    text = result.doubts[0][0].upper() + result.doubts[0][1:]
    return f"{message} {text}."


def _region(axis: AxisCoverage) -> str:
    name = f"`{axis.hyperparameter}`"
    if axis.low == axis.high:
        return f"{name} at {number(axis.low, 2)}"
    return f"{name} from {number(axis.low, 2)} to {number(axis.high, 2)}"


def _advice(result: Coverage) -> str:
    if not result.more:
        return ""
    return (
        f"Run about {plural(result.more, 'more trial')}, or lower the ambition: fewer "
        "hyperparameters or narrower ranges."
    )

"""Which trials were unstable: how, when, and whether they recovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...finding import Finding, Words
from ...study import Study
from ...wording import join, percent, plural
from ..thresholds import StabilityThresholds
from ..views.aligned import aligned
from ..views.curves import TRAIN_LOSS, TrialCurves, setting_name
from ..views.why import cause, open_headline, open_message, settled_by
from .stability_drops import shared_drops
from .stability_limit import StabilityLimit, stability_limit
from .stability_limit import findings as limit_findings
from .stability_trial import StabilityTrial, others, stability_trial

__all__ = ["Stability", "StabilityTrial", "findings", "stability"]
SHIPPED = StabilityThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class Stability:
    """How stable the trials of a study were, by trial id.

    Args:
        limit: Whether the best learning rate stands at the limit of what can be trained.
    """

    study: str
    metric: str
    max_steps: int
    thresholds: StabilityThresholds
    trials: tuple[StabilityTrial, ...]
    limit: StabilityLimit

    @property
    def never_learned(self) -> tuple[int, ...]:
        """The trials that never learned what others did: they count with infeasible ones.

        Source: C3, R15.
        """
        return tuple(trial.trial for trial in self.trials if trial.kind == "never_learned")

    @property
    def not_finite(self) -> tuple[int, ...]:
        """The trials of which a loss is not finite to the end, whatever became of them.

        Source: C3, D1.
        """
        return tuple(trial.trial for trial in self.trials if trial.kind == "nan")


def stability(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: StabilityThresholds = SHIPPED
) -> Stability:
    """How stable each trial was, and whether instability holds the best learning rate down.

    Source: C4, D1, D3, D4.
    """
    with np.errstate(all="ignore"):
        series = [aligned(trial) for trial in curves]
        alone = [(one, trial.max_steps) for one, trial in zip(series, curves, strict=True)]
        judged = zip(curves, series, others(alone, thresholds), strict=True)
        trials = [stability_trial(*one, thresholds) for one in judged]
    drops_T = [[] if one.early else [drop.fraction for drop in one.drops] for one in trials]
    shared_T = shared_drops(drops_T, thresholds)
    trials = [replace(one, shared=shared) for one, shared in zip(trials, shared_T, strict=True)]
    unstable = {trial.trial: trial.status == "problem" for trial in trials}
    limit = stability_limit(study, curves, unstable, thresholds=thresholds)
    return Stability(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=tuple(_beside_the_best(trials, curves, limit, thresholds)),
        limit=limit,
    )


def _beside_the_best(
    trials: Sequence[StabilityTrial],
    curves: Sequence[TrialCurves],
    limit: StabilityLimit,
    thresholds: StabilityThresholds,
) -> list[StabilityTrial]:
    """The trials, a notice where what broke, or never learned, holds the best rate not down.

    Every workload breaks at some rate. It is only that where a cliff of the rate explains what
    broke, or few broke at the highest rates and none elsewhere, and the best trial stands well
    below, with worse ones that train in between.
    """
    name = setting_name(curves, "learning_rate")
    rates = {trial.id: _rate(trial, name) for trial in curves}
    losses = {trial.id: trial.best_loss for trial in curves}
    stable = [
        (loss, rates[one.trial])
        for one in trials
        if not one.kind and (loss := losses[one.trial]) is not None and rates[one.trial] > 0.0
    ]
    if limit.status == "notice" or len(stable) < thresholds.min_stable:
        return list(trials)
    best = min(stable)[1]
    values = [(loss, trial) for trial, loss in losses.items() if loss is not None]
    # What is wrong with the trial that is compared is never far from the best.
    compared = min(values)[1]
    cliff = _cliff(trials, rates, stable, thresholds)
    return [
        replace(one, status="notice", beyond=one.broke)
        if one.trial != compared
        and (
            (one.broke and rates[one.trial] >= cliff)
            or (one.kind == "never_learned" and 0.0 < rates[one.trial] * thresholds.room <= best)
        )
        else one
        for one in trials
    ]


def _rate(trial: TrialCurves, name: str) -> float:
    """The learning rate of a trial; 0 where it has none."""
    value = trial.record.setting.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _cliff(
    trials: Sequence[StabilityTrial],
    rates: Mapping[int, float],
    stable: Sequence[tuple[float, float]],
    thresholds: StabilityThresholds,
) -> float:
    """The rate from which on nearly all break and below which hardly any does; infinite without.

    Of fewer than tell a cliff none may lie elsewhere, and nothing may train beyond the first.
    """
    broke = sorted(rates[one.trial] for one in trials if one.broke and rates[one.trial] > 0.0)
    above = np.array(sorted(rate for _, rate in stable))
    best = min(stable)[1]
    for place, rate in enumerate(broke):
        beyond, still = len(broke) - place, int(np.count_nonzero(above >= rate))
        few_below = place <= thresholds.max_below * len(stable)
        between = int(np.count_nonzero((above > best) & (above < rate)))
        nearly_all = still <= thresholds.max_below * beyond
        is_told = between >= (thresholds.min_between if beyond >= thresholds.min_unstable else 1)
        if beyond < thresholds.min_unstable and place > 0:
            return np.inf
        if nearly_all and is_told and few_below:
            return rate if rate >= thresholds.room * best else np.inf
    return np.inf


def findings(result: Stability) -> list[Finding]:
    """One finding for each trial, and one on the learning rate.

    Source: C4, D1, D3, D4, D6, D9, D11.
    """
    return [
        *(
            Finding.of_trial(
                result,
                trial,
                _words,
                rule="D1" if trial.kind else "D4" if trial.hidden else "C4",
                check="stability",
                kind=trial.kind or cause(trial.why),
            )
            for trial in result.trials
        ),
        *limit_findings(result.limit),
    ]


def _words(result: Stability, trial: StabilityTrial) -> Words:
    return Words(
        headline=_headline(trial),
        message=_message(result, trial),
        evidence=_evidence(result, trial),
        advice=_advice(trial),
    )


def _evidence(result: Stability, trial: StabilityTrial) -> Mapping[str, object]:
    thresholds = result.thresholds
    confidence = {
        "problem": (thresholds.confidence_flagged, thresholds.confidence_flagged_trials),
        "notice": (thresholds.confidence_flagged, thresholds.confidence_flagged_trials),
        "ok": (thresholds.confidence_ok, thresholds.confidence_ok_trials),
    }
    sure, of_trials = confidence.get(trial.status, (None, None))
    return {
        "trials": [trial.trial],
        "kind": trial.kind,
        "step": trial.step,
        "fraction": trial.fraction,
        "early": trial.early,
        "drops": [vars(drop) for drop in trial.drops],
        "lost": trial.lost,
        "learned": trial.learned,
        "single_spikes": trial.spikes,
        "hidden_spikes": list(trial.hidden),
        "shared_with": trial.shared,
        "beyond_the_best": trial.beyond,
        "evaluations": trial.evaluations,
        "confidence": sure,
        "confidence_trials": of_trials,
    }


def _headline(trial: StabilityTrial) -> str:
    if trial.status == "unclear":
        return open_headline(trial.trial, "stability", trial.why)
    if trial.kind == "never_learned":
        share = percent(max(trial.learned, 0.0))
        return f"Trial {trial.trial} never learned: {share} of the usual way"
    share = percent(trial.fraction or 0.0)
    if trial.kind:
        words = {
            "nan": f"broke for good at {share} of its steps",
            "diverged": f"{_fell(trial)} at {share} of its steps{_lasting(trial)}",
            "diverged_recovered": f"broke at {share} of its steps and went on",
            "repeated": f"broke {len(trial.drops)} times, first at {share} of its steps",
        }
        return f"Trial {trial.trial} {words[trial.kind]}"
    if trial.hidden:
        return f"Trial {trial.trial}: {TRAIN_LOSS} spiked at {share} of its steps, unseen"
    return f"Trial {trial.trial} shows no instability in {trial.evaluations} evaluations"


def _message(result: Stability, trial: StabilityTrial) -> str:
    if trial.status == "unclear":
        return open_message(trial.trial, "whether it was stable", trial.why)
    if not trial.kind:
        return _stable_message(result, trial)
    share = percent(trial.fraction or 0.0)
    at = f"step {trial.step:,} ({share} of the length)"
    learned = f"{percent(max(trial.learned, 0.0))} of the way that a quarter of the trials came"
    sentences = {
        "nan": f"broke: {trial.broken or 'its loss'} is not finite from {at} on",
        "diverged": f"{_fell(trial)} at {at} and did not recover",
        "diverged_recovered": f"broke at {at} and {_recovery(trial)}",
        "repeated": f"broke {len(trial.drops)} times, first at {at}",
        "never_learned": f"never learned: at its best it came {learned}",
    }
    message = f"Trial {trial.trial} {sentences[trial.kind]}."
    if trial.beyond:
        return f"{message} Its rate lies well above the best, which this does not hold down."
    if trial.shared:
        return (
            f"{message} {plural(trial.shared, 'other trial')} broke at the same share of the "
            "length: the schedule may do this."
        )
    return f"{message}{_size(trial)}"


def _fell(trial: StabilityTrial) -> str:
    return "got worse" if trial.ended else "diverged"


def _lasting(trial: StabilityTrial) -> str:
    return " and did not recover" if trial.ended else ""


def _recovery(trial: StabilityTrial) -> str:
    if any(drop.recovered is None for drop in trial.drops):
        return "had not recovered all of it at its end"
    return "recovered"


def _stable_message(result: Stability, trial: StabilityTrial) -> str:
    if trial.hidden:
        steps = join([f"{step:,}" for step in trial.hidden])
        return (
            f"Trial {trial.trial}: its {TRAIN_LOSS} spiked between evaluations, which do not show "
            f"it (step {steps})."
        )
    spikes = (
        f" {plural(trial.spikes, 'short spike')} recovered at the next evaluation."
        if trial.spikes
        else ""
    )
    return f"Trial {trial.trial}: its {result.metric} and its losses show no instability.{spikes}"


def _size(trial: StabilityTrial) -> str:
    if not trial.drops:
        return ""
    size = min(1.0, max(drop.size for drop in trial.drops))
    most = "all" if size == 1.0 else percent(size)
    return f" It lost {most} of its gain, the first quarter left aside."


def _advice(trial: StabilityTrial) -> str:
    if trial.status == "unclear":
        return settled_by(trial.why)
    if trial.status == "ok" or (trial.status == "notice" and trial.kind):
        return ""
    if trial.kind == "never_learned":
        return "Look at its learning rate first: it may be far too high or far too low."
    if trial.early or (trial.hidden and not trial.kind):
        return "Try a longer warmup first, then gradient clipping."
    if trial.shared:
        return "Look at what the schedule does there before warmup or clipping."
    if not trial.norms:
        return "Log `grad_norm`, then clip gradients just above their usual norm."
    return "Clip gradients just above their usual norm."

"""Which trials were unstable: how, when, and whether they recovered.

Axes: E evaluations, T trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...finding import Finding, Severity
from ...playbook.catalogue import known
from ...study import Study
from ...wording import join, percent, plural
from ..thresholds import StabilityThresholds
from ..views.aligned import Aligned, aligned, binned
from ..views.curves import TRAIN_LOSS, TrialCurves
from ..views.progress import Progress, flat, progress
from .stability_curves import (
    Drop,
    Instability,
    Kind,
    hidden_spikes,
    instability,
    not_finite,
    not_finite_series,
    shared_drops,
)
from .stability_limit import StabilityLimit, stability_limit
from .stability_limit import findings as limit_findings

SHIPPED = StabilityThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class StabilityTrial:
    """How stable one trial was.

    Args:
        why: Why that cannot be judged; empty where it can.
        kind: How it was unstable; empty where it was not.
        fraction: Where it became unstable first, as a share of the full length.
        early: Whether that was before the end of warmup, or in the first tenth.
        lost: What of the gain was lost at the end, over all series; NaN where not known.
        learned: How far it came at its best on the way from where training begins to what a
            quarter of the study reaches; NaN where not known.
        spikes: Drops that recovered at the next evaluation.
        hidden: Steps of training losses that spiked between evaluations.
        shared: How many other trials dropped at the same share of the length, where they are many.
        broken: The series that is not finite from `step` on; empty where none is.
        norms: Whether it logged gradient norms.
    """

    trial: int
    status: Severity
    why: str = ""
    kind: Kind = ""
    step: int | None = None
    fraction: float | None = None
    early: bool | None = None
    drops: tuple[Drop, ...] = ()
    lost: float = math.nan
    learned: float = math.nan
    spikes: int = 0
    hidden: tuple[int, ...] = ()
    shared: int = 0
    evaluations: int = 0
    broken: str = ""
    norms: bool = True


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


def stability(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: StabilityThresholds = SHIPPED
) -> Stability:
    """How stable each trial was, and whether instability holds the best learning rate down.

    Source: C4, D1, D3, D4.
    """
    with np.errstate(all="ignore"):
        series = [aligned(trial) for trial in curves]
        progresses = zip(progress(series), progress(series, TRAIN_LOSS), strict=True)
        trials = [
            _trial(trial, aligned_curves, pair, thresholds)
            for trial, aligned_curves, pair in zip(curves, series, progresses, strict=True)
        ]
    drops_T = [[] if one.early else [drop.fraction for drop in one.drops] for one in trials]
    shared_T = shared_drops(drops_T, thresholds)
    trials = [replace(one, shared=shared) for one, shared in zip(trials, shared_T, strict=True)]
    unstable = {trial.trial: trial.status == "problem" for trial in trials}
    return Stability(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=tuple(trials),
        limit=stability_limit(study, curves, unstable, thresholds=thresholds),
    )


def _trial(
    trial: TrialCurves,
    curves: Aligned,
    progresses: tuple[Progress, Progress],
    thresholds: StabilityThresholds,
) -> StabilityTrial:
    learned = progresses[0].best
    step = not_finite(trial, exploded=thresholds.exploded)
    if step is not None or (trial.infeasible and trial.record.reason in ("nan", "diverged")):
        kind: Kind = "diverged" if trial.record.reason == "diverged" else "nan"
        last = max(trial.record.steps - 1, 0)
        symptoms = Instability(kind=kind, step=last if step is None else step)
        return _unstable(trial, symptoms, curves, learned, thresholds)
    if trial.infeasible:
        because = trial.record.reason or "no reason given"
        return _unclear(trial, f"it is infeasible ({because})", curves)
    if len(curves) < thresholds.min_evaluations:
        return _without_evaluations(trial, curves, thresholds)
    return _of_curves(trial, curves, progresses, thresholds)


def _of_curves(
    trial: TrialCurves,
    curves: Aligned,
    progresses: tuple[Progress, Progress],
    thresholds: StabilityThresholds,
) -> StabilityTrial:
    learned = progresses[0].best
    alone = instability(curves, trial.max_steps, thresholds)
    symptoms = _beside_others(curves, alone, progresses, thresholds)
    if symptoms.kind == "diverged" and not symptoms.drops and TRAIN_LOSS not in curves.names:
        return _unclear(
            trial,
            f"its {trial.metric} got worse little by little, and without {TRAIN_LOSS} that may be "
            "overfitting",
            curves,
        )
    hidden = tuple(hidden_spikes(trial, curves, thresholds))
    if symptoms.kind:
        return _unstable(trial, replace(symptoms, hidden=hidden), curves, learned, thresholds)
    if not math.isfinite(learned) and flat(curves):
        because = f"its {trial.metric} never left the level of its start by more than its noise"
        return _unclear(trial, because, curves)
    return StabilityTrial(
        trial=trial.id,
        status="notice" if hidden else "ok",
        step=hidden[0] if hidden else None,
        fraction=(hidden[0] + 1) / max(1, trial.max_steps) if hidden else None,
        lost=symptoms.lost,
        learned=learned,
        spikes=symptoms.spikes,
        hidden=hidden,
        evaluations=len(curves),
    )


def _beside_others(
    curves: Aligned,
    symptoms: Instability,
    progresses: tuple[Progress, Progress],
    thresholds: StabilityThresholds,
) -> Instability:
    """The symptoms with what others of the study show: there was more to learn, or to keep."""
    objective, losses = progresses
    min_learned = thresholds.min_learned
    # The last series is the training loss, where there is one.
    falling = float(np.mean(np.diff(curves.levels_SxE[-1]) < 0.0))
    if falling >= thresholds.steady:
        return symptoms
    if objective.best < min_learned:
        # Drops of what is hardly a gain say little.
        return replace(symptoms, kind="never_learned", step=int(curves.steps_E[0]), drops=())
    if not symptoms.kind and objective.end < min_learned and losses.end < min_learned:
        best = int(curves.levels_SxE[0].argmin())
        return replace(symptoms, kind="diverged", step=int(curves.steps_E[best]))
    return symptoms


def _unstable(
    trial: TrialCurves,
    symptoms: Instability,
    curves: Aligned,
    learned: float,
    thresholds: StabilityThresholds,
) -> StabilityTrial:
    fraction = ((symptoms.step or 0) + 1) / max(1, trial.max_steps)
    return StabilityTrial(
        trial=trial.id,
        status="problem",
        kind=symptoms.kind,
        step=symptoms.step,
        fraction=fraction,
        early=fraction <= _beginning(trial, thresholds.early),
        drops=symptoms.drops,
        lost=symptoms.lost,
        learned=learned,
        spikes=symptoms.spikes,
        hidden=symptoms.hidden,
        evaluations=len(curves),
        broken=not_finite_series(trial) if symptoms.kind == "nan" else "",
        norms=len(trial.gradient_norm) > 0,
    )


def _unclear(trial: TrialCurves, why: str, curves: Aligned) -> StabilityTrial:
    return StabilityTrial(trial=trial.id, status="unclear", why=why, evaluations=len(curves))


def _without_evaluations(
    trial: TrialCurves, curves: Aligned, thresholds: StabilityThresholds
) -> StabilityTrial:
    """Judges by the training loss alone: it can show an instability, not that there is none."""
    losses = binned(TRAIN_LOSS, trial.train_loss)
    if len(losses) >= thresholds.min_evaluations:
        symptoms = instability(losses, trial.max_steps, thresholds)
        if symptoms.kind:
            return _unstable(trial, symptoms, curves, math.nan, thresholds)
    few = plural(len(curves), "evaluation") if len(curves) else f"no {trial.metric}"
    healthy = (
        f", while its {TRAIN_LOSS} looks healthy"
        if len(losses) >= thresholds.min_evaluations
        else ""
    )
    return _unclear(trial, f"it has {few}{healthy}", curves)


def _beginning(trial: TrialCurves, early: float) -> float:
    """The end of warmup as a share of the full length; `early` where no setting says it."""
    for name, value in trial.record.setting.items():
        entry = known(name, trial.names)
        if entry is None or isinstance(value, bool | str):
            continue
        if entry.name == "warmup_fraction":
            return max(float(value), early / 10)
        if entry.name == "warmup_steps":
            return max(float(value) / max(1, trial.max_steps), early / 10)
    return early


def findings(result: Stability) -> list[Finding]:
    """One finding for each trial, and one on the learning rate.

    Source: C4, D1, D3, D4, D6, D9, D11.
    """
    return [
        *(
            Finding(
                rule="D1" if trial.kind else "D4" if trial.hidden else "C4",
                check="stability",
                status=trial.status,
                subject={"study": result.study, "trial": trial.trial},
                message=_message(result, trial),
                evidence=_evidence(result, trial),
                advice=_advice(trial),
                kind=trial.kind,
            )
            for trial in result.trials
        ),
        *limit_findings(result.limit),
    ]


def _evidence(result: Stability, trial: StabilityTrial) -> Mapping[str, object]:
    thresholds = result.thresholds
    confidence = {
        "problem": thresholds.confidence_flagged,
        "notice": thresholds.confidence_flagged,
        "ok": thresholds.confidence_ok,
    }
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
        "evaluations": trial.evaluations,
        "confidence": confidence.get(trial.status),
    }


def _message(result: Stability, trial: StabilityTrial) -> str:
    if trial.status == "unclear":
        return f"Trial {trial.trial}: whether it was stable is open, since {trial.why}."
    if not trial.kind:
        return _stable_message(result, trial)
    share = percent(trial.fraction or 0.0)
    at = f"step {trial.step:,} ({share} of the length)"
    learned = f"{percent(max(trial.learned, 0.0))} of the way that a quarter of the trials came"
    sentences = {
        "nan": f"broke: {trial.broken or 'its loss'} is not finite from {at} on",
        "diverged": f"diverged at {at} and did not recover",
        "diverged_recovered": f"broke at {at} and {_recovery(trial)}",
        "repeated": f"broke {len(trial.drops)} times, first at {at}",
        "never_learned": f"never learned: at its best it came {learned}",
    }
    message = f"Trial {trial.trial} {sentences[trial.kind]}{_size(trial)}."
    if trial.shared:
        message += (
            f" {plural(trial.shared, 'other trial')} broke at the same share of the length: "
            "the schedule may do this."
        )
    return message


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
    size = max(drop.size for drop in trial.drops)
    return f" (lost {percent(size)} of what it had gained after the first quarter of its way)"


def _advice(trial: StabilityTrial) -> str:
    if trial.status not in ("problem", "notice"):
        return ""
    if trial.kind == "never_learned":
        return (
            "Look at its learning rate first: far too high or far too low (D2). Repair "
            "optimization before trying anything else (D11)."
        )
    if trial.early:
        return "It broke early: try a longer warmup first, then gradient clipping (D6, D7, D9)."
    if trial.shared:
        return "Look at what the schedule does there (D1), before warmup or clipping (D6)."
    log = "" if trial.norms else "log `grad_norm`, unclipped, first; then "
    return (
        f"It broke in mid-training: {log}try gradient clipping at the 90th percentile of the "
        "logged gradient norms (D6, D9), a lower learning rate only last."
    )

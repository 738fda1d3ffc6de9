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
    broken_series,
    hidden_spikes,
    instability,
    not_finite,
)
from .stability_limit import StabilityLimit, feasible_edge
from .stability_limit import findings as edge_findings

SHIPPED = StabilityThresholds()
# Heuristic: a first tenth, where no warmup says how long the beginning is.
_EARLY = 0.1
# Heuristic: drops of so many trials within a hundredth of the length are the schedule's.
_SHARED = 3
_NEAR = 0.01
# Heuristic: a loss that falls at four of five evaluations is slow, not stuck.
_STEADY = 0.8


@final
@dataclass(frozen=True, kw_only=True)
class StabilityTrial:
    """How stable one trial was.

    Args:
        why: Why that cannot be judged; empty where it can.
        kind: How it was unstable; empty where it was not.
        fraction: Where it broke first, as a share of the full length.
        early: Whether that was before the end of warmup, or in the first tenth.
        lost: What of the gain was lost at the end, over all series; NaN where not known.
        learned: How far it came at its best on the way from where training begins to what a
            quarter of the study reaches; NaN where not known.
        spikes: Drops that recovered at the next evaluation.
        hidden: Steps of training losses that spiked between evaluations.
        shared: How many other trials broke at the same share of the length, where they are many.
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
    """How stable the trials of a study were, by trial id."""

    study: str
    metric: str
    max_steps: int
    thresholds: StabilityThresholds
    trials: tuple[StabilityTrial, ...]
    edge: StabilityLimit


def stability(
    study: Study, traces: Sequence[TrialCurves], *, thresholds: StabilityThresholds = SHIPPED
) -> Stability:
    """How stable each trial was, and whether instability holds the best learning rate down.

    Source: C4, D1, D3, D4.
    """
    with np.errstate(all="ignore"):
        curves = [aligned(trace) for trace in traces]
        ways = zip(progress(curves), progress(curves, TRAIN_LOSS), strict=True)
        found = [
            _trial(trace, curve, way, thresholds)
            for trace, curve, way in zip(traces, curves, ways, strict=True)
        ]
    found = _with_shared(found)
    unstable = {one.trial: one.status == "problem" for one in found}
    return Stability(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=tuple(found),
        edge=feasible_edge(study, traces, unstable),
    )


def _trial(
    trace: TrialCurves,
    curves: Aligned,
    ways: tuple[Progress, Progress],
    thresholds: StabilityThresholds,
) -> StabilityTrial:
    learned = ways[0].best
    broken = not_finite(trace)
    if broken is not None or (trace.infeasible and trace.record.reason in ("nan", "diverged")):
        kind: Kind = "diverged" if trace.record.reason == "diverged" else "nan"
        return _unstable(trace, Instability(kind=kind, step=_last(trace, broken)), curves, learned)
    if trace.infeasible:
        because = trace.record.reason or "no reason given"
        return _unclear(trace, f"it is infeasible ({because})", curves)
    if len(curves) < thresholds.min_evaluations:
        return _without_evaluations(trace, curves, thresholds)
    return _of_curves(trace, curves, ways, thresholds)


def _of_curves(
    trace: TrialCurves,
    curves: Aligned,
    ways: tuple[Progress, Progress],
    thresholds: StabilityThresholds,
) -> StabilityTrial:
    learned = ways[0].best
    found = _beside_others(
        curves, instability(curves, trace.max_steps, thresholds), ways, thresholds.min_learned
    )
    if found.kind == "diverged" and not found.drops and TRAIN_LOSS not in curves.names:
        return _unclear(
            trace,
            f"its {trace.metric} got worse little by little, and without {TRAIN_LOSS} that may be "
            "overfitting",
            curves,
        )
    hidden = tuple(hidden_spikes(trace, curves, thresholds))
    if found.kind:
        return _unstable(trace, replace(found, hidden=hidden), curves, learned)
    if not math.isfinite(learned) and flat(curves):
        because = f"its {trace.metric} never left the level of its start by more than its noise"
        return _unclear(trace, because, curves)
    return StabilityTrial(
        trial=trace.trial,
        status="notice" if hidden else "ok",
        step=hidden[0] if hidden else None,
        fraction=(hidden[0] + 1) / max(1, trace.max_steps) if hidden else None,
        lost=found.lost,
        learned=learned,
        spikes=found.spikes,
        hidden=hidden,
        evaluations=len(curves),
    )


def _beside_others(
    curves: Aligned, found: Instability, ways: tuple[Progress, Progress], min_learned: float
) -> Instability:
    """With what others of the study show: that there was more to learn, or to keep."""
    objective, losses = ways
    if _steady(curves):
        return found
    if objective.best < min_learned:
        # Drops of what is hardly a gain say little.
        return replace(found, kind="never_learned", step=int(curves.steps_E[0]), drops=())
    if not found.kind and objective.end < min_learned and losses.end < min_learned:
        best = int(curves.levels_SxE[0].argmin())
        return replace(found, kind="diverged", step=int(curves.steps_E[best]))
    return found


def _last(trace: TrialCurves, broken: int | None) -> int:
    return max(trace.record.steps - 1, 0) if broken is None else broken


def _unstable(
    trace: TrialCurves, found: Instability, curves: Aligned, learned: float
) -> StabilityTrial:
    fraction = ((found.step or 0) + 1) / max(1, trace.max_steps)
    return StabilityTrial(
        trial=trace.trial,
        status="problem",
        kind=found.kind,
        step=found.step,
        fraction=fraction,
        early=fraction <= _beginning(trace),
        drops=found.drops,
        lost=found.lost,
        learned=learned,
        spikes=found.spikes,
        hidden=found.hidden,
        evaluations=len(curves),
        broken=broken_series(trace) if found.kind == "nan" else "",
        norms=len(trace.gradient_norm) > 0,
    )


def _unclear(trace: TrialCurves, why: str, curves: Aligned) -> StabilityTrial:
    return StabilityTrial(trial=trace.trial, status="unclear", why=why, evaluations=len(curves))


def _without_evaluations(
    trace: TrialCurves, curves: Aligned, thresholds: StabilityThresholds
) -> StabilityTrial:
    """Judged by the training loss alone: it can show that a trial broke, not that it did not."""
    losses = binned(TRAIN_LOSS, trace.train_loss)
    if len(losses) >= thresholds.min_evaluations:
        found = instability(losses, trace.max_steps, thresholds)
        if found.kind:
            return _unstable(trace, found, curves, math.nan)
    few = plural(len(curves), "evaluation") if len(curves) else f"no {trace.metric}"
    healthy = (
        f", while its {TRAIN_LOSS} looks healthy"
        if len(losses) >= thresholds.min_evaluations
        else ""
    )
    return _unclear(trace, f"it has {few}{healthy}", curves)


def _beginning(trace: TrialCurves) -> float:
    """The end of warmup as a share of the full length; a tenth where no setting says it."""
    for name, value in trace.record.setting.items():
        entry = known(name)
        if entry is None or isinstance(value, bool | str):
            continue
        if entry.name == "warmup_fraction":
            return max(float(value), _EARLY / 10)
        if entry.name == "warmup_steps":
            return max(float(value) / max(1, trace.max_steps), _EARLY / 10)
    return _EARLY


def _steady(curves: Aligned) -> bool:
    """Whether the last series, the training loss where there is one, falls nearly all the way."""
    return float(np.mean(np.diff(curves.levels_SxE[-1]) < 0.0)) >= _STEADY


def _with_shared(found: Sequence[StabilityTrial]) -> list[StabilityTrial]:
    """With how many others dropped at the same share of the length, where they are many."""
    drops_T = [[] if one.early else [drop.fraction for drop in one.drops] for one in found]
    fractions = np.sort(np.array([at for drops in drops_T for at in drops]))
    # By chance, drops anywhere in the run would meet here less than a third as often.
    enough = max(_SHARED, 6 * _NEAR * len(fractions))
    shared = []
    for drops in drops_T:
        low, high = (np.searchsorted(fractions, np.array(drops) + by) for by in (-_NEAR, _NEAR))
        most = int((high - low).max(initial=0))
        shared.append(most - 1 if most >= enough else 0)
    return [replace(one, shared=others) for one, others in zip(found, shared, strict=True)]


def findings(result: Stability) -> list[Finding]:
    """One finding a trial, and one on the learning rate.

    Source: C4, D1, D3, D4, D6, D9, D11.
    """
    return [
        *(
            Finding(
                rule="D1" if one.kind else "D4" if one.hidden else "C4",
                check="stability",
                status=one.status,
                subject={"study": result.study, "trial": one.trial},
                message=_said(result, one),
                evidence=_evidence(result, one),
                advice=_advice(one),
                kind=one.kind,
            )
            for one in result.trials
        ),
        *edge_findings(result.edge),
    ]


def _evidence(result: Stability, one: StabilityTrial) -> Mapping[str, object]:
    thresholds = result.thresholds
    confidence = {
        "problem": thresholds.confidence_flagged,
        "notice": thresholds.confidence_flagged,
        "ok": thresholds.confidence_ok,
    }
    return {
        "trials": [one.trial],
        "kind": one.kind,
        "step": one.step,
        "fraction": one.fraction,
        "early": one.early,
        "drops": [vars(drop) for drop in one.drops],
        "lost": one.lost,
        "learned": one.learned,
        "single_spikes": one.spikes,
        "hidden_spikes": list(one.hidden),
        "shared_with": one.shared,
        "evaluations": one.evaluations,
        "confidence": confidence.get(one.status),
    }


def _said(result: Stability, one: StabilityTrial) -> str:
    if one.status == "unclear":
        return f"Trial {one.trial}: whether it was stable is open, since {one.why}."
    if not one.kind:
        return _calm(result, one)
    share = percent(one.fraction or 0.0)
    at = f"step {one.step:,} ({share} of the length)"
    learned = f"{percent(max(one.learned, 0.0))} of the way that a quarter of the trials came"
    sentences = {
        "nan": f"broke: {one.broken or 'its loss'} is not finite from {at} on",
        "diverged": f"diverged at {at} and did not recover",
        "diverged_recovered": f"broke at {at} and {_recovery(one)}",
        "repeated": f"broke {len(one.drops)} times, first at {at}",
        "never_learned": f"never learned: at its best it came {learned}",
    }
    message = f"Trial {one.trial} {sentences[one.kind]}{_size(one)}."
    if one.shared:
        message += (
            f" {plural(one.shared, 'other trial')} broke at the same share of the length: "
            "the schedule may do this."
        )
    return message


def _recovery(one: StabilityTrial) -> str:
    if any(drop.recovered is None for drop in one.drops):
        return "had not recovered all of it at its end"
    return "recovered"


def _calm(result: Stability, one: StabilityTrial) -> str:
    if one.hidden:
        steps = join([f"{step:,}" for step in one.hidden])
        return (
            f"Trial {one.trial}: its {TRAIN_LOSS} spiked between evaluations, which do not show "
            f"it (step {steps})."
        )
    spikes = (
        f" {plural(one.spikes, 'short spike')} recovered at the next evaluation."
        if one.spikes
        else ""
    )
    return f"Trial {one.trial}: its {result.metric} and its losses show no instability.{spikes}"


def _size(one: StabilityTrial) -> str:
    if not one.drops:
        return ""
    size = max(drop.size for drop in one.drops)
    return f" (lost {percent(size)} of what it had gained after the first quarter of its way)"


def _advice(one: StabilityTrial) -> str:
    if one.status not in ("problem", "notice"):
        return ""
    if one.kind == "never_learned":
        return (
            "Look at its learning rate first: far too high or far too low (D2). Repair "
            "optimization before trying anything else (D11)."
        )
    if one.early:
        return "It broke early: try a longer warmup first, then gradient clipping (D6, D7, D9)."
    if one.shared:
        return "Look at what the schedule does there (D1), before warmup or clipping (D6)."
    log = "" if one.norms else "log `grad_norm`, unclipped, first; then "
    return (
        f"It broke in mid-training: {log}try gradient clipping at the 90th percentile of the "
        "logged gradient norms (D6, D9), a lower learning rate only last."
    )

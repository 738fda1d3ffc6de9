"""Whether one trial was unstable, and how, beside the others of its study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from ...finding import Severity
from ...wording import plural
from ..statistics.once import blocks
from ..thresholds import StabilityThresholds
from ..views.aligned import Aligned, binned, by_noise, ending
from ..views.curves import TRAIN_LOSS, TrialCurves, infeasible_because
from ..views.progress import Progress, flat, progress
from ..views.why import CLEAR, Cause, Why
from .not_finite import not_finite, not_finite_series
from .stability_curves import (
    Drop,
    Instability,
    Kind,
    instabilities,
    instability,
    typical_noise,
)
from .stability_spikes import hidden_spikes


@final
@dataclass(frozen=True, kw_only=True)
class StabilityTrial:
    """How stable one trial was.

    Args:
        why: Why that cannot be judged; empty where it can.
        kind: How it was unstable; empty where it was not.
        fraction: Where it became unstable first, as a share of the full length.
        early: Whether that was in the first tenth.
        lost: What of the gain was lost at the end, over all series; NaN where not known.
        learned: How far it came at its best on the way from where training begins to what a
            quarter of the study reaches; NaN where not known.
        spikes: Drops that recovered at the next evaluation.
        hidden: Steps of training losses that spiked between evaluations.
        shared: How many other trials dropped at the same share of the length, where they are many.
        broken: The series that is not finite from `step` on; empty where none is.
        norms: Whether it logged gradient norms.
        ended: Whether it trained to its end: of such a one nothing says that it diverged.
        beyond: Whether it broke at a rate so far above the best that this holds nothing down.
    """

    trial: int
    status: Severity
    why: Why = CLEAR
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
    ended: bool = False
    beyond: bool = False

    @property
    def broke(self) -> bool:
        """Whether training broke: one that never learned anything broke nothing."""
        return self.kind not in ("", "never_learned")


@final
@dataclass(frozen=True)
class Others:
    """What the trials of the study show of one of them.

    Args:
        objective: How far it came in the objective, as a share of the way that others went.
        losses: The same by the training loss.
        noise: The noise that is typical of each series.
        alone: What it shows by itself; None where it has few evaluations.
    """

    objective: Progress
    losses: Progress
    noise: Mapping[str, float]
    alone: Instability | None = None


def others(trials: Sequence[tuple[Aligned, int]], thresholds: StabilityThresholds) -> list[Others]:
    """What the study shows of each trial: of its curves, with its `max_steps`.

    Source: D1.
    """
    series = [curves for curves, _ in trials]
    noise = typical_noise(series, thresholds)
    alone = [one for block in blocks(trials) for one in instabilities(block, thresholds, noise)]
    each = zip(progress(series), progress(series, TRAIN_LOSS), alone, strict=True)
    return [Others(objective, losses, noise, alone) for objective, losses, alone in each]


def stability_trial(
    trial: TrialCurves, curves: Aligned, study: Others, thresholds: StabilityThresholds
) -> StabilityTrial:
    """How stable one trial was.

    Source: C4, D1, D4.
    """
    learned = study.objective.best
    step = not_finite(trial, exploded=thresholds.exploded)
    if step is not None or (trial.infeasible and trial.record.reason in ("nan", "diverged")):
        kind: Kind = "diverged" if trial.record.reason == "diverged" else "nan"
        last = max(trial.record.steps - 1, 0)
        symptoms = Instability(kind=kind, step=last if step is None else step)
        return _unstable(trial, symptoms, curves, learned, thresholds)
    if why := infeasible_because(trial):
        return _unclear(trial, why, curves)
    if len(curves) < thresholds.min_evaluations:
        return _without_evaluations(trial, curves, thresholds)
    return _of_curves(trial, curves, study, thresholds)


def _of_curves(
    trial: TrialCurves, curves: Aligned, study: Others, thresholds: StabilityThresholds
) -> StabilityTrial:
    learned = study.objective.best
    assert study.alone is not None
    symptoms = _beside_others(curves, study.alone, study, thresholds)
    if symptoms.kind == "diverged" and not symptoms.drops and TRAIN_LOSS not in curves.names:
        because = (
            f"its {trial.own_metric} got worse little by little, and without "
            f"{trial.called(TRAIN_LOSS)} that may be overfitting"
        )
        return _unclear(trial, Why("no_train_loss", because), curves)
    hidden = tuple(hidden_spikes(trial, curves, thresholds))
    if symptoms.kind:
        return _unstable(trial, replace(symptoms, hidden=hidden), curves, learned, thresholds)
    if not math.isfinite(learned) and flat(curves) and not hidden:
        because = f"its {trial.own_metric} never left the level of its start by more than its noise"
        return _unclear(trial, Why("flat", because), curves)
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
    curves: Aligned, symptoms: Instability, study: Others, thresholds: StabilityThresholds
) -> Instability:
    """The symptoms with what others of the study show: there was more to learn, or to keep."""
    min_learned = thresholds.min_learned
    # The last series is the training loss, where there is one.
    falling = float(np.mean(np.diff(curves.levels_SxE[-1]) < 0.0))
    if falling >= thresholds.steady:
        return symptoms
    if study.objective.best < min_learned and _learns_late(curves, thresholds):
        # Slow, or stuck at first: it learns yet.
        return symptoms
    if study.objective.best < min_learned:
        # Drops of what is hardly a gain say little.
        return replace(symptoms, kind="never_learned", step=int(curves.steps_E[0]), drops=())
    stuck = study.objective.end < min_learned and study.losses.end < min_learned
    if not symptoms.kind and stuck:
        best = int(curves.levels_SxE[0].argmin())
        return replace(symptoms, kind="diverged", step=int(curves.steps_E[best]))
    return symptoms


def _learns_late(curves: Aligned, thresholds: StabilityThresholds) -> bool:
    """Whether every series ends near its lowest, further below its start than noise goes."""
    for row_E in curves.levels_SxE:
        gain = float(row_E[0] - row_E.min())
        lost = ending(row_E) - float(row_E.min())
        if lost > thresholds.min_learned * gain or gain < thresholds.min_beyond * by_noise(row_E):
            return False
    return True


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
        early=symptoms.kind != "never_learned" and fraction <= thresholds.early,
        drops=symptoms.drops,
        lost=symptoms.lost,
        learned=learned,
        spikes=symptoms.spikes,
        hidden=symptoms.hidden,
        evaluations=len(curves),
        broken=not_finite_series(trial) if symptoms.kind == "nan" else "",
        norms=len(trial.gradient_norm) > 0,
        ended=trial.record.status == "completed",
    )


def _unclear(trial: TrialCurves, why: Why, curves: Aligned) -> StabilityTrial:
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
    few = plural(len(curves), "evaluation") if len(curves) else f"no {trial.own_metric}"
    kind: Cause = "too_short" if len(curves) else "no_metric"
    looks = f", while its {trial.called(TRAIN_LOSS)} looks healthy"
    healthy = looks if len(losses) >= thresholds.min_evaluations else ""
    return _unclear(trial, Why(kind, f"it has {few}{healthy}"), curves)

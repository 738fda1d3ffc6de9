"""Regime: whether longer training keeps helping at the most steps that are affordable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from ...analyze.analysis import Analysis
from ...analyze.checks.still_improving import StillImprovingTrial, still_improving
from ...design.studies import studies
from ...experiment.objective import Objective
from ...playbook.metrics import TRAIN_LOSS, known_metrics
from ...record import Record
from ...train.metrics import FULL_LOSS
from ...wording import number, percent
from ..base import Round
from .full_fit import FullFit
from .late_fall import LateFall, late_fall

Regime: TypeAlias = Literal["compute_bound", "not_compute_bound", "unclear"]


@final
@dataclass(frozen=True, kw_only=True)
class RegimeEvidence:
    """The regime, and what it rests on in a sentence of at most 20 words.

    Args:
        has_turned: Whether the training loss stands still, so that no length fits it.
    """

    regime: Regime
    because: str
    has_turned: bool = False


def training_objective(record: Record, fit: FullFit | None) -> Objective | None:
    """By what a training is judged on its training set; None where nothing of it was logged.

    Source: T1, T7.
    """
    metrics = record.points.metrics
    if FULL_LOSS in metrics:
        return Objective(FULL_LOSS)
    by_known = {known: name for name, known in known_metrics(metrics).items()}
    if TRAIN_LOSS in metrics or TRAIN_LOSS in by_known:
        return Objective(by_known.get(TRAIN_LOSS, TRAIN_LOSS))
    if fit is not None and fit.metric in metrics:
        return Objective(fit.metric, fit.maximize)
    return None


# The last fifth, as C9 has it.
_LATE = 0.2
# Heuristic: a curve that flattens gains less than this share of all it gained in the last fifth; a
# straight one gains a fifth.
_FLAT = 0.05
# Heuristic: what falls by less than this share of itself in the last fifth stands still; a power
# law as slow as the 40th root of the steps falls by more.
_SLIGHT = 0.005


def regime_without_fit(
    played: Round, record: Record, fit: FullFit | None, *, at_edge: bool = False
) -> RegimeEvidence:
    """The regime where no rate fits the training set, by the training that comes nearest to it.

    Compute-bound is what still gains at its end, on the training set and on validation data;
    what stands still on the training set is not, and cannot be fitted either. Where it falls but
    slightly, higher rates that came no lower say so too: they go further in as many steps.

    Args:
        played: The round of the training.
        record: The training.
        fit: What counts as a full fit.
        at_edge: Whether no higher or no lower rate was tried.

    Source: T1, T13, C9.
    """
    steps = played.experiment.max_steps
    training = training_objective(record, fit)
    if training is None:
        why = "nothing of the training set was logged, so whether it would be fitted later is open"
        return RegimeEvidence(regime="unclear", because=why)
    learned = _late(played, record, training)
    late = late_fall(played, record, training)
    lateness = late.status() if late is not None else "stands"
    if (learned.status == "ok" and lateness == "stands") or _is_slight(learned):
        return _standing(training.metric, learned, steps, at_edge=at_edge)
    if learned.status != "notice" and lateness != "falls":
        # Noise hides it, by one measure or by both.
        why = f"whether `{training.metric}` still falls after {steps:,} steps is open"
        because = f"{why}: {learned.why}" if learned.status == "unclear" else why
        return RegimeEvidence(regime="unclear", because=because)
    gain = f"`{training.metric}` still fell by {number(learned.gain, 2)} in its last fifth"
    if learned.status != "notice" and late is not None:
        gain = f"`{training.metric}` fell by {_share(late)} of itself since its middle"
    if _is_learned(played, record):
        why = f"{gain}, while `{played.experiment.metric}` no longer improves"
        return RegimeEvidence(regime="unclear", because=why)
    return RegimeEvidence(regime="compute_bound", because=gain)


def _share(late: LateFall) -> str:
    since = late.since_middle
    return f"{percent(since.share)} ± {percent(since.error)}"


def _is_learned(played: Round, record: Record) -> bool:
    """Whether nothing more is gained on validation data, and the best lies behind."""
    objective = played.experiment.objective
    if _late(played, record, objective).status != "ok":
        return False
    late = late_fall(played, record, objective)
    if late is not None and late.status() == "falls":
        return False
    best = record.best(objective.metric, maximize=objective.maximize)
    return best is None or best.step < (1 - _LATE) * played.experiment.max_steps


def _is_slight(trial: StillImprovingTrial) -> bool:
    return trial.status == "notice" and trial.gain < _SLIGHT * abs(trial.end)


def _standing(
    metric: str, trial: StillImprovingTrial, steps: int, *, at_edge: bool
) -> RegimeEvidence:
    """What stands still: not compute-bound where it flattened, and a higher rate came no lower."""
    why = f"`{metric}` no longer falls after {steps:,} steps"
    if trial.status == "notice":
        share = percent(trial.gain / abs(trial.end))
        why = f"`{metric}` fell by no more than {share} of itself in its last fifth"
    if at_edge or (trial.status == "notice" and not trial.share < _FLAT):
        return RegimeEvidence(regime="unclear", because=f"{why}: perhaps it has hardly begun")
    return RegimeEvidence(regime="not_compute_bound", because=why, has_turned=True)


def _late(played: Round, record: Record, objective: Objective) -> StillImprovingTrial:
    """What one training gained at its end, by another metric than the round's."""
    experiment = replace(played.experiment, metric=objective.metric, maximize=objective.maximize)
    judged = studies(experiment)
    analysis = Analysis(experiment, judged, played.records)
    study = next(one for one in judged if one.name == record.study)
    trials = analysis.result(study, still_improving).trials
    return next(trial for trial in trials if trial.trial == record.id)

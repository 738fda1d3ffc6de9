"""Which trials overfit, by their validation loss and by the metric, the best one and the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from ...finding import Finding, Severity, Words
from ...playbook.catalogue import Names, known
from ...record import Record
from ...study import Study
from ...wording import number, percent, plural, study_text
from ..statistics.curve_shape import level_drift
from ..statistics.once import ahead, blocks
from ..thresholds import OverfittingThresholds
from ..views.aligned import Aligned, aligned, ending, gained, levelled
from ..views.curves import TRAIN_LOSS, VALID_LOSS, TrialCurves
from ..views.outcomes import ranked
from ..views.why import cause, open_headline, open_message, settled_by
from .overfitting_turn import Turn, overfitting_turn

SHIPPED = OverfittingThresholds()
_WORST: tuple[Severity, ...] = ("problem", "unclear", "ok")


@final
@dataclass(frozen=True, kw_only=True)
class OverfittingTrial:
    """Whether one trial overfits; `best` says whether it is the best of its study.

    Args:
        metrics: What the training calls its metrics, by the names of the turns.
    """

    trial: int
    best: bool
    by_loss: Turn
    by_metric: Turn
    metrics: Mapping[str, str] = field(default_factory=dict)

    def called(self, name: str) -> str:
        """What the training calls the series of a turn."""
        return self.metrics.get(name, name)

    @property
    def status(self) -> Severity:
        """The worse of the two."""
        return min((self.by_loss.status, self.by_metric.status), key=_WORST.index)


@final
@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """Which trials of a study overfit, by trial id.

    Args:
        selection: Whether something that trains less may have been chosen because it overfits less
            (C7), and by which hyperparameter or length; `hidden_by` names it.
    """

    study: str
    metric: str
    max_steps: int
    thresholds: OverfittingThresholds
    trials: tuple[OverfittingTrial, ...]
    selection: Severity
    hidden_by: str = ""


def overfitting(
    study: Study, curves: Sequence[TrialCurves], *, thresholds: OverfittingThresholds = SHIPPED
) -> Overfitting:
    """Which trials' validation got worse at the end than at its best while training went on.

    Source: C6, C7.
    """
    best_first = ranked([trial.outcome for trial in curves])
    best = best_first[0].trial if best_first else None
    with np.errstate(all="ignore"):
        trials = tuple(
            _trial(trial, one, best, thresholds)
            for block in blocks(curves)
            for trial, one in zip(block, _aligned(block), strict=True)
        )
    records = [trial.record for trial in curves]
    selection, hidden_by = _selection(trials, records, thresholds.min_others, study.names)
    return Overfitting(
        study=study.name,
        metric=study.metric,
        max_steps=study.max_steps,
        thresholds=thresholds,
        trials=trials,
        selection=selection,
        hidden_by=hidden_by,
    )


def _aligned(trials: Sequence[TrialCurves]) -> list[Aligned]:
    """The evaluations of trials, their levels computed for all of them together."""
    curves = [aligned(trial) for trial in trials]
    rows = [row_E for one in curves for row_E in one.levels_SxE]
    ahead((levelled, ending), rows)
    ahead((gained, level_drift), (levelled(row_E)[0] for row_E in rows if len(row_E)))
    return curves


def _trial(
    trial: TrialCurves, curves: Aligned, best: int | None, thresholds: OverfittingThresholds
) -> OverfittingTrial:
    return OverfittingTrial(
        trial=trial.id,
        best=trial.id == best,
        by_loss=overfitting_turn(trial, curves, VALID_LOSS, thresholds),
        by_metric=overfitting_turn(trial, curves, trial.metric, thresholds),
        metrics=trial.metrics,
    )


def _selection(
    trials: Sequence[OverfittingTrial], records: Sequence[Record], min_others: int, names: Names
) -> tuple[Severity, str]:
    """Whether the best trial may be best because it trains less than those that overfit."""
    judged = [trial for trial in trials if trial.status != "unclear"]
    best = [trial for trial in judged if trial.best]
    others = [trial for trial in judged if not trial.best]
    if not best or len(others) < min_others:
        return "unclear", ""
    overfit = {trial.trial for trial in others if trial.status == "problem"}
    if best[0].status == "problem" or 2 * len(overfit) <= len(others):
        return "ok", ""
    winner = next(record for record in records if record.id == best[0].trial)
    rest = [record for record in records if record.id in overfit]
    trained = [_trained(record, names) for record in rest]
    for name, value in _trained(winner, names).items():
        others_levels = [levels[name] for levels in trained if name in levels]
        # Below nine of ten of those that overfit, it trains less than they do.
        below = sum(value < other for other in others_levels)
        if len(others_levels) >= min_others and below >= 0.9 * len(others_levels):
            return "notice", name
    return "ok", ""


def _trained(record: Record, names: Names) -> dict[str, float]:
    """How much a trial trains, by name: its steps and its learning rate."""
    levels = {"steps": float(record.steps)}
    for name, value in record.setting.items():
        entry = known(name, names)
        rate = entry is not None and entry.name == "learning_rate"
        if rate and isinstance(value, int | float) and not isinstance(value, bool):
            levels[name] = float(value)
    return levels


def findings(result: Overfitting) -> list[Finding]:
    """One finding for each trial, and one on how the best was chosen.

    Source: C6, C7.
    """
    of_trials = [
        Finding.of_trial(
            result,
            trial,
            _words,
            rule="C6" if trial.best else "C7",
            check="overfitting",
            kind=_kind(trial),
        )
        for trial in result.trials
    ]
    return [*of_trials, _selection_finding(result)]


def _words(result: Overfitting, trial: OverfittingTrial) -> Words:
    confidence, of_trials = _confidence(result.thresholds, trial)
    return Words(
        headline=_headline(trial),
        message=_message(trial),
        evidence={
            "trials": [trial.trial],
            "best": trial.best,
            "by_loss": trial.by_loss.status,
            "by_metric": trial.by_metric.status,
            "loss": vars(trial.by_loss),
            "metric": vars(trial.by_metric),
            "confidence": confidence,
            "confidence_trials": of_trials,
        },
        advice=_advice(trial),
    )


def _confidence(
    thresholds: OverfittingThresholds, trial: OverfittingTrial
) -> tuple[Mapping[str, float | None], Mapping[str, int | None]]:
    """The share of labelled trials that were called so and are so, and of how many."""
    by_loss = {
        "problem": (
            thresholds.confidence_flagged_by_loss,
            thresholds.confidence_flagged_by_loss_trials,
        ),
        "ok": (thresholds.confidence_ok_by_loss, thresholds.confidence_ok_by_loss_trials),
    }
    by_metric = {
        "problem": (
            thresholds.confidence_flagged_by_metric,
            thresholds.confidence_flagged_by_metric_trials,
        ),
        "ok": (thresholds.confidence_ok_by_metric, thresholds.confidence_ok_by_metric_trials),
    }
    loss = by_loss.get(trial.by_loss.status, (None, None))
    metric = by_metric.get(trial.by_metric.status, (None, None))
    return (
        {"by_loss": loss[0], "by_metric": metric[0]},
        {"by_loss": loss[1], "by_metric": metric[1]},
    )


def _turns(trial: OverfittingTrial) -> list[Turn]:
    """By loss and by metric; once where the metric is the loss."""
    same = trial.by_loss.name == trial.by_metric.name
    return [trial.by_loss] if same else [trial.by_loss, trial.by_metric]


def _open_turn(trial: OverfittingTrial) -> Turn | None:
    """The turn that leaves it open: the metric's, where it has one; None where none does."""
    unclear = [turn for turn in _turns(trial) if turn.status == "unclear"]
    # Without a validation loss the metric alone decides what can be said.
    return unclear[-1] if unclear and trial.status == "unclear" else None


def _kind(trial: OverfittingTrial) -> str:
    turn = _open_turn(trial)
    return cause(turn.why) if turn is not None else ""


def _headline(trial: OverfittingTrial) -> str:
    who = f"Trial {trial.trial}" + (", best of its study," if trial.best else "")
    turned = [turn for turn in _turns(trial) if turn.status == "problem"]
    if turned:
        turn = turned[0]
        worse = f"{number(turn.best, 3)} to {number(turn.end, 3)}"
        return f"{who} overfits from step {turn.best_step:,}: `{trial.called(turn.name)}` {worse}"
    if (turn_open := _open_turn(trial)) is not None:
        return open_headline(trial.trial, "overfitting", turn_open.why)
    return f"{who} does not overfit"


def _message(trial: OverfittingTrial) -> str:
    who = f"Trial {trial.trial}" + (", best of its study," if trial.best else "")
    turns = _turns(trial)
    turned = [turn for turn in turns if turn.status == "problem"]
    if turned:
        turn = turned[0]
        both = f" {trial.called(turned[1].name)} does too." if len(turned) == 2 else ""
        both = both or _contrast(trial)
        return (
            f"{who} overfits: while {trial.called(TRAIN_LOSS)} fell on, its "
            f"{trial.called(turn.name)} went from {number(turn.best, 3)} at step "
            f"{turn.best_step:,} to {number(turn.end, 3)}.{both}"
        )
    if (turn_open := _open_turn(trial)) is not None:
        return open_message(trial.trial, "whether it overfits", turn_open.why)
    if turns[0].why:
        return f"{who} does not overfit: {turns[0].why}."
    return f"{who} does not overfit: {' and '.join(_end_clause(trial, turn) for turn in turns)}."


def _contrast(trial: OverfittingTrial) -> str:
    unharmed = [turn for turn in _turns(trial) if turn.status == "ok"]
    return f" Its {trial.called(unharmed[0].name)} does not suffer." if unharmed else ""


def _end_clause(trial: OverfittingTrial, turn: Turn) -> str:
    name, best = trial.called(turn.name), number(turn.best, 3)
    return f"{name} ends at {number(turn.end, 3)}, its best level is {best}"


def _advice(trial: OverfittingTrial) -> str:
    if (turn := _open_turn(trial)) is not None:
        return settled_by(turn.why)
    if trial.status != "problem" or not trial.best:
        return ""
    return (
        "Run it again with more regularization (dropout, label smoothing, weight decay) before "
        "comparing."
    )


def _selection_finding(result: Overfitting) -> Finding:
    overfit = [trial.trial for trial in result.trials if trial.status == "problem"]
    judged = sum(trial.status != "unclear" for trial in result.trials)
    headline, message = _selection_words(result, len(overfit), judged)
    return Finding(
        rule="C7",
        check="overfitting",
        status=result.selection,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={"trials": overfit, "judged": judged, "hidden_by": result.hidden_by},
        advice="Compare again with more regularization for all trials."
        if result.selection == "notice"
        else "",
        kind="few_trials" if result.selection == "unclear" else "",
    )


def _selection_words(result: Overfitting, overfit: int, judged: int) -> tuple[str, str]:
    study = study_text(result.study)
    if result.selection == "notice":
        share = percent(overfit / judged)
        return (
            f"The best of {study} may win by training less: {share} overfit",
            f"Of {plural(judged, 'trial')} of {study}, {share} overfit. The best one does not, but "
            f"has less {result.hidden_by}: it may be best because it trains less.",
        )
    if result.selection == "unclear":
        return (
            f"What chose the best of {study} is open: {plural(judged, 'trial')} judged",
            f"Too few trials of {study} can be judged to say what chose the best.",
        )
    return (
        f"The best of {study} was not chosen for training less",
        f"Of {plural(judged, 'trial')} of {study}, {overfit} overfit: nothing suggests that the "
        "best was chosen because it trains less.",
    )

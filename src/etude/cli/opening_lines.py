"""What is said of a round before its first trial: mistakes, how it trains, and what it costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ..advise.edits import next_name
from ..design.known_names import taken_for, taken_line
from ..event import Rehearsed, Unrestored
from ..experiment import Experiment
from ..experiment.methods import SEARCHES
from ..playbook.error_kinds import last_line
from ..round.changed_code import ChangedFile
from ..round.observer import Opening
from ..study import Study
from ..wording import conjunction, duration, join, quantity
from .data_lines import data_lines
from .output import finding_lines


def opening_lines(opening: Opening, *, verbose: bool = False) -> list[str]:
    """What is wrong with the design, how trials are trained and what the round will cost.

    Whether trials train in stacks is said where they do; `verbose` says why not, too.
    """
    # Of notices, what would spend the trials otherwise than was meant is told as well.
    shown = [one for one in opening.findings if one.status == "problem" or one.check == "lists"]
    lines = [line for finding in shown for line in finding_lines(finding)]
    returned = opening.rehearsed.returned if opening.rehearsed else ""
    unread, names = unread_line(opening), names_line(opening)
    changed = changed_code_line(opening)
    known = prior_line(opening.experiment, opening.studies)
    choice = opening.choice if opening.is_stacked or verbose else ""
    lost = lost_checkpoints_line(opening)
    notes = [changed, lost, choice, known, unread, names, returned]
    notes += [opening.rehearsed.unrepeated if opening.rehearsed else ""]
    notes += data_lines(opening.rehearsed)
    return [*lines, *filter(None, notes), estimate_line(opening)]


def unrestored_line(event: Unrestored) -> str:
    """That a trial does not go on from its checkpoint, and what becomes of it."""
    what = f"Trial {event.trial_id}: its checkpoint of step {event.step}"
    if event.detail:
        return f"{what} could not be loaded, though it is as it was written; the trial waits."
    return (
        f"{what} is not as it was written, so the trial goes on from the one before, or from "
        "step 0."
    )


def lost_checkpoints_line(opening: Opening) -> str:
    """That checkpoints are gone, and what becomes of their trials; empty where none is."""
    lost = opening.lost_checkpoints
    if not lost:
        return ""
    trials = join([str(trial) for trial in lost], most=8)
    if len(lost) == 1:
        what = f"The last checkpoint of trial {trials} is gone, so it goes"
    else:
        what = f"The last checkpoints of trials {trials} are gone, so they go"
    return f"{what} on from the one before, or from step 0."


def changed_code_line(opening: Opening) -> str:
    """Which files changed since trials ended, and what that means; empty where none did.

    Source: K3.
    """
    changed = [one for one in opening.changed_code if opening.accepts_code or not one.accepted]
    if not changed:
        return ""
    name = opening.new_name or next_name(opening.experiment.name)
    what = join([_changed_file(one, alone=len(changed) == 1) for one in changed], most=3)
    since = f"since {quantity(max(one.trials for one in changed), 'trial')} ended"
    lines = _lines_text(changed[0].lines) if len(changed) == 1 else ""
    verb = "is gone" if all(one.gone for one in changed) else "changed"
    if len(changed) > 1 and verb == "is gone":
        verb = "are gone"
    way_out = (
        "They are kept, as you accept with --accept-code."
        if opening.accepts_code
        else f'They are kept. New name: `name = "{name}"`; or accept it: --accept-code.'
    )
    return f"{what} {verb} {since}{lines}. {way_out}"


def _changed_file(one: ChangedFile, *, alone: bool) -> str:
    return f"`{one.path}`" if alone else f"`{one.path}`{_lines_text(one.lines)}"


def _lines_text(lines: int | None) -> str:
    return f" ({quantity(lines, 'line')})" if lines else ""


def prior_line(experiment: Experiment, studies: Sequence[Study]) -> str:
    """How much a search that adapts knows of earlier rounds; empty where there was none to ask.

    Source: X1.
    """
    if not SEARCHES[experiment.search].adaptive or experiment.parent is None:
        return ""
    counts = Counter(one.experiment for study in studies for one in study.prior)
    if counts:
        rounds = [f"{quantity(count, 'trial')} of `{name}`" for name, count in counts.items()]
        return f"`{experiment.search}` begins with {conjunction(rounds)} (X1)."
    return (
        f"`{experiment.search}` learns nothing from `{experiment.parent}` and the rounds before "
        "it: none of their trials has its metric, length, train function, fixed values and "
        "hyperparameters."
    )


def unread_line(opening: Opening) -> str:
    """The hyperparameters that the tried trial did not read; empty where it read all."""
    rehearsal = opening.rehearsed
    if rehearsal is None or not rehearsal.unread:
        return ""
    names = ", ".join(f"`{name}`" for name in rehearsal.unread)
    return (
        f"Nothing read {names} when trial {rehearsal.trial_id} was tried. If the rest of a trial "
        "does not either, its value makes no difference: `etude check` tells then."
    )


def names_line(opening: Opening) -> str:
    """What names are taken for, said when a trial was tried; empty where nothing is to be said."""
    if opening.rehearsed is None:
        return ""
    return taken_line(taken_for(opening.experiment, opening.rehearsed.metrics))


def estimate_line(opening: Opening) -> str:
    """What the round will cost, from two steps of one trial or from the trials that ended."""
    planned = sum(study.max_trials for study in opening.studies)
    adapts = opening.experiment.schedule or SEARCHES[opening.experiment.search].adaptive
    more = max(0, planned - len(opening.records)) if adapts else 0
    waiting = more + sum(opening.records.count(status) for status in ("pending", "paused"))
    ended = [record for record in opening.records if record.ended]
    at_once = f"{opening.slots} at once" if opening.slots > 1 else "one at a time"
    at_once += f" ({opening.why})" if opening.why else ""
    if ended and not waiting:
        return f"Nothing is left to train: {quantity(len(ended), 'trial')} ended before."
    if ended:
        return f"Going on: {quantity(len(ended), 'trial')} ended before, {waiting} left, {at_once}."
    trials = f"{quantity(waiting, 'trial')}, {at_once}."
    return f"{trials} {_cost_sentences(opening, waiting)}"


def _cost_sentences(opening: Opening, waiting: int) -> str:
    """What trials that nothing is known of yet will cost, by the one that was tried."""
    rehearsal, experiment = opening.rehearsed, opening.experiment
    if rehearsal is None or rehearsal.problem:
        problem = (last_line(rehearsal.problem) if rehearsal else "") or "no reason given"
        tried = rehearsal.trial_id if rehearsal else 0
        return f"Two steps of trial {tried} failed, so the cost is unknown: {problem}"
    in_turn = math.ceil(waiting / opening.slots)
    if rehearsal.whole_s:
        total = duration(rehearsal.whole_s * in_turn)
        return f"One was tried whole, in {_milli(rehearsal.whole_s)}. About {total} in all."
    if rehearsal.own_loop and rehearsal.step_s <= 0.0:
        return "What was tried tells no time per step: the cost is unknown until a trial has ended."
    trial_s = (
        rehearsal.setup_s
        + experiment.max_steps * rehearsal.step_s
        + min(experiment.evaluations, experiment.max_steps) * rehearsal.evaluation_s
    )
    total = duration(trial_s * (waiting / opening.pace if opening.pace else in_turn))
    return (
        f"Two steps of one were tried: {_milli(rehearsal.step_s)} a step, "
        f"{_evaluation(rehearsal)}. {'At most' if experiment.schedule else 'About'} {total} in all."
    )


def is_cost_unknown(tried: Rehearsed | None) -> bool:
    """Whether what was tried does not tell what the round will cost."""
    return tried is not None and tried.own_loop and not (tried.step_s or tried.whole_s)


def _evaluation(rehearsal: Rehearsed) -> str:
    if rehearsal.own_loop:  # one that tells no evaluation from a step
        return "evaluations included"
    return f"{_milli(rehearsal.evaluation_s)} an evaluation"


def _milli(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else duration(seconds)

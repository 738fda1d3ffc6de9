"""The progress table: one screen, one row a study, quiet."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..advise.edits import next_name
from ..design.known_names import taken_for, taken_line
from ..event import Ended, Event, Logged, Rehearsed, Unrestored
from ..experiment import Experiment
from ..experiment.methods import SEARCHES
from ..record import Record
from ..round.changed_code import ChangedFile
from ..round.observer import Opening
from ..study import Study
from ..text import signs
from ..wording import FULL_DIGITS, conjunction, duration, join, number, quantity
from .data_lines import data_lines
from .output import finding_lines
from .tally import Tally
from .terminal import printable

# As many rows as a low screen has.
_MOST_ROWS = 20
# What the table names of the trials that a study runs.
_MOST_RUNNING = 4


@final
class Progress:
    """An observer that draws a table on a terminal, and a line now and then elsewhere.

    Args:
        console: Where to.
        every_s: Seconds between two lines where there is no terminal.
    """

    def __init__(self, console: Console, *, every_s: float = 15.0) -> None:
        """Shows nothing before the round begins."""
        self._console = console
        self._every_s = every_s
        self._live: Live | None = None
        self._last_line_s = time.monotonic()
        self._notes: set[str] = set()

    def begin(self, opening: Opening) -> None:
        """Says what is wrong with the design and what two steps cost, and shows the table."""
        self._opening = opening
        self._objective = opening.experiment.objective
        self._tally = Tally()
        for record in opening.records:
            self._know(record)
        tried = opening.rehearsed
        self._is_cost_unknown = _is_cost_unknown(tried)
        self._has_told = bool(tried and tried.returned)
        for line in opening_lines(opening):
            # Of the rounds of a series one says what all have in common.
            if line not in self._notes:
                self.say(line)
        self._notes |= {unread_line(opening), names_line(opening)}
        self._notes |= {*data_lines(opening.rehearsed)}
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._table, refresh_per_second=4
            )
            self._live.start()

    def see(self, events: Sequence[Event]) -> None:
        """Takes the events in."""
        for event in events:
            self._take(event)
        is_due = time.monotonic() - self._last_line_s > self._every_s
        # What the rehearsal could not tell, the first trial does.
        tells_cost = self._is_cost_unknown and self._tally.ended > 0
        self._is_cost_unknown = self._is_cost_unknown and not tells_cost
        if self._live is None and (is_due or tells_cost):
            self._last_line_s = time.monotonic()
            self.say(self._line())

    def end(self) -> None:
        """Leaves the last state of the table on the screen."""
        if self._live is not None:
            self._live.stop()
        else:
            self.say(self._line())

    def say(self, text: str) -> None:
        """Prints a text as it is: no name in it is markup, and none acts on the terminal."""
        self._console.print(Text(printable(text)))

    def _know(self, record: Record) -> None:
        """Counts a trial as it stood before the round went on."""
        self._tally.know(record.id, record.study, record.status, losses=record.losses)
        if not record.ended:
            return
        self._tally.end(record.wall_s)
        experiment = self._opening.experiment
        best = record.best(experiment.metric, maximize=experiment.maximize)
        if best is not None:
            self._tally.of(record.id).take(record.id, self._objective.loss(best.value))

    def _take(self, event: Event) -> None:
        self._tally.take(event)
        if isinstance(event, Unrestored):
            self.say(unrestored_line(event))
        elif isinstance(event, Ended):
            self._tell(event.returned)
        elif isinstance(event, Logged):
            self._log(event)

    def _tell(self, returned: str) -> None:
        """Says once what was returned and does not count: a rehearsal may not come so far."""
        if returned and not self._has_told:
            self._has_told = True
            self.say(returned)

    def _log(self, event: Logged) -> None:
        metric = self._opening.experiment.metric
        self._tally.steps[event.trial_id] = event.rows[-1][0] + 1
        losses = [self._objective.loss(value) for _, name, value in event.rows if name == metric]
        if finite := [loss for loss in losses if math.isfinite(loss)]:
            self._tally.of(event.trial_id).take(event.trial_id, min(finite))

    def _shown(self) -> tuple[list[Study], int]:
        """The studies that have a row, those with trials that run first, and how many have none."""
        studies = self._opening.studies
        if len(studies) <= _MOST_ROWS:
            return list(studies), 0
        running = [one for one in studies if self._tally.study(one.name).running]
        idle = [one for one in studies if not self._tally.study(one.name).running]
        return [*running, *idle][:_MOST_ROWS], len(studies) - _MOST_ROWS

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        metric = self._opening.experiment.metric
        studies, more = self._shown()
        rows = [self._row(study.name, study.max_trials) for study in studies]
        stopped = any(row["stopped"] for row in rows)
        for column in ("study", "ended", "infeasible", "stopped", f"best {metric}", "running"):
            if column != "stopped" or stopped:
                table.add_column(Text(signs.line(column)))
        for row in rows:
            cells = [
                Text(signs.line(str(cell)))
                for name, cell in row.items()
                if name != "stopped" or stopped
            ]
            table.add_row(*cells)
        table.caption = f"And {more} more studies. " * bool(more) + self._remaining()
        table.caption_justify = "left"
        return table

    def _row(self, study: str, max_trials: int) -> dict[str, str | int]:
        known = self._tally.study(study)
        count, leader = known.counts, known.leader
        ended = _ended(count)
        best = "-"
        if leader is not None:
            best = f"{number(self._objective.value(leader[0]), FULL_DIGITS)} (trial {leader[1]})"
        # A table is drawn from its own thread, while trials begin and end.
        running = [
            f"{trial} ({self._tally.steps.get(trial, 0):,})"
            for trial in sorted(known.running)[:_MOST_RUNNING]
        ]
        return {
            "study": study,
            "ended": f"{ended}/{max(max_trials, count.total())}",  # forks come on top
            "infeasible": count["infeasible"],
            "stopped": count["stopped"],
            "best": best,
            "running": " ".join(running),
        }

    def _line(self) -> str:
        parts = []
        studies, more = self._shown()
        for study in studies:
            row = self._row(study.name, study.max_trials)
            stopped = f"{row['stopped']} stopped, " if row["stopped"] else ""
            parts.append(
                f"{row['study']}: {row['ended']} ended, {row['infeasible']} infeasible, {stopped}"
                f"best {row['best']}"
            )
        rest = f"; and {more} more studies" if more else ""
        return f"{'; '.join(parts)}{rest}. {self._remaining()}"

    def _remaining(self) -> str:
        waiting = self._tally.waiting({one.name: one.max_trials for one in self._opening.studies})
        if waiting == 0:
            return "All trials have ended."
        if not self._tally.ended:
            return f"{quantity(waiting, 'trial')} left."
        mean_s = self._tally.wall_s / self._tally.ended
        left_s = mean_s * math.ceil(waiting / self._opening.slots)
        return f"{quantity(waiting, 'trial')} left, about {duration(left_s)}."


def opening_lines(opening: Opening) -> list[str]:
    """What is wrong with the design, how trials are trained and what the round will cost."""
    # Of notices, what would spend the trials otherwise than was meant is told as well.
    shown = [one for one in opening.findings if one.status == "problem" or one.check == "lists"]
    lines = [line for finding in shown for line in finding_lines(finding)]
    returned = opening.rehearsed.returned if opening.rehearsed else ""
    unread, names = unread_line(opening), names_line(opening)
    changed = changed_code_line(opening)
    known = prior_line(opening.experiment, opening.studies)
    notes = [changed, opening.choice, known, unread, names, returned]
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
        lines = rehearsal.problem.splitlines() if rehearsal else []
        problem = lines[-1] if lines else "no reason given"
        tried = rehearsal.trial_id if rehearsal else 0
        return f"Two steps of trial {tried} failed, so the cost is unknown: {problem}"
    in_turn = math.ceil(waiting / opening.slots)
    if rehearsal.whole_s:
        total = duration(rehearsal.whole_s * in_turn)
        return f"One was tried whole, in {_milli(rehearsal.whole_s)}. About {total} in all."
    if rehearsal.own_loop and rehearsal.step_s <= 0.0:
        return "The loop is not `trial.steps()`, so the cost is unknown until a trial has ended."
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


def _is_cost_unknown(tried: Rehearsed | None) -> bool:
    return tried is not None and tried.own_loop and not (tried.step_s or tried.whole_s)


def _evaluation(rehearsal: Rehearsed) -> str:
    if rehearsal.own_loop:  # one that tells no evaluation from a step
        return "evaluations included"
    return f"{_milli(rehearsal.evaluation_s)} an evaluation"


def _milli(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else duration(seconds)


def _ended(count: Mapping[str, int]) -> int:
    return count["completed"] + count["stopped"] + count["infeasible"]

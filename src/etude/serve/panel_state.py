"""Panel state: what the live panel shows of an experiment, kept up to date by trials that changed.

It holds a few numbers a trial and the curves that are drawn, so that ten thousand trials are small.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np

from ..experiment import Experiment
from ..record import Record
from ..study import Study
from ..text.signs import bounded, line
from ..wording import FULL_DIGITS, number

# Heuristic: a curve of more points looks the same at the width of a panel.
MAX_POINTS: Final = 80
# More lines, or rows, are not read at a glance; the page has all of them.
MAX_CURVES: Final = 12
MAX_RUNNING: Final = 12
MAX_STUDIES: Final = 24
_NAME: Final = 100


@final
@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a trial: its loss is the least so far, infinite without one."""

    study: str
    status: str
    loss: float
    wall_s: float
    points: int


@final
class PanelState:
    """The trials of an experiment, as far as the panel shows them.

    Attributes:
        ended: How many trials ended.
        last: What happened last, a sentence.
        last_s: When, Unix seconds; 0 before anything did.
    """

    def __init__(self, experiment: Experiment, studies: Sequence[Study]) -> None:
        """Knows no trial yet."""
        self._experiment, self._objective = experiment, experiment.objective
        self._most = {study.name: study.max_trials for study in studies}
        self._known: dict[int, _Known] = {}
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._running: dict[int, dict[str, Any]] = {}
        self._curves: dict[int, list[list[float]]] = {}
        # The best that ended, who leads again where one that runs breaks, by study.
        self._ended_best: dict[str, tuple[float, int]] = {}
        self._leaders: dict[str, tuple[float, int] | None] = {}
        self._wall_s = 0.0
        self.ended = 0
        self.last, self.last_s, self._last_is_end = "", 0.0, False

    def begin(self, records: Iterable[Record]) -> None:
        """Takes the trials as they stand when somebody begins to look."""
        for record in records:
            self._take(record)

    def take(self, record: Record, now_s: float) -> None:
        """Takes a trial that changed, and says what happened to it."""
        before = self._known.get(record.id)
        leader = self._leader(record.study)
        self._take(record)
        text = self._event(record, before, leader)
        # Of all that one look sees, an end says more than a beginning or a report.
        is_said = self._last_is_end and self.last_s == now_s
        if text and (record.ended or not is_said):
            self.last, self.last_s, self._last_is_end = text, now_s, record.ended

    def _take(self, record: Record) -> None:
        before = self._known.get(record.id)
        if before is not None:
            self._count(before, -1)
        best = record.best(self._objective.metric, maximize=self._objective.maximize)
        loss = self._objective.loss(best.value) if best is not None else math.inf
        after = _Known(
            study=record.study,
            status=record.status,
            loss=math.inf if record.status == "infeasible" else loss,
            wall_s=record.wall_s,
            points=len(record.points.rows_P),
        )
        self._known[record.id] = after
        self._count(after, 1)
        self._lead(record.id, after)
        self._draw(record)

    def _count(self, known: _Known, sign: int) -> None:
        self._counts[known.study][known.status] += sign
        if known.status in ("completed", "stopped", "infeasible"):
            self.ended += sign
            self._wall_s += sign * known.wall_s

    def _lead(self, trial: int, after: _Known) -> None:
        """Keeps the leader of a study; where it fell behind, all of its trials are compared."""
        leader = self._leader(after.study)
        if leader is not None and leader[1] == trial and after.loss > leader[0]:
            known = self._known.items()
            losses = [(trial.loss, id_) for id_, trial in known if trial.study == after.study]
            self._leaders[after.study] = _finite(min(losses, default=None))
        elif after.loss < (math.inf if leader is None else leader[0]):
            self._leaders[after.study] = (after.loss, trial)

    def _leader(self, study: str) -> tuple[float, int] | None:
        return self._leaders.get(study)

    def _leading(self) -> set[int]:
        """The best trial of each study that has one."""
        return {leader[1] for leader in self._leaders.values() if leader is not None}

    def _draw(self, record: Record) -> None:
        leader = self._leader(record.study)
        is_leader = leader is not None and leader[1] == record.id
        if record.status == "running":
            self._running[record.id] = self._row(record)
        else:
            self._running.pop(record.id, None)
        loss, best = self._known[record.id].loss, self._ended_best.get(record.study)
        ends_best = record.status != "running" and loss < (math.inf if best is None else best[0])
        if ends_best:
            self._ended_best[record.study] = (loss, record.id)
        if record.status == "running" or is_leader or ends_best:
            self._curves[record.id] = curve(record, self._objective.metric)
        ended = {trial for _, trial in self._ended_best.values()}
        for trial in self._curves.keys() - self._leading() - self._running.keys() - ended:
            del self._curves[trial]

    def _row(self, record: Record) -> dict[str, Any]:
        rows_P = record.points.rows_P
        last = int(rows_P["step"].max()) + 1 if len(rows_P) else 0
        series = record.series(self._objective.metric)
        value = float(series.values_P[-1]) if len(series) else None
        return {
            "trial": record.id,
            "study": _shown(record.study),
            "step": max(record.steps, last),
            "of": record.until_step or self._experiment.max_steps,
            "value": "" if value is None else number(value, FULL_DIGITS),
        }

    def _event(
        self, record: Record, before: _Known | None, leader: tuple[float, int] | None
    ) -> str:
        who = f"Trial {record.id}"
        if before is None or before.status != record.status:
            return self._status_text(record, who, leader)
        if before.points >= len(record.points.rows_P):
            return ""
        row = self._running.get(record.id, {})
        value = f" {row['value']}" if row.get("value") else ""
        return f"{who} reported{value} at step {row['step']:,}" if row else ""

    def _status_text(self, record: Record, who: str, leader: tuple[float, int] | None) -> str:
        if record.status == "completed":
            known = self._known[record.id]
            if not math.isfinite(known.loss):
                return f"{who} ended without a value"
            value = number(self._objective.value(known.loss), FULL_DIGITS)
            is_best = leader is None or known.loss < leader[0] or leader[1] == record.id
            return f"{who} ended at {value}{', the best of its study' if is_best else ''}"
        if record.status == "infeasible":
            return f"{who} is infeasible ({_shown(record.reason) or 'no reason'})"
        texts = {
            "running": "began",
            "paused": "pauses",
            "stopped": f"was stopped ({_shown(record.reason) or 'no reason'})",
            "pending": "waits",
        }
        return f"{who} {texts[record.status]}"

    def message(self, now_s: float, *, is_running: bool) -> dict[str, Any]:
        """All that the panel shows, as JSON has it: names are text of one line."""
        studies = list(dict.fromkeys([*self._most, *self._counts]))
        running = list(self._running.values())
        left, left_s = self._left()
        return {
            "at": now_s,
            "experiment": _shown(self._experiment.name),
            "metric": _shown(self._objective.metric),
            "maximize": self._objective.maximize,
            "max_steps": self._experiment.max_steps,
            "running": is_running,
            "studies": [self._study(name) for name in studies[:MAX_STUDIES]],
            "more_studies": max(0, len(studies) - MAX_STUDIES),
            "trials": running[:MAX_RUNNING],
            "more_trials": max(0, len(running) - MAX_RUNNING),
            "ended": self.ended,
            "left": left,
            "left_s": left_s if is_running else None,
            "last": {"text": self.last, "at": self.last_s},
            "curves": self._shown_curves(),
        }

    def _study(self, name: str) -> dict[str, Any]:
        count, leader = self._counts[name], self._leaders.get(name)
        ended = count["completed"] + count["stopped"] + count["infeasible"]
        value = None if leader is None else self._objective.value(leader[0])
        return {
            "name": "the study" if name == "all" else _shown(name),
            "ended": ended,
            "of": max(self._most.get(name, 0), count.total()),  # forks come on top
            "infeasible": count["infeasible"],
            "stopped": count["stopped"],
            "running": count["running"],
            "best": "" if value is None else number(value, FULL_DIGITS),
            "trial": None if leader is None else leader[1],
        }

    def _left(self) -> tuple[int, float | None]:
        """The trials that are still to end, and seconds as the terminal estimates them."""
        active = sum(
            count[status]
            for count in self._counts.values()
            for status in ("pending", "running", "paused")
        )
        counts = self._counts
        unborn = sum(max(0, most - counts[name].total()) for name, most in self._most.items())
        # Of ended trials that were reopened, a rest of rounding may be left as their time.
        if not self.ended or self._wall_s <= 0.0 or not active + unborn:
            return active + unborn, None
        done = sum(min(1.0, row["step"] / max(1, row["of"])) for row in self._running.values())
        slots = max(1, len(self._running))
        return active + unborn, (active + unborn - done) * self._wall_s / self.ended / slots

    def _shown_curves(self) -> list[dict[str, Any]]:
        """The curves of what runs, then the best of each study."""
        studies = list(dict.fromkeys([*self._most, *self._counts]))
        running = [trial for trial in self._running if trial in self._curves][:MAX_CURVES]
        best = [trial for trial in sorted(self._leading() - set(running)) if trial in self._curves]
        return [
            {
                "trial": trial,
                "study": studies.index(self._known[trial].study),
                "running": trial in self._running,
                "points": self._curves[trial],
            }
            for trial in [*running, *best[:MAX_CURVES]]
            if self._curves[trial]
        ]


def curve(record: Record, metric: str) -> list[list[float]]:
    """The finite values of a metric by step, thinned to what a panel can show."""
    series = record.series(metric)
    is_finite_P = np.isfinite(series.values_P)
    steps_P, values_P = series.steps_P[is_finite_P], series.values_P[is_finite_P]
    places = np.unique(np.linspace(0, len(steps_P) - 1, min(len(steps_P), MAX_POINTS)).round())
    places = places.astype(int)
    pairs = zip(steps_P[places].tolist(), values_P[places].tolist(), strict=True)
    return [[step, _rounded(value)] for step, value in pairs]


def _rounded(value: float) -> float:
    """The same with the digits that a pixel has, as each is sent to each browser; never infinite.

    >>> _rounded(0.123456), _rounded(1.7976931348623157e308)
    (0.12346, 1.7976931348623157e+308)
    """
    short = float(f"{value:.5g}")
    return short if math.isfinite(short) else value


def _finite(leader: tuple[float, int] | None) -> tuple[float, int] | None:
    return leader if leader is not None and math.isfinite(leader[0]) else None


def _shown(text: str) -> str:
    """A name of others on one line of a length that a panel has room for."""
    return line(bounded(text, _NAME).replace("\n", " "))

"""The contract of a tracker: what it is told of a trial, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, final

from ..experiment import Experiment
from ..experiment.tracked_run import TrackedRun
from ..finding import Group
from ..record import Best, Record
from ..space import Scalar
from ..text.masking import masked_message
from ..text.secret_values import secret_values, without_values
from ..text.signs import text_of

# The last lines of a traceback say what it was; a tag of MLflow has room for 5,000 letters.
_DETAIL = 2000
# A line of a library that says more is read by nobody.
_LINE = 160
# A step, the name of a metric, and its value.
Row: TypeAlias = tuple[int, str, float]


class TrackerError(Exception):
    """A tracker that cannot be reached, or refuses what it is told: it is tried again."""


def reason(error: Exception) -> str:
    """What a library raised, in one line, without a secret and without its full stop."""
    lines = masked_message(text_of(error).strip()).splitlines() or [type(error).__name__]
    line = lines[0] if len(lines[0]) <= _LINE else f"{lines[0][:_LINE]}..."
    return line.rstrip(". ")


@final
@dataclass(frozen=True, kw_only=True)
class News:
    """A trial as it stands, and how far a tracker has it.

    Args:
        folder: The trial's own.
        is_opened: Whether the training opened the run itself, to log more.
        sent: How many of the trial's points the tracker has for sure.
        until: How many of them it is to have after this.
        mark: Where it has them, in its own words; empty before the first.
        is_void: Whether it has points that the trial has no more: a resumed trial trains from its
            checkpoint on again.
        is_unsure: Whether it may have more than the points that it has for sure.
        time_ms: When these points are handed over, Unix milliseconds.
    """

    run: TrackedRun
    experiment: Experiment
    record: Record
    parent: TrackedRun | None
    folder: Path
    is_opened: bool
    sent: int
    until: int
    mark: str
    is_void: bool
    is_unsure: bool
    time_ms: int

    def rows(self, begin: int = 0) -> Iterator[Row]:
        """The points from one place on, in the order in which they were logged."""
        points = self.record.points
        for step, code, value in points.rows_P[begin : self.until].tolist():
            yield step, points.names[code], value

    @property
    def is_whole(self) -> bool:
        """Whether the trial's last point is among these."""
        return self.until == len(self.record.points.rows_P)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes, for now at least."""
        return self.is_whole and (self.record.ended or self.record.status == "paused")

    @property
    def best(self) -> Best | None:
        """The value of the best checkpoint and its step; without checkpoints, the curve's best."""
        objective = self.experiment.objective
        saved = [
            (objective.loss(one.value), one.step, one.value)
            for one in self.record.checkpoints
            if one.value is not None and math.isfinite(one.value)
        ]
        if saved:
            _, step, value = min(saved)
            return Best(value, step)
        return self.record.best(objective.metric, maximize=objective.maximize)

    @property
    def roles(self) -> Mapping[str, str]:
        """The role of each hyperparameter of the setting."""
        known = {one.name: one.role for one in self.experiment.hyperparameters}
        return {name: known.get(name, "") for name in self.record.setting}

    @property
    def setting(self) -> Mapping[str, Scalar]:
        """The setting for those who read the tracker: a secret in it is masked."""
        secrets = self._secrets
        return {
            name: secrets.get(value, value) if isinstance(value, str) else value
            for name, value in self.record.setting.items()
        }

    @property
    def _secrets(self) -> Mapping[str, str]:
        fixed = [name for name, role in self.roles.items() if role == "fixed"]
        return secret_values([self.record.setting], fixed)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What is known of the trial beside its setting and its points; nothing is empty."""
        record, best = self.record, self.best
        given: dict[str, str | int | None] = {
            "experiment": self.run.experiment,
            "study": self.run.study,
            "trial": self.run.trial,
            "seed": record.seed,
            "status": record.status,
            "reason": record.reason,
            "detail": without_values(record.detail, self._secrets)[-_DETAIL:],
            "parent": None if self.parent is None else self.parent.id,
            "from_step": record.from_step,
            "best_step": None if best is None else best.step,
        }
        return {name: value for name, value in given.items() if value not in (None, "")}


@final
@dataclass(frozen=True)
class Sent:
    """How many of a trial's points a tracker has now, and its own word for where."""

    points: int
    mark: str


@final
@dataclass(frozen=True, kw_only=True)
class StudyNews:
    """The findings about one study; `run` is any of its trials'."""

    run: TrackedRun
    findings: Sequence[Group]

    @property
    def table(self) -> list[tuple[str, str, str, str, str]]:
        """A row for findings that say the same: rule, check, status, finding, advice."""
        firsts = [(one.first, one.message) for one in self.findings]
        return [
            (first.rule, first.check, first.status, message, first.advice)
            for first, message in firsts
        ]

    @property
    def markdown(self) -> str:
        """The table as text."""
        lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
        for row in self.table:
            cells = (cell.replace("|", r"\|").replace("\n", " ") for cell in row)
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


COLUMNS = ("rule", "check", "status", "finding", "advice")


class Tracker(Protocol):
    """Shows trials to people; one process writes to it, one run a trial."""

    def write(self, news: News) -> Sent:
        """Shows a trial as it stands, its points from `news.sent` on at least; each of them once.

        Raises:
            TrackerError: where that cannot be known to have worked; it is told again.
            InputError: for what a person has to change first.
        """

    def summarize(self, study: StudyNews) -> None:
        """Shows what was found about a study, in place of what was found before.

        Raises:
            TrackerError: as above.
        """

    def close(self) -> None:
        """Ends what is open, as far as that takes no long."""

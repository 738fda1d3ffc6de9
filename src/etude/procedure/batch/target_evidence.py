"""What the trainings to a target showed: each computed once, for the answer and its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from ...space import is_number
from .target_curve import Curve
from .target_plan import Question
from .target_rivals import rivals
from .target_study import SizeStudy, curve_of, noise, tells
from .target_table import OneOff, SizeRow, best_by, one_off, quickest, size_rows, table


@final
@dataclass(frozen=True)
class TargetEvidence:
    """Every result of the rounds to a target.

    Args:
        ask: What they were about.
        one_off_h: Hours that a change of the batch size costs once; None for none.
    """

    ask: Question
    one_off_h: float | None = None

    @cached_property
    def studies(self) -> list[SizeStudy]:
        """The batch sizes that were trained, the smallest first; the sweep where it alone was."""
        sweep = self.ask.sweep
        return self.ask.studies or ([sweep] if sweep.rate_rounds else [])

    @property
    def met(self) -> list[SizeStudy]:
        """Those of which a training met the target."""
        return [one for one in self.studies if one.has_met]

    @cached_property
    def noise(self) -> tuple[float, int]:
        """How far trainings of one rate scatter in their log steps, with degrees of freedom."""
        return noise(self.studies)

    @cached_property
    def curve(self) -> Curve:
        """Steps against batch size.

        Source: S8.
        """
        return curve_of(self.studies)

    @cached_property
    def is_critical_known(self) -> bool:
        """Whether the sizes tell the critical one: both regimes were seen."""
        return tells(self.curve, self.studies)

    @cached_property
    def rows(self) -> list[SizeRow]:
        """A row a feasible batch size, the smallest first."""
        return size_rows(self.ask.measured, self.studies, self.curve)

    @cached_property
    def best(self) -> dict[str, int | None]:
        """The best batch size by each column of the table."""
        return best_by(self.rows)

    @cached_property
    def quickest(self) -> SizeRow | None:
        """The batch size that seems to train quickest; None where no time is known."""
        return quickest(self.rows)

    @cached_property
    def rivals(self) -> list[int]:
        """Those that may train quicker than that by far, as badly as times per step are known."""
        if self.quickest is None:
            return []
        return rivals(self.ask.measured, self.rows, self.quickest)

    @property
    def choice(self) -> SizeRow | None:
        """The batch size to take: the quickest; None where that is not known."""
        return None if self.rivals else self.quickest

    @property
    def table(self) -> tuple[tuple[str, ...], ...]:
        """The rows as cells."""
        ask, projects = self.ask, self.is_critical_known
        return table(self.rows, self.best, ask.measured.device, ask.rate_name, projects=projects)

    @property
    def batch_size(self) -> int | None:
        """That of the configuration; None where it is no number."""
        own = self.ask.setting.get(self.ask.measured.name)
        return int(own) if is_number(own) else None

    @cached_property
    def one_off(self) -> OneOff | None:
        """What a change costs once, against what it saves a training."""
        if self.batch_size is None:
            return None
        return one_off(self.one_off_h, self.rows, self.batch_size, self.choice)

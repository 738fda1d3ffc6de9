"""The contract of cures: functions from what is known and a diagnosis to a round, or a result.

A cure asks for the rounds that it needs one by one; where all are there, or nothing more can be
trained, it says what came of it. It sees data alone, as every procedure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, final

from ...analyze.comparison import Comparison
from ...analyze.comparison.comparison import Answer as Compared
from ..base import Known, Setting, Step
from ..cost import Cost
from ..rates.diagnosis import Diagnosis

CureName: TypeAlias = Literal["warmup", "clipping", "optimizer", "architecture", "lower_rate"]


@final
@dataclass(frozen=True, kw_only=True)
class CureOutcome:
    """What came of a cure.

    Args:
        cure: Which it is.
        title: As a person reads it: `warmup over 100 steps`.
        notes: What was seen on the way, or why it was not compared: clauses of at most 20 words.
        setting: The whole configuration with the cure in it; empty where none was compared.
        changes: What of it the cure gave or changed.
        max_steps: The length of its trainings.
        by_length: Against the baseline at its own length, each by its best value (D8, K1).
        by_steps: Against the baseline trained as long as the cure: the one that counts.
        adds: What it adds in complexity, in a clause (A4).
        too_aggressive: Whether clipping was refused because it would cut most updates (D10).
        lower_rate_next: Whether a lower rate is tried instead, before the other cures (D10).
        rules: The rules behind it.

    Source: D6, D8, A4.
    """

    cure: CureName
    title: str
    notes: tuple[str, ...] = ()
    setting: Setting = field(default_factory=dict)
    changes: Setting = field(default_factory=dict)
    max_steps: int = 0
    by_length: Comparison | None = None
    by_steps: Comparison | None = None
    adds: str = ""
    too_aggressive: bool = False
    lower_rate_next: bool = False
    rules: tuple[str, ...] = ("D6",)

    @property
    def compared(self) -> Compared | None:
        """How it compares with the baseline at equal steps; None where it was not compared."""
        return self.by_steps.answer if self.by_steps is not None else None

    @property
    def is_stabilizing(self) -> bool:
        """Whether it lets the same optimizer train at rates that break without it.

        What another optimizer or a lower rate gains says nothing of what instability cost.

        Source: D1.
        """
        return self.cure in ("warmup", "clipping")

    @property
    def is_better(self) -> bool:
        """Whether it beats the baseline at equal steps."""
        return self.compared == "better" and not self.too_aggressive


@final
@dataclass(frozen=True, kw_only=True)
class CureOutcomes:
    """What came of all the cures that were tried.

    Args:
        tried: In their order, the last of them the first that was better.
        why: Why no cure was tried, or why no more were, in a sentence; empty elsewhere.

    Source: D1, D6.
    """

    tried: tuple[CureOutcome, ...] = ()
    why: str = ""

    @property
    def chosen(self) -> CureOutcome | None:
        """The cure that is better than the baseline; None without any."""
        return next((one for one in self.tried if one.is_better), None)


class Cure(Protocol):
    """A way to train where training breaks."""

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The next round that it needs, or what came of it; that where `known.ended` says so."""

    def most(self, known: Known) -> Cost:
        """What its rounds take at most, those of the baseline among them."""

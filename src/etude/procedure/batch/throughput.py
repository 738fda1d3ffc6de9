"""Batch sizes without a target: a procedure that was measured already, and answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..base import Answer, Known
from ..cost import NOTHING, Cost
from .answer import batch_answer
from .history import History
from .measured import Measured


@final
@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What the probes of batch sizes showed.

    Args:
        measured: The measurement.
        history: Its probes.
        ended: Why it ended early; empty where it did not.

    Source: S3, S4, S5, S6, S13.
    """

    measured: Measured
    history: History
    ended: str = ""

    @property
    def name(self) -> str:
        """As its command is named."""
        return "batch-size"

    def cost(self, known: Known) -> Cost:
        """No round: what is measured was measured before.

        Source: R15.
        """
        del known
        return NOTHING

    def step(self, known: Known) -> Answer:
        """The answer.

        Source: S4.
        """
        known = known.with_end(self.ended) if self.ended else known
        return batch_answer(known, self.measured, self.history)

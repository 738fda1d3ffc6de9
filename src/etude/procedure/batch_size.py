"""Batch size: steps to a target against the batch, its critical size, and what trains quickest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from .base import Answer, Known, Step
from .batch.measured import Measured
from .batch.target_answer import target_answer, unlogged_answer, without_sizes
from .batch.target_metric import Target
from .batch.target_plan import Plan, Question, next_round
from .batch.target_setting import constant_rate
from .cost import NOTHING, Cost
from .learning_rate import rate_of


@final
@dataclass(frozen=True, kw_only=True)
class BatchSize:
    """S8's steps to a target for each feasible batch size, each with a learning rate of its own.

    Args:
        measured: The batch sizes with their times.
        target: What trainings are timed to.
        one_off_h: Hours that a change of the batch size costs once; None for none.
        measuring: The answer that the measurement gives by itself.
        plan: How much is trained.

    Source: S3, S8, S9, S10, S13, S15, T4.
    """

    measured: Measured
    target: Target
    one_off_h: float | None = None
    measuring: Answer | None = None
    plan: Plan = field(default_factory=Plan)

    @property
    def name(self) -> str:
        """As its command is named."""
        return "batch-size"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most.

        Source: R15.
        """
        if not self._can_tell:
            return NOTHING
        ask = self._question(known)
        return self.plan.cost(known, 1 + len(ask.upward) + len(ask.downward))

    def step(self, known: Known) -> Step | Answer:
        """The rates of the next batch size, seeds near its best, or the answer.

        Source: S8, S9.
        """
        if not self._can_tell:
            return without_sizes(self.measured, self.measuring)
        ask = self._question(known)
        logged = _logged(known)
        if logged and ask.target.metric not in logged:
            return unlogged_answer(ask, logged, self.measuring)
        step = None if known.ended else next_round(ask)
        if step is not None:
            return step
        return target_answer(ask, one_off_h=self.one_off_h, measuring=self.measuring)

    @property
    def _can_tell(self) -> bool:
        """Whether trainings of other batch sizes are others: the loop reads it, and some fit."""
        return bool(self.measured.feasible) and self.measured.verdict != "ignored"

    def _question(self, known: Known) -> Question:
        name, rate = tuned_rate(known)
        return Question(
            known=known,
            measured=self.measured,
            target=self.target.of(known.base),
            plan=self.plan,
            setting=constant_rate(known).setting,
            rate_name=name,
            rate=rate,
        )


def steps_to_target(
    measured: Measured,
    target: Target,
    *,
    one_off_h: float | None = None,
    measuring: Answer | None = None,
) -> BatchSize:
    """The procedure that times trainings of each batch size to a target.

    Args:
        measured: The batch sizes with their times.
        target: What trainings are timed to.
        one_off_h: Hours that a change of the batch size costs once; None for none.
        measuring: The answer that the measurement gives by itself: its reasons and findings go into
            this one, and its lines and steps where no target is met.

    Source: S8, S9, S15.
    """
    return BatchSize(measured=measured, target=target, one_off_h=one_off_h, measuring=measuring)


def tuned_rate(known: Known) -> tuple[str, float]:
    """The learning rate that is tuned for each batch size, by name, and its value in the file.

    Raises:
        RunError: where the file has none.

    Source: S8, S10.
    """
    return rate_of(known, without="no batch size can be tuned for its steps to a target")


def _logged(known: Known) -> set[str]:
    """The metrics of trainings that came to their end; one that broke may not have come to any."""
    tried = list(known.tried.records) if known.tried else []
    trained = [record for played in known.rounds for record in played.records]
    whole = [one for one in [*tried, *trained] if one.status == "completed"]
    return {metric for one in whole for metric in one.points.metrics}

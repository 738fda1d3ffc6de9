"""The player of procedures: it trains what a procedure asks for, until that answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar, final

from ..advise.procedure_round import round_notes
from ..errors import RunError
from ..experiment import Experiment
from ..study import derived_seed
from ..wording import duration, quantity
from .base import Answer, Knowledge, Known, Procedure, Step
from .cost import planned_cost

K = TypeVar("K", bound=Knowledge)
# Trains a round to its end, or goes on with it: what is known after it.
Perform: TypeAlias = Callable[[Step, K], K]
# Why a round does not fit into the budget, in a sentence; empty where it does.
Exceeded: TypeAlias = Callable[[Step, K], str]


def without_limit(step: Step, known: Knowledge) -> str:
    """Empty: no budget ends a series whose rounds fit themselves to what is left.

    Source: R15.
    """
    del step, known
    return ""


@final
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a procedure may spend; None for no limit.

    Args:
        steps: Training steps of all rounds together.
        seconds: Of training, over all trials: two workers spend two hours in one.

    Raises:
        RunError: for a time that is not finite.

    Source: R15.
    """

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuses a time that is no number, or ends nothing."""
        if self.seconds is not None and not math.isfinite(self.seconds):
            raise RunError(
                f"--budget-hours takes a number of hours, got {self.seconds / 3600}. Leave it out "
                "where nothing ends it."
            )

    def exceeded(self, step: Step, known: Known) -> str:
        """Why a round does not fit into what is left, in a sentence; empty where it does."""
        cost = planned_cost(step.experiment)
        if self.steps is not None and known.spent_steps + cost.steps > self.steps:
            left = max(self.steps - known.spent_steps, 0)
            of = f" of {self.steps:,}" if left < self.steps else ""
            return (
                f"{left:,}{of} training steps are left, and the next round takes up "
                f"to {cost.steps:,}."
            )
        if self.seconds is None or known.pace_s is None:
            return ""
        # Only time that was trained is known, so the pace is that of the steps so far.
        spent_s = known.spent_steps * known.pace_s
        if spent_s + cost.steps * known.pace_s <= self.seconds:
            return ""
        left_s = duration(max(self.seconds - spent_s, 0.0))
        return f"{left_s} of training are left, and the next round takes up to " + (
            f"{duration(cost.steps * known.pace_s)}."
        )


NO_BUDGET = Budget()


@final
@dataclass(frozen=True, kw_only=True)
class Turn(Generic[K]):
    """One decision of a procedure, and all that it knew when it took it."""

    known: K
    decision: Step | Answer


@final
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a procedure ended: its answer, and all that it knew then."""

    answer: Answer
    known: Known


def play(
    procedure: Procedure[K],
    known: K,
    perform: Perform[K],
    *,
    exceeded: Exceeded[K] = without_limit,
) -> Iterator[Turn[K]]:
    """Each decision of a procedure before it is carried out; the last one is its answer.

    Played again over what is stored it asks for the same rounds, which are trained already, so it
    answers at once; killed anywhere, it goes on. A round that does not fit into the budget is not
    begun: the procedure then answers from what it has. Whoever takes no further turn ends it there.

    Args:
        procedure: What decides.
        known: What is known before its first round.
        perform: Trains a round, or goes on with it: what is known after.
        exceeded: Why a round does not fit into the budget, in a sentence; empty where it does.

    Source: R1, R15, K2.
    """
    while True:
        decision = procedure.step(known)
        if isinstance(decision, Step) and (ended := exceeded(decision, known)):
            assert not known.ended, f"`{procedure.name}` goes on without a budget. This is a bug."
            known = known.with_end(ended)
            continue
        yield Turn(known=known, decision=decision)
        if isinstance(decision, Answer):
            return
        known = perform(decision, known)


def round_of(procedure: Procedure[Known], known: Known, step: Step) -> Experiment:
    """The experiment of a step, with the name and the seed that it has in the store.

    Source: K3, Q3.
    """
    name = f"{known.base.name}-{procedure.name}-{step.part}"
    return replace(
        step.experiment,
        name=name,
        notes=step.experiment.notes or round_notes(procedure.name, step.because),
        seed=derived_seed(known.base.seed, name),
    )


def cost_sentence(procedure: Procedure[Known], known: Known) -> str:
    """What a procedure takes at most, in a sentence, said before it begins.

    Source: R15.
    """
    cost = procedure.cost(known)
    time = f", about {duration(cost.steps * known.pace_s)} of training" if known.pace_s else ""
    return f"At most {quantity(cost.trials, 'training')}, {cost.steps:,} steps{time}."

"""The player of procedures: it trains what a procedure asks for, until that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from ..advise.ending import measured_pace_s
from ..experiment import Experiment
from ..record import Record, Records
from ..study import derived_seed
from ..wording import duration, quantity
from .base import Answer, Known, Procedure, Round, Step
from .cost import planned_cost

# Trains a round to its end, or goes on with it: an Experiment with its name and its seed.
Perform: TypeAlias = Callable[[Experiment], Records]
# Is told what comes next before it is trained.
Tell: TypeAlias = Callable[[Step, Known], object]
# The name of a round: its own, or the next free one where the store has another round under it.
NameRound: TypeAlias = Callable[[Experiment], Experiment]


@final
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a procedure may spend; None for no limit.

    Args:
        steps: Training steps of all rounds together.
        seconds: Of training, over all trials: two workers spend two hours in one.

    Source: R15.
    """

    steps: int | None = None
    seconds: float | None = None

    def exceeded(self, known: Known, coming: Experiment) -> str:
        """Why a round does not fit into what is left, in a sentence; empty where it does."""
        cost = planned_cost(coming)
        if self.steps is not None and known.spent_steps + cost.steps > self.steps:
            left = max(self.steps - known.spent_steps, 0)
            return (
                f"{left:,} of {self.steps:,} training steps are left, and the next round takes up "
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


@final
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a procedure ended: its answer, and all that it knew then."""

    answer: Answer
    known: Known


def play(
    procedure: Procedure,
    known: Known,
    perform: Perform,
    *,
    budget: Budget,
    tell: Tell,
    named: NameRound,
) -> Outcome:
    """The answer of a procedure, after every round that it asks for was trained.

    Played again over what is stored it asks for the same rounds, which are trained already, so it
    answers at once; killed anywhere, it goes on. A round that does not fit into the budget is not
    begun: the procedure then answers from what it has.

    Args:
        procedure: What decides.
        known: What is known before its first round.
        perform: Trains a round.
        budget: What its rounds may spend.
        tell: Is told of each round before it is trained.
        named: The round under a name that is free for it.

    Source: R1, R15, K2.
    """
    while True:
        coming = procedure.step(known)
        if isinstance(coming, Answer):
            return Outcome(answer=coming, known=known)
        assert not known.ended, f"`{procedure.name}` goes on where it has to answer. This is a bug."
        experiment = named(round_of(procedure, known, coming))
        if ended := budget.exceeded(known, experiment):
            known = replace(known, ended=ended)
            continue
        tell(coming, known)
        records = perform(experiment)
        played = Round(part=coming.part, experiment=experiment, records=records)
        known = known.with_round(played)
        known = replace(known, pace_s=measured_pace_s(_all_records(known)) or known.pace_s)


def round_of(procedure: Procedure, known: Known, step: Step) -> Experiment:
    """The experiment of a step, with the name and the seed that it has in the store.

    Source: K3, Q3.
    """
    name = f"{known.base.name}-{procedure.name}-{step.part}"
    return replace(
        step.experiment,
        name=name,
        notes=step.experiment.notes or f"A round of `etude {procedure.name}`: {step.because}.",
        seed=derived_seed(known.base.seed, name),
    )


def cost_sentence(procedure: Procedure, known: Known) -> str:
    """What a procedure takes at most, in a sentence, said before it begins.

    Source: R15.
    """
    cost = procedure.cost(known)
    time = f", about {duration(cost.steps * known.pace_s)} of training" if known.pace_s else ""
    return f"At most {quantity(cost.trials, 'training')}, {cost.steps:,} steps{time}."


def _all_records(known: Known) -> list[Record]:
    return [record for one in known.rounds for record in one.records]

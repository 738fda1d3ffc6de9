"""Delegation: the recipe that a round's own advice asks for, played inside a series of rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from ..advise.ending import measured_pace_s
from ..advise.policy import REPAIR, Advice
from ..round.next_round import NextRound, next_round
from ..round.result import Result
from .base import Answer, Known, Procedure
from .cost import trained_steps
from .opening import round_of_result, setting_of
from .stability import Stability
from .training_length import TrainingLength

# Heuristic: what looks for a cure or a length leaves at least as much for the rounds that use it.
MOST_OF_REST = 0.5
LONGER = "train longer"
SHORTER = "train shorter"


@final
@dataclass(frozen=True, kw_only=True)
class Delegation:
    """A procedure that a series of rounds plays between two of them.

    Args:
        procedure: The recipe.
        result: The round whose advice asks for it.
        known: What it knows so far.

    Source: D2, D3, T5, R1.
    """

    procedure: Procedure[Known]
    result: Result
    known: Known

    @property
    def name(self) -> str:
        """As its command is named."""
        return self.procedure.name

    @property
    def spent_steps(self) -> int:
        """The training steps of its rounds so far."""
        return sum(trained_steps(one.records) for one in self.known.rounds)

    @property
    def answer(self) -> Answer | None:
        """Its answer; None while it asks for a round."""
        decision = self.procedure.step(self.known)
        return decision if isinstance(decision, Answer) else None

    @property
    def coming(self) -> NextRound | None:
        """The round that its lines make of the file; None where it has none, or still asks."""
        answer = self.answer
        if answer is None or not answer.lines:
            return None
        goal = REPAIR if self.name == "stability" else "give all trials the length that they need"
        return next_round(self.result.entry, Advice(goal=goal, recommendations=answer.lines))


def asked_procedure(result: Result) -> Procedure[Known] | None:
    """The procedure that the advice of a round asks for; None where an edit does, or nothing.

    Where training breaks early, or a best rate lies just below where it breaks, the cures are
    looked for (D2, D3); where all best steps fall early or consistently late, the length (T5).

    Source: D2, D3, T5.
    """
    advice = result.advice
    for name in advice.procedures.values():
        if make := _MAKERS.get(name):
            return make()
    rules = {one.rule for one in advice.recommendations}
    if advice.goal in (LONGER, SHORTER) and "T5" in rules:
        return TrainingLength()
    return None


def delegation(result: Result, *, remaining_steps: int) -> Delegation | None:
    """The procedure that a round asks for, as far as half of what is left pays for it.

    Source: D2, D3, T5, R15.
    """
    procedure = asked_procedure(result)
    if procedure is None:
        return None
    known = known_of_result(result)
    if procedure.cost(known).steps > MOST_OF_REST * remaining_steps:
        return None
    return Delegation(procedure=procedure, result=result, known=known)


def known_of_result(result: Result) -> Known:
    """What a procedure knows of a round that was played, before its own first one.

    Source: R1, R4.
    """
    tried = round_of_result(result)
    setting, source = setting_of(result.experiment, tried)
    return Known(
        base=result.experiment,
        setting=setting,
        setting_source=source,
        own_loop=result.entry.has_own_loop,
        tried=tried,
        pace_s=measured_pace_s(list(tried.records)) if tried else None,
    )


_MAKERS: Mapping[str, Callable[[], Procedure[Known]]] = {"stability": lambda: Stability(cure=True)}

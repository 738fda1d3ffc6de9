"""Delegation: the recipe that a round's own advice asks for, played inside a series of rounds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from ..advise.ending import measured_pace_s
from ..advise.policy import REPAIR, Advice, advice
from ..errors import InputError
from ..round.next_round import NextRound, next_round
from ..round.result import Result
from .base import Answer, Known, Procedure, Step
from .cost import trained_steps
from .opening import round_of_result, setting_of
from .stability import Stability
from .training_length import TrainingLength

# Heuristic: what looks for a cure or a length leaves at least as much for the rounds that use it.
MOST_OF_REST = 0.5
SHORTER = "train shorter"
_GOALS = {"stability": REPAIR, "training-length": "give all trials the length that they need"}


@final
@dataclass(frozen=True, kw_only=True)
class Delegation:
    """A procedure that a series of rounds plays between two of them, or at its end.

    Args:
        procedure: The recipe.
        result: The round whose advice asks for it, or that it ends.
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

    @cached_property
    def decision(self) -> Step | Answer:
        """What comes next of it."""
        return self.procedure.step(self.known)

    @property
    def answer(self) -> Answer | None:
        """Its answer; None while it asks for a round."""
        return self.decision if isinstance(self.decision, Answer) else None

    @cached_property
    def coming(self) -> NextRound | None:
        """The round that its lines make of the file; None where it has none, or they do not fit."""
        if self.answer is None or not self.answer.lines:
            return None
        goal = _GOALS.get(self.name, self.name)
        try:
            return next_round(
                self.result.entry, Advice(goal=goal, recommendations=self.answer.lines)
            )
        except InputError:
            return None

    @property
    def note(self) -> str:
        """Its answer in a sentence or two; empty while it asks for a round."""
        if self.answer is None:
            return ""
        note = f"`etude {self.name}`: {self.answer.line}. {self.known.ended}".rstrip()
        if self.answer.lines and self.coming is None:
            note += " Its lines do not fit the file as it stands, so they are left to you."
        return note

    def with_end(self, why: str) -> Delegation:
        """The same, where nothing more can be trained."""
        return replace(self, known=self.known.with_end(why))


@final
@dataclass(frozen=True, kw_only=True)
class Consultation:
    """A procedure that is asked, or why it is not.

    Args:
        name: As its command is named.
        delegated: Its rounds so far; None where it is not played.
        note: Why it is not played, in a sentence; empty where it is, or nobody wants to know.
    """

    name: str
    delegated: Delegation | None = None
    note: str = ""


def asked_procedures(taken: Advice) -> Iterator[Procedure[Known]]:
    """The procedures that the advice of a round asks for; none where an edit does, or nothing.

    Where training breaks early, or a best rate lies just below where it breaks, the cures are
    looked for (D2, D3); where all best steps fall early, the length (T5). Where they fall late,
    more steps are needed rather than the fewest that fit, so the edit stands.

    Source: D2, D3, T5.
    """
    if "stability" in taken.procedures.values():
        yield Stability(cure=True)
    if taken.goal == SHORTER and "T5" in {one.rule for one in taken.recommendations}:
        yield TrainingLength()


def consultations(
    result: Result, *, remaining_steps: int, consulted: Collection[str] = (), retraining: str = ""
) -> Iterator[Consultation]:
    """The procedures that a round asks for, until one is paid for by half of what is left.

    What all of a procedure's rounds take at most has to fit: one that ends half way has spent the
    rounds that would use its answer.

    Args:
        result: The round.
        remaining_steps: Training steps that are left to rounds.
        consulted: The procedures that were asked before; none is asked twice.
        retraining: The round that trained its best again, as the series knows it.

    Source: D2, D3, T5, R15.
    """
    for procedure in asked_procedures(advice(replace(result.context, retraining=retraining))):
        if procedure.name in consulted:
            continue
        asked = Delegation(procedure=procedure, result=result, known=known_of_result(result))
        try:
            most, _ = procedure.cost(asked.known).steps, asked.decision
        except InputError as error:
            yield Consultation(
                name=procedure.name, note=f"`etude {asked.name}` is left out: {error}"
            )
            continue
        if most <= MOST_OF_REST * remaining_steps:
            yield Consultation(name=procedure.name, delegated=asked)
            return
        note = (
            f"`etude {asked.name}` is left to you: it takes up to {most:,} training steps, more "
            f"than half of the {remaining_steps:,} that are left (R15)."
        )
        yield Consultation(name=procedure.name, note=note)


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

"""The ending of an adoption: what became the baseline and how sure it is, or what comes first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from ..analyze.views.repeats import COPIES_ADVICE
from ..wording import duration, quantity, shortened
from .adoption import AdoptionDecision
from .comparison_ending import trainings_line, trainings_table
from .ending import REASON_WORDS, Ending, NextStep, Reason
from .follow_up import SEEDS

_RULES = re.compile(r" ?\((?:[A-Z]\d{1,2}(?:, )?)+\)")


@final
@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The trainings that would tell: how to start them, and what they cost.

    Args:
        seconds: At the pace of the round; None where that was not timed.
        nameless: Whether its file has to name a train function first.
        alone: Which of two it trains, where their settings cannot stand in one file.
    """

    command: str
    trainings: int
    seconds: float | None = None
    nameless: bool = False
    alone: str = ""

    @property
    def cost(self) -> str:
        """So many trainings, and how long they take where that is known."""
        about = f", about {duration(self.seconds)}" if self.seconds else ""
        return f"{quantity(self.trainings, 'training')}{about}"


def adoption_ending(
    decision: AdoptionDecision,
    *,
    file: str,
    proposal: Proposal | None = None,
    doubts: Sequence[Reason] = (),
    asked: bool = False,
    store: str = "",
) -> Ending:
    """The ending of an adoption.

    Args:
        decision: What the evidence says.
        file: The baseline that was written; empty where none was.
        proposal: The trainings that would tell more; None for none.
        doubts: What the round leaves open.
        asked: Whether it was adopted whatever the evidence says.
        store: The option that names the store in commands to type, with a space before it.

    Source: A2, A4, R1.
    """
    result = decision.comparison
    reason = shortened(_RULES.sub("", decision.reason or decision.message), REASON_WORDS)
    reasons = [Reason(text=reason.rstrip("."), rules=("A4",) if result else ("A2",))]
    reasons += [Reason(text="It was adopted whatever the evidence says", rules=())] * asked
    if result is not None:
        reasons.append(Reason(text=trainings_line(result), rules=("A2",)))
    return Ending(
        word="ADOPTED" if file else "NOT ADOPTED",
        line=_line(decision, file, proposal),
        table=trainings_table(result) if result else (),
        why="Why",
        reasons=(*reasons, *doubts),
        more=f"etude check {decision.candidate.trainings.name.partition(':')[0]}{store}",
        steps=tuple(_steps(decision, file, proposal, store)),
    )


def _line(decision: AdoptionDecision, file: str, proposal: Proposal | None) -> str:
    name = decision.candidate.trainings.name
    if file:
        only = ", as a starting point" if decision.starting_point else ""
        return f"`{name}` is the baseline now{only}: {file}"
    if decision.retrain and proposal is not None:
        is_not = "is no baseline yet" if decision.starting_point else "stays a starting point"
        comma = "," if proposal.seconds else ""
        return f"`{name}` {is_not}: {proposal.cost}{comma} come first"
    return f"`{name}` does not become the baseline"


def _steps(
    decision: AdoptionDecision, file: str, proposal: Proposal | None, store: str
) -> Iterator[NextStep]:
    name = decision.candidate.trainings.name
    if proposal is not None:
        yield NextStep(
            command=proposal.command,
            text=_proposal_text(decision, proposal),
            cost=proposal.cost,
        )
    elif decision.candidate.trainings.copies:
        yield NextStep(command="", text=COPIES_ADVICE.rstrip("."))
    elif file and decision.starting_point:
        text = f"Train it {SEEDS} times first, to adopt it for good"
        yield NextStep(command=f"etude adopt {name}{store}", text=text)
    elif file:
        yield NextStep(
            command=f"etude launch --baseline {file}{store}",
            text=f"Train it with {SEEDS} seeds at full length, and look at test data once",
        )
    has_value = any(map(math.isfinite, decision.candidate.trainings.values))
    if not file and decision.starting_point and has_value:
        text = "Or adopt it untested, as a starting point"
        yield NextStep(command=f"etude adopt {name} --as-is{store}", text=text)


def _proposal_text(decision: AdoptionDecision, proposal: Proposal) -> str:
    name_it = "Name your train function in it, then train" if proposal.nameless else "Train"
    if decision.retrain or decision.starting_point:
        return f"{name_it} it with {SEEDS} other seeds, then adopt again"
    if proposal.alone:
        return f"{name_it} {proposal.alone} with {SEEDS} other seeds, then adopt again"
    return f"{name_it} both again: that would tell"

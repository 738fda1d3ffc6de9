"""Stability: whether training breaks, where, and whether that holds the best rate down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from ..advise.ending import NextStep
from ..wording import number, quantity
from .base import Answer, Known, Step
from .cost import NOTHING, Cost
from .cures import cure, most, worth_a_cure
from .cures.answer import with_architecture, with_cures
from .rates.diagnosis import PLAN, Diagnosis, confirmed, diagnosis
from .rates.rate_sweep import Plan, says_nothing
from .rates.stability_evidence import findings, reasons, table, verdict_line


@final
@dataclass(frozen=True, kw_only=True)
class Stability:
    """The recipe of the playbook for optimization failures.

    Args:
        cure: Whether cures are tried where the best rate is held down.
        plan: How much the diagnosis trains.

    Source: D1, D2, D3, D4.
    """

    cure: bool = False
    plan: Plan = PLAN

    @property
    def name(self) -> str:
        """As its command is named."""
        return "stability"

    def cost(self, known: Known) -> Cost:
        """What all of its rounds take at most.

        Source: R15.
        """
        return self.plan.cost(known) + (most(known) if self.cure else NOTHING)

    def step(self, known: Known) -> Step | Answer:
        """The rounds of the diagnosis, then those of the cures, then the answer.

        Source: D1, D2, D3, D4, D6.
        """
        shown = diagnosis(known, self.plan)
        if isinstance(shown, Step):
            return shown
        if not self.cure:
            return with_architecture(answer(known, shown), known)
        cured = cure(known, shown)
        if isinstance(cured, Step):
            return cured
        if cured.chosen is not None and cured.chosen.is_stabilizing:
            shown = confirmed(shown)
        return with_architecture(with_cures(answer(known, shown), known, shown, cured), known)


def answer(known: Known, shown: Diagnosis) -> Answer:
    """The answer of a diagnosis, without a cure.

    Source: D1, D2, D11.
    """
    return Answer(
        word=shown.kind.upper().replace("_", "-"),
        line=verdict_line(shown),
        values=values(shown),
        table=table(known, shown),
        reasons=reasons(known, shown),
        findings=findings(known, shown),
        steps=_next(known, shown),
    )


def values(shown: Diagnosis) -> Mapping[str, Any]:
    """The answer as JSON has it, its cure and its architecture not looked for.

    Source: D1, D7.
    """
    return {
        "verdict": shown.kind,
        "best_learning_rate": shown.best_rate,
        "unstable_from": shown.unstable_from,
        "held_down": shown.held_down,
        "cure": None,
        "architecture": None,
    }


def _next(known: Known, shown: Diagnosis) -> tuple[NextStep, ...]:
    """What to do next."""
    if worth_a_cure(shown):
        return (_cure(known),)
    if known.ended:
        text = "Allow a larger budget: what was trained is not trained again"
        return (NextStep(command="", text=text),)
    if shown.kind == "stable" and shown.best_rate is not None:
        text = f"Search `{shown.rate}` around {number(shown.best_rate)}: no cure is needed"
        return (NextStep(command="", text=text),)
    if shown.trained is not None and says_nothing(shown.trained):
        text = f"See that the training code reads `{shown.rate}`, and trains by it"
        return (NextStep(command="", text=text),)
    if shown.best_rate is None:
        text = "Look at the training code: no rate trains"
        return (NextStep(command="", text=text),)
    text = f"Sweep `{shown.rate}` around {number(shown.best_rate)}, several seeds each"
    return (NextStep(command="", text=text),)


def _cure(known: Known) -> NextStep:
    """The command that tries the cures, and what they take beyond the diagnosis."""
    cost = most(known)
    return NextStep(
        command="etude stability FILE --cure",
        text="Try warmup, then clipping, then what is left",
        cost=f"at most {quantity(cost.trials, 'training')}, {cost.steps:,} steps",
    )

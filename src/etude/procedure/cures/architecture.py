"""A look through the module: what could be built otherwise, which only a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..base import Known, Step
from ..cost import NOTHING, Cost
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome


@final
@dataclass(frozen=True, kw_only=True)
class LookThrough:
    """Residual branches and their norms: named, since no setting changes them.

    Source: D6.
    """

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """What the look showed; it trains nothing.

        Source: D6.
        """
        del diagnosis
        return CureOutcome(cure="architecture", title="the module itself", notes=(clause(known),))

    def most(self, known: Known) -> Cost:
        """Nothing.

        Source: R15.
        """
        del known
        return NOTHING


def clause(known: Known) -> str:
    """What the look through the module showed, in a clause.

    Source: D6.
    """
    seen = known.architecture
    if seen is None:
        why = "nothing here builds it" if known.own_loop else "your loop builds it"
        return f"the module was not looked through: {why}"
    if seen.unclear:
        return f"the module could not be looked through: {seen.unclear}"
    if not seen.advice:
        return "the module shows nothing that is known to cause trouble"
    first = seen.advice[0]
    more = len(seen.advice) - 1
    others = f" ({more} more in --json)" if more else ""
    return f"`{first.module}`: {first.text}{others}"


def as_json(known: Known) -> list[dict[str, str]] | None:
    """The advice as the contract of `stability` has it, empty where there is nothing to advise.

    None where nobody looked, or the module could not be looked through.

    Source: D6.
    """
    seen = known.architecture
    if seen is None or seen.unclear:
        return None
    return [{"module": one.module, "advice": one.text} for one in seen.advice]

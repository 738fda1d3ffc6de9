"""Architecture: what a look through a module shows of its residual branches and their norms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Advice:
    """What one part of a module could have otherwise.

    Args:
        module: Its path in the module, as `named_modules` has it: `blocks.0`; the class of the
            whole where it is that.
        text: What to change, an imperative sentence.
    """

    module: str
    text: str


@final
@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a look through a module shows.

    Args:
        advice: In the order in which the module computes; empty where nothing is to be advised.
        unclear: Why the module could not be looked through, in a clause; empty where it could.

    Source: D6.
    """

    advice: tuple[Advice, ...] = ()
    unclear: str = ""

"""Action: one thing to do next, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final

# `round`: run the file that `next` writes. `seeds`: train the best settings again. `by_hand`: what
# no file can do. `procedure`: a series of rounds that carries out a recipe. `wait`: trials still
# run. `adopt`: compare with the baseline. `answered`: look at the round that trained the best
# again. `search`: go on with the round that it was found in. `stop`: nothing.
ActionKind: TypeAlias = Literal[
    "round", "seeds", "by_hand", "procedure", "wait", "adopt", "answered", "search", "stop"
]
ADOPT: Final = "Adopt the best setting, if the gain is worth what it adds"


@final
@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do next.

    Args:
        kind: Which command does it.
        text: What is done and why, in at most 20 words; no full stop.
        cost_trials: How many trainings it takes, a procedure at most; None where not known.
        cost_steps: How many training steps, likewise; None where that is not known.
        rules: The rules that ask for it.
        procedure: The name of its command, where a procedure does it.
        options: What is typed behind that.
    """

    kind: ActionKind
    text: str
    cost_trials: int | None = None
    cost_steps: int | None = None
    rules: tuple[str, ...] = ()
    procedure: str = ""
    options: str = ""

"""Another optimizer, its rate swept over the range in which a search of it begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from ...playbook.catalogue import known_alias, known_optimizer
from ...space import Real, Scalar
from ...train.optimizers import OPTIMIZERS
from ..base import Known, Step
from ..cost import NOTHING, Cost
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome
from .candidate import Candidate, baseline_setting, most_of, tuned

# Heuristic: first what scales each step by the gradients that it saw, then what does not.
_ORDER = ("adam", "nesterov", "rmsprop")
_FAMILY = {"adamw": "adam", "nadam": "adam", "momentum": "nesterov"}
# The values that their papers and torch.optim have; RMSProp as L3 gives it, without momentum.
_USUAL: Mapping[str, Mapping[str, float]] = {
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"momentum": 0.0, "rmsprop_decay": 0.9, "epsilon": 1e-8},
}
# Heuristic: half a decade apart; neighbours bear each other out, so each is trained once.
_PER_DECADE = 2


@final
@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """Another update rule of Etude's loop.

    Args:
        place: Which of those that are not of the family of the present one.

    Source: D6, L3.
    """

    place: int = 0

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The sweep of its rate over the range in which a search begins, then D8.

        Source: D6.
        """
        name = self._name(known)
        if not name:
            return CureOutcome(cure="optimizer", title="another optimizer", notes=(_NOT_OURS,))
        return tuned(known, diagnosis, _candidate(known, diagnosis, name))

    def most(self, known: Known) -> Cost:
        """What its rounds take at most.

        Source: R15.
        """
        name = self._name(known)
        if not name:
            return NOTHING
        rates = len(_rates(name))
        return most_of(known, rates, max_steps=known.base.max_steps, sweep_seeds=1)

    def _name(self, known: Known) -> str:
        """The optimizer; empty where none can be tried."""
        if not known.own_loop:
            return ""
        present = known_optimizer(str(known.setting.get("optimizer", "")))
        family = _FAMILY.get(present, present)
        return [name for name in _ORDER if name != family][self.place]


_NOT_OURS = (
    "no other optimizer can be put into your loop from outside: try one, its rate tuned anew"
)


def _candidate(known: Known, diagnosis: Diagnosis, name: str) -> Candidate:
    old = OPTIMIZERS.get(known_optimizer(str(known.setting.get("optimizer", ""))))
    dropped = set(old.needs if old is not None else ()) - set(OPTIMIZERS[name].needs)
    base = baseline_setting(known, diagnosis)
    stays = {key: value for key, value in base.items() if key not in dropped}
    # A value that both read stays as it was tuned.
    given: dict[str, Scalar] = {**_USUAL[name], **stays, "optimizer": name}
    return Candidate(
        cure="optimizer",
        part=f"optimizer-{name}",
        title=f"`{name}`",
        settings=tuple({**given, diagnosis.rate: rate} for rate in _rates(name)),
        max_steps=known.base.max_steps,
        sweep_seeds=1,
        rules=("D6", "L3"),
    )


def _rates(name: str) -> tuple[float, ...]:
    entry = known_alias("learning_rate")
    domain = entry.start_for(name) if entry is not None else None
    assert isinstance(domain, Real), "The catalogue has no first range of a rate. This is a bug."
    low, high = float(domain.low), float(domain.high)
    count = round(_PER_DECADE * math.log10(high / low)) + 1
    return tuple(Real(low, high, log=True).value(k / (count - 1)) for k in range(count))

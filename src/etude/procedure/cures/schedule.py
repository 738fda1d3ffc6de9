"""The schedule of a configuration with another warmup before it, its decay only shifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from ...errors import WorkloadError
from ...space import Scalar, is_number
from ...train.recipe import recipe
from ..base import Known, Setting

# What a short training at a constant rate after its warmup must not read.
_DECAY = ("schedule", "constant_steps", "decay_steps", "decay_fraction")
_FRACTIONS = ("warmup_fraction", "decay_fraction")
# Of the loop that Etude owns; another loop has it under the name that the user's file gives it.
WARMUP = "warmup_steps"


@final
@dataclass(frozen=True, kw_only=True)
class WarmupConfiguration:
    """A configuration with a warmup, and the length of its trainings.

    Args:
        setting: Whole.
        max_steps: As many more as the warmup is longer.
    """

    setting: Setting
    max_steps: int


def warmup_name(known: Known) -> str | None:
    """The name under which a warmup in steps can be set; None where there is none.

    Source: D7.
    """
    return WARMUP if known.own_loop else known.name_of(WARMUP)


def present_warmup(known: Known) -> int:
    """The steps of warmup that the configuration has already.

    Source: D7.
    """
    if known.own_loop:
        try:
            return recipe(known.setting, known.base.max_steps).schedule.warmup_steps
        except (WorkloadError, ValueError):  # the loop says so itself, in the first round
            return 0
    value = known.setting.get(known.name_of(WARMUP) or "", 0)
    return int(value) if is_number(value) else 0


def prepended(known: Known, setting: Setting, steps: int) -> WarmupConfiguration:
    """The configuration with a warmup of so many steps before all that it does.

    10,000 steps and 1,000 of warmup are 11,000. The decay keeps its shape and begins later: in
    Etude's own loop its steps stay as many. Another loop is assumed to warm up before its decay.

    Source: D8, D14.
    """
    length = known.base.max_steps
    longer = length + steps - present_warmup(known)
    name = warmup_name(known)
    assert name is not None, "No warmup can be set. This is a bug."
    rest = dict(setting)
    # Its time scale is the warmup that it has, unless its decay says another.
    takes_warmup = setting.get("schedule") == "inverse_sqrt" and "decay_steps" not in setting
    if known.own_loop and (takes_warmup or any(one in setting for one in _FRACTIONS)):
        schedule = recipe(setting, length).schedule
        rest = {key: value for key, value in setting.items() if key not in _FRACTIONS}
        if takes_warmup or "decay_fraction" in setting:
            rest["decay_steps"] = schedule.decay_steps
    return WarmupConfiguration(setting={**rest, name: steps}, max_steps=longer)


def ramp_and_hold(known: Known, rate: Mapping[str, Scalar], steps: int) -> Setting:
    """The configuration that ramps to a rate over so many steps, and holds it there.

    Source: D7.
    """
    name = warmup_name(known)
    assert name is not None, "No warmup can be set. This is a bug."
    return {**dict(_without_decay(known)), **rate, name: steps}


def _without_decay(known: Known) -> Iterator[tuple[str, Scalar]]:
    dropped = (*_DECAY, "warmup_fraction") if known.own_loop else ()
    return ((name, value) for name, value in known.setting.items() if name not in dropped)

"""The configuration that is trained to a target: a constant rate, with its warmup in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ...playbook.catalogue import known as entry_of
from ...space import Scalar, is_number
from ..base import Known, Setting
from ..length.unregularized import constant_shapes

_WARMUP = frozenset({"warmup_steps", "warmup_fraction"})


@final
@dataclass(frozen=True, kw_only=True)
class ConstantRate:
    """A configuration at a constant rate after its warmup.

    Args:
        switched: What of a schedule was switched off or left out.
        left: What could not be switched off from outside, by name.
    """

    setting: Setting
    switched: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def constant_rate(known: Known) -> ConstantRate:
    """The configuration without a decay, whose length would decide when it meets a target.

    A schedule that ends with the training meets a target near its end, however long that is; and
    trainings of one study are of one length.

    Source: S8, S11, T4.
    """
    setting = known.setting
    warmup = {name for name in setting if _is_warmup(name, known)}
    shapes, left = constant_shapes(known, besides=warmup)
    changed: dict[str, Scalar | None] = {**setting, **shapes}
    fraction = setting.get("warmup_fraction")
    if known.own_loop and is_number(fraction):
        del changed["warmup_fraction"]
        changed["warmup_steps"] = round(float(fraction) * known.base.max_steps)
    return ConstantRate(
        setting={name: value for name, value in changed.items() if value is not None},
        switched=tuple(name for name, value in shapes.items() if setting[name] != value),
        left=left,
    )


def _is_warmup(name: str, known: Known) -> bool:
    entry = entry_of(name, known.base.names)
    return entry is not None and entry.name in _WARMUP


def fixed_beside_the_rate(known: Known, rate_name: str) -> list[str]:
    """The optimizer's and the regularization's hyperparameters that stay as they are.

    Source: S8, S10.
    """
    entries = {name: entry_of(name, known.base.names) for name in known.setting}
    return [
        name
        for name, entry in entries.items()
        if entry is not None
        and name != rate_name
        and entry.name != "optimizer"
        and entry.kind in ("optimizer", "regularization")
    ]

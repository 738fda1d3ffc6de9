"""Groups of an optimizer: hyperparameters of a fork in the place of those of its parent.

A Trainer loads the optimizer and the schedule of a checkpoint with the learning rate, the weight
decay and whatever else they were made with. A fork has its parent's state and values of its own.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

Groups: TypeAlias = list[dict[str, Any]]
_RATES = ("lr", "initial_lr")


def groups_of(optimizer: Optimizer) -> Groups:
    """The numbers that an optimizer was made with, of each of its groups, before it trains."""
    return [
        {name: value for name, value in group.items() if isinstance(value, int | float | tuple)}
        for group in optimizer.param_groups
    ]


def set_changed(
    optimizer: Optimizer, schedule: LRScheduler | None, made: Groups, before: Groups
) -> None:
    """Sets what was made with another number than before; the schedule goes on at its place.

    Args:
        optimizer: As a checkpoint was loaded into it.
        schedule: The same.
        made: The numbers that it was made with now.
        before: The numbers that the one of the checkpoint was made with.
    """
    for index, (new, old) in enumerate(zip(made, before, strict=False)):
        group = optimizer.param_groups[index]
        for name, value in new.items():
            if name not in _RATES and value != old.get(name, value):
                group[name] = value
        rate, old_rate = (one.get("initial_lr", one.get("lr")) for one in (new, old))
        if rate is None or old_rate is None or rate == old_rate:
            continue
        group["lr"] = group["lr"] * rate / old_rate if old_rate else rate
        group["initial_lr"] = rate
        if schedule is not None:
            schedule.base_lrs[index] = rate

"""A setting at another length: what becomes of its schedule, and of the steps that are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from ...advise.new_length import new_length
from ...advise.schedule_lines import schedule_values
from ...advise.schedule_moves import CONSTANT
from ...analyze.summaries.added_steps import AddedSteps, added_steps
from ...errors import WorkloadError
from ...experiment import Experiment
from ...playbook.catalogue import known as catalogued
from ...space import Scalar, is_number
from ...space.rounding import ten_digits
from ...train.recipe import recipe
from ...train.schedules import SCHEDULES, Schedule
from ..base import Known, Setting, listed

Follows: TypeAlias = Literal[
    "constant", "constant_phase", "stretched", "stays", "by_itself", "not_known"
]
# A recipe reads these too; a schedule does not depend on them.
_REST: Mapping[str, Scalar] = {"optimizer": "sgd", "learning_rate": 1.0, "batch_size": 1}


@final
@dataclass(frozen=True, kw_only=True)
class LongSchedule:
    """A setting at another length, and what its schedule does with the added steps.

    Args:
        setting: With what changes with the length.
        name: Of its decay; empty where it names none.
        follows: How it follows: nothing decays, the constant phase before the decay takes the
            added steps, the decay is stretched, it stays as it is since no value lets it follow,
            the training code follows `max_steps` by itself, or that is not known.
        moved: The values that changed.
        left: Lengths that no value from outside lets follow.
        added: The rates of the added steps; None where the schedule is not known.
    """

    setting: Setting
    name: str = ""
    follows: Follows = "not_known"
    moved: Setting = field(default_factory=dict)
    left: tuple[str, ...] = ()
    added: AddedSteps | None = None

    @property
    def refused(self) -> bool:
        """Whether the added steps would mostly be spent at a tiny rate, or nobody can say (T10)."""
        return self.added.wasted if self.added is not None else bool(self.left)


def long_schedule(known: Known, setting: Setting, steps: int) -> LongSchedule:
    """A setting of the user's file as it is trained for `steps`.

    A linear decay keeps its length behind a longer constant phase; a cosine is stretched at the
    same base rate. In a user's own loop only what it reads can change.

    Source: T9, T10, T14.
    """
    experiment = listed(known, [setting], question="")
    short = _schedule(known, setting, known.base.max_steps)
    moved, left = _moves(known, experiment, steps)
    new = {**setting, **moved}
    long = _schedule(known, new, steps)
    added = None
    if short is not None and long is not None and steps > known.base.max_steps:
        added = added_steps(short, long, known.base.max_steps, steps)
    # A decay that keeps its length is left as it is on purpose.
    stays = added is not None and not added.wasted
    return LongSchedule(
        setting=new,
        name=long.name if long is not None else "",
        follows=_follows(long, moved, left),
        moved=moved,
        left=() if stays else left,
        added=added,
    )


def _moves(
    known: Known, experiment: Experiment, steps: int
) -> tuple[dict[str, Scalar], tuple[str, ...]]:
    """The values that change with the length, by name, and those that cannot."""
    length = new_length(experiment, steps, own_loop=known.own_loop)
    if known.own_loop:
        moved = {edit.change.keys[-1]: edit.new for edit in length.edits}
        return {name: new for name, new in moved.items() if is_number(new)}, length.left
    values = schedule_values(experiment, steps, length.left)
    given = {name: new for name, new in values.items() if new is not None}
    left = tuple(name for name, new in values.items() if new is None)
    share = known.name_of("warmup_fraction")
    if share is not None and is_number(old := experiment.fixed.get(share)):
        # T9: it is the length of a warmup that carries over, not its share.
        return {**given, share: ten_digits(float(old) * known.base.max_steps / steps)}, left
    return dict(given), left


def _schedule(known: Known, setting: Setting, steps: int) -> Schedule | None:
    """The schedule that a setting describes; None where that cannot be told."""
    try:
        if known.own_loop:
            return recipe(setting, steps).schedule
        entries = {
            entry.name: value
            for name, value in setting.items()
            if (entry := catalogued(name, known.base.names)) and entry.kind == "schedule"
        }
        name = str(entries.get("schedule", "")).casefold()
        if name in CONSTANT and "schedule" in entries:
            return Schedule()
        if name not in SCHEDULES:
            return None
        entries.pop("final_learning_rate", None)  # in units of a rate that goes by another name
        return recipe({**_REST, **entries, "schedule": name}, steps).schedule
    except (WorkloadError, ValueError, TypeError):  # its own training says what is wrong with it
        return None


def _follows(schedule: Schedule | None, moved: Setting, left: tuple[str, ...]) -> Follows:
    if schedule is None:
        return "by_itself" if moved else "not_known"
    if schedule.name == "constant":
        return "constant"
    if left and not moved:
        return "stays"
    if schedule.name == "cosine":
        return "stretched"
    return "constant_phase" if "constant_steps" in moved else "by_itself"

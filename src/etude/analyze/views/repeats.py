"""Repeats: the trials of a study grouped by their setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ...record import UNKNOWN_SEED, Record
from ...space import Scalar, value_text
from .outcomes import Outcome

Key: TypeAlias = tuple[tuple[str, str, bool], ...]


def repeats(found: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes by setting, copies of one training once, settings in the order of first trials.

    A copy has the same seed and value; where seeds are unknown, no trial is known to be one.

    An outcome that has no value although its trial ended well is left out: it is missing. So is a
    training cut short of half of the steps of the longest: it is no repeat of it. A fork repeats
    only what descends in the same way: the same settings, changed after the same steps.

    Source: A2.
    """
    known = {one.trial: one.record for one in found}
    groups: dict[Key, dict[tuple[int, int, str], Outcome]] = {}
    for one in found:
        if not one.missing:
            seed = one.record.seed
            training = (seed, one.trial if seed == UNKNOWN_SEED else -1, repr(one.value))
            groups.setdefault(_key(one.record, known), {}).setdefault(training, one)
    return [_as_long(list(group.values())) for group in groups.values()]


def _as_long(group: list[Outcome], *, share: float = 0.5) -> list[Outcome]:
    longest = max(one.record.steps for one in group)
    return [one for one in group if not one.feasible or one.record.steps >= share * longest]


def _key(record: Record, known: Mapping[int, Record]) -> Key:
    setting = tuple((name, *_plain(value)) for name, value in sorted(record.setting.items()))
    if record.parent is None:
        return setting
    parent = known.get(record.parent)
    before = _key(parent, known) if parent else (("parent", str(record.parent), False),)
    return (*setting, ("from_step", str(record.from_step), False), *before)


def _plain(value: Scalar) -> tuple[str, bool]:
    """The text "1" and the number 1 are two values; 1 and 1.0 are one."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(float(value)) if number else value_text(value), isinstance(value, str)

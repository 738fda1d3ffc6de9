"""The lines of a user's file that follow from an extension: length, schedule, rates."""

from __future__ import annotations

from collections.abc import Iterator

from ...advise.new_length import left_words, new_length
from ...experiment.change import Change
from ...experiment.hyperparameter import Keys
from ...finding import Recommendation
from ...playbook.catalogue import known as entry_of
from ...space import Choice, Integer, Real, Scalar, is_number
from ...space.rounding import four_digits, ten_digits
from ...wording import number
from ..base import Known
from .conclusions import mean_loss
from .contenders import leading, lines_of
from .extension_data import Extension
from .long_schedule import LongSchedule


def lines(extension: Extension) -> Iterator[Recommendation]:
    """`max_steps` and what follows it, and the rate where its best region moved.

    Source: T8, T10, T12, T14.
    """
    known, steps = extension.known, extension.max_steps
    is_worse = extension.longer is not None and extension.longer.answer == "worse"
    if extension.best is None or is_worse:  # nothing speaks for the length
        return
    yield from length_lines(known, steps, extension.schedule)
    moved = [
        one
        for one in extension.conclusions
        if one.rival.family == "region" and extension.passes(one)
    ]
    name = leading(known)
    if name is None or not moved:
        return
    objective = known.base.objective
    last = extension.trained[-1][1]
    sides = [(one.rival, last[one.rival.name]) for one in moved if one.rival.name in last]
    if not sides:
        return
    rival = min(sides, key=lambda side: mean_loss(side[1], objective))[0]
    yield from _region_lines(known, name, rival.setting[name], extension)


def length_lines(known: Known, steps: int, schedule: LongSchedule) -> Iterator[Recommendation]:
    """The new length with the schedule that follows it; nothing where a person has to change it.

    Source: T8, T10, T12.
    """
    base = known.base
    length = new_length(base, steps, own_loop=known.own_loop)
    keys: dict[str, Keys] = {one.name: one.keys for one in base.hyperparameters}
    given = {one.name: one.value for one in base.hyperparameters if one.role == "fixed"}
    moved = (
        {}
        if known.own_loop
        else {name: new for name, new in schedule.moved.items() if name in given}
    )
    paths = {name for name in schedule.moved if name not in given}
    if length.left and (known.own_loop or schedule.left or paths):
        return
    because = f"{steps:,} steps for launch candidates; the short length stays for search."
    yield Recommendation(
        rule="T12",
        change=Change(("experiment", "max_steps"), "", steps),
        old=base.max_steps,
        because=because,
    )
    if base.max_trial_s is not None:
        yield Recommendation(
            rule="T8",
            change=Change(
                ("experiment", "max_trial_s"),
                "",
                ten_digits(base.max_trial_s * steps / base.max_steps),
            ),
            old=base.max_trial_s,
            because="a longer trial takes longer.",
        )
    yield from length.edits if known.own_loop else ()
    for name, new in moved.items():
        yield Recommendation(
            rule="T10",
            change=Change(keys[name], "", new),
            old=given[name],
            because="it names a length, which follows that of the training.",
        )


def _region_lines(
    known: Known, name: str, value: Scalar, extension: Extension
) -> Iterator[Recommendation]:
    """The range around the new best value, or the value itself where it is fixed."""
    line = lines_of(known, name)
    if line is None or not is_number(value) or isinstance(line.value, Choice):
        return
    because = f"at {extension.max_steps:,} steps {number(value)} is better, beyond the noise."
    entry = entry_of(name, known.base.names)
    rounded = four_digits if entry and entry.name == "learning_rate" else ten_digits
    if isinstance(value, float):
        value = rounded(value)
    if not isinstance(line.value, Real | Integer):
        yield Recommendation(
            rule="T14", change=Change(line.keys, "", value), old=line.value, because=because
        )
        return
    factor = extension.factor
    low, high = float(value) / factor, float(value) * factor
    for part, new in (("low", low), ("high", high)):
        bound: Scalar = round(new) if isinstance(line.value, Integer) else rounded(new)
        if part == "low" and isinstance(bound, int):
            bound = max(bound, 1)
        yield Recommendation(
            rule="T14",
            change=Change(line.keys, part, bound),
            old=getattr(line.value, part),
            because=because,
        )


def whole_decay(known: Known, steps: int, schedule: LongSchedule) -> Iterator[Recommendation]:
    """Lines that let a decay end with the training, stretched to the new length.

    Source: T10.
    """
    name = next((one for one in schedule.setting if one == "decay_steps"), None)
    if not known.own_loop or name is None:
        return
    line = lines_of(known, name)
    if line is None or isinstance(line.value, Choice | Integer | Real):
        return
    setting = schedule.setting
    warmup = float(setting.get("warmup_steps", 0)) + steps * float(
        setting.get("warmup_fraction", 0.0)
    )
    decay = round(steps - warmup - float(setting.get("constant_steps", 0)))
    yield Recommendation(
        rule="T12",
        change=Change(("experiment", "max_steps"), "", steps),
        old=known.base.max_steps,
        because="the length that was asked for.",
    )
    yield Recommendation(
        rule="T10",
        change=Change(line.keys, "", decay),
        old=line.value,
        because="the decay ends with the training, at the same base rate.",
    )


def left_advice(known: Known, steps: int, schedule: LongSchedule) -> str:
    """What a person has to change in a schedule that does not follow.

    Source: T10.
    """
    length = new_length(known.base, steps, own_loop=known.own_loop)
    if length.left:
        return left_words(known.base, steps, length.left)
    return (
        "Let the schedule follow `trial.max_steps`, or give it a constant phase that takes the "
        "added steps."
    )

"""The lines of an experiment file that follow from a length: its schedules, and the rate."""

from __future__ import annotations

from collections.abc import Iterator

from ...advise.new_length import left_words, new_length
from ...advise.schedule_moves import CONSTANT
from ...design.catalogued import hyperparameters, is_listed
from ...experiment.change import Change
from ...finding import Recommendation
from ...playbook.catalogue import known as entry_of
from ...space import Real, is_number
from ...space.rounding import two_digits
from ..base import Known
from .length_refined import RefinedLength

# Heuristic: so far beyond the rate its range ends, that the best may lie inside (C1).
_ROOM = 3.0


def length_lines(
    known: Known, length: RefinedLength, rate_name: str, rate: float
) -> tuple[tuple[Recommendation, ...], str]:
    """The lines of the file, and what a person has to change where a schedule cannot follow.

    Source: T7, T10, S12, C1.
    """
    base, steps = known.base, length.steps
    rates = tuple(_rate_lines(known, rate_name, rate))
    if steps == base.max_steps:
        return rates, ""
    followed = new_length(base, steps, own_loop=known.own_loop)
    if followed.left:
        return rates, left_words(base, steps, followed.left)
    line = Recommendation(
        rule=length.rule,
        change=Change(("experiment", "max_steps"), "", steps),
        old=base.max_steps,
        because=length.because,
    )
    return (line, *followed.edits, *rates), ""


def schedule_name(known: Known) -> str:
    """The schedule of the configuration by which its rate decays; empty for a constant one.

    Source: S12.
    """
    for name, value in known.setting.items():
        entry = entry_of(name, known.base.names)
        is_schedule = entry is not None and entry.name == "schedule"
        if is_schedule and str(value).casefold() not in CONSTANT:
            return str(value)
    return ""


def _rate_lines(known: Known, name: str, rate: float) -> Iterator[Recommendation]:
    """A range of the rate that reaches the fastest one, or that one in the place of a fixed one.

    The peak of a schedule is another thing than a constant rate, so a fixed one stays then.
    """
    because = f"the constant rate that fits in the fewest steps is {two_digits(rate, up=True):g}."
    for one in hyperparameters(known.base):
        if one.name != name or is_listed(one, known.base) or not one.exists(known.setting):
            continue
        domain = one.value
        if one.role == "fixed" and is_number(domain) and not schedule_name(known):
            if float(domain) != rate:
                new = two_digits(rate, up=True)
                yield Recommendation(
                    rule="T7", change=Change(one.keys, "", new), old=domain, because=because
                )
        elif isinstance(domain, Real) and rate < domain.low:
            low = two_digits(rate / _ROOM, up=False)
            yield Recommendation(
                rule="T7", change=Change(one.keys, "low", low), old=domain.low, because=because
            )
        elif isinstance(domain, Real) and rate > domain.high:
            high = two_digits(rate * _ROOM, up=True)
            yield Recommendation(
                rule="T7", change=Change(one.keys, "high", high), old=domain.high, because=because
            )

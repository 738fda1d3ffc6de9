"""The lines of an experiment file that follow from a batch size: itself, and what to retune."""

from __future__ import annotations

from collections.abc import Iterator

from ...advise.context import value_edits
from ...advise.remedies.larger_batch import extended_regularization
from ...design.catalogued import hyperparameters, is_listed
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Recommendation
from ...space import Choice, Real, is_number
from ...space.rounding import two_digits
from ..base import Known

# Heuristic: so far beyond the best rate its range reaches, that the best may lie inside (C1).
_ROOM = 3.0


def batch_lines(
    known: Known, batch_name: str, batch_size: int, rate_name: str, rate: float
) -> tuple[Recommendation, ...]:
    """The batch size, a rate for it, and regularization ranges that reach higher where it grew.

    Source: S8, S10, S14, C1.
    """
    return tuple(_lines(known, batch_name, batch_size, rate_name, rate))


def _lines(
    known: Known, batch_name: str, batch_size: int, rate_name: str, rate: float
) -> Iterator[Recommendation]:
    before = known.setting.get(batch_name)
    for hyperparameter in _of(known, batch_name):
        if hyperparameter.value != batch_size:
            because = f"training to the target is quickest at a batch of {batch_size}."
            yield from value_edits(hyperparameter, batch_size, "S8", because)
    for hyperparameter in _of(known, rate_name):
        yield from _rate_lines(hyperparameter, batch_size, rate)
    if is_number(before) and batch_size > before:
        because = (
            f"a batch of {batch_size} in place of {before} has less noise and may overfit more."
        )
        yield from extended_regularization(known.base, because)


def _of(known: Known, name: str) -> list[Hyperparameter]:
    """The hyperparameter of this name, where the file and no list of configurations has it."""
    return [
        one
        for one in hyperparameters(known.base)
        if one.name == name and not is_listed(one, known.base) and one.exists(known.setting)
    ]


def _rate_lines(one: Hyperparameter, batch_size: int, rate: float) -> Iterator[Recommendation]:
    """A range that reaches the rate, or that rate in the place of a fixed one."""
    because = f"at a batch of {batch_size} the rate with the fewest steps is {rate:.2g}."
    domain = one.value
    if isinstance(domain, Choice):
        return
    if is_number(domain) and float(domain) != rate:
        new = two_digits(rate, up=True)
        yield Recommendation(
            rule="S10", change=Change(one.keys, "", new), old=domain, because=because
        )
    elif isinstance(domain, Real) and rate < _ROOM * domain.low:
        low = two_digits(rate / _ROOM, up=False)
        yield Recommendation(
            rule="S10", change=Change(one.keys, "low", low), old=domain.low, because=because
        )
    elif isinstance(domain, Real) and rate * _ROOM > domain.high:
        high = two_digits(rate * _ROOM, up=True)
        yield Recommendation(
            rule="S10", change=Change(one.keys, "high", high), old=domain.high, because=because
        )

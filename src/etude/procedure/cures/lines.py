"""The lines of the user's file that put a cure in place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...design.studies import studies
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Recommendation
from ...space import Real, Scalar
from ...space.rounding import four_digits
from ...wording import number
from ..base import Known
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome

# Heuristic: half a decade to either side of the rate that was found is searched anew.
_REACH = math.sqrt(10.0)


def lines(known: Known, diagnosis: Diagnosis, cure: CureOutcome) -> Iterator[Recommendation]:
    """The changes of the file, what the cure is before what it asks for.

    A fixed value becomes another; a range of the rate is laid around its new best; another range
    goes, and its value is fixed. What is compared, scientific, or stands in configurations is left
    to its author.

    Source: D8, D9, D14, R3.
    """
    rule = cure.rules[0]
    ordered = sorted(cure.changes, key=lambda name: (name == diagnosis.rate, name))
    for name in ordered:
        because, value = _because(cure, diagnosis, name), cure.changes[name]
        if name == diagnosis.rate and isinstance(value, float):
            value = four_digits(value)  # as people write rates; the answer has all digits
        yield from _changed(known, name, value, rule=rule, because=because)
    for name in sorted(_dropped(known, cure)):
        hyperparameter = _present(known, name)
        if hyperparameter is not None and not _is_question(known, name):
            because = f"{cure.title} does not read it, or says it in steps."
            yield _line(rule, hyperparameter.keys, None, hyperparameter.value, because)
    if cure.max_steps != known.base.max_steps:
        because = (
            f"{cure.max_steps - known.base.max_steps:,} steps come before the schedule; its decay "
            "keeps its shape."
        )
        keys = ("experiment", "max_steps")
        yield _line("D8", keys, cure.max_steps, known.base.max_steps, because)


def left_to_author(known: Known, cure: CureOutcome) -> list[str]:
    """The names that the cure changes or drops and that no line can: compared, or listed.

    Source: R4, R12.
    """
    touched = {*cure.changes, *_dropped(known, cure)}
    return [name for name in sorted(touched) if _is_question(known, name)]


def _changed(
    known: Known, name: str, value: Scalar, *, rule: str, because: str
) -> Iterator[Recommendation]:
    hyperparameter = _present(known, name)
    if _is_question(known, name):
        return
    if hyperparameter is None:
        yield _line(rule, ("fixed", name), value, None, because)
        return
    old = hyperparameter.value
    if hyperparameter.role == "fixed":
        yield _line(rule, hyperparameter.keys, value, old, because)
    elif isinstance(old, Real) and old.scale == "log" and isinstance(value, float):
        around = Real(_rounded(value / _REACH), _rounded(value * _REACH), log=True)
        yield _line(rule, hyperparameter.keys, around, old, because)
    else:
        yield _line(rule, hyperparameter.keys, None, old, because)
        fixed = ("fixed", *hyperparameter.keys[1:])
        yield _line(rule, fixed, value, None, because)


def _because(cure: CureOutcome, diagnosis: Diagnosis, name: str) -> str:
    if name == diagnosis.rate:
        return f"the best rate with {cure.title}, of those that were swept."
    compared = f"{cure.title} is better than the baseline at equal steps"
    if cure.by_steps is None or not cure.by_steps.a.finite:
        return f"{compared}."
    a, b = cure.by_steps.a, cure.by_steps.b
    return f"{compared}: {number(b.mean, 4)} against {number(a.mean, 4)}."


def _line(rule: str, keys: tuple[str, ...], new: Any, old: Any, because: str) -> Recommendation:
    return Recommendation(rule=rule, change=Change(keys, "", new), old=old, because=because)


def _present(known: Known, name: str) -> Hyperparameter | None:
    """The hyperparameter of the file that gives a name to the configuration at hand."""
    scientific = next(
        (
            study.scientific
            for study in studies(known.base)
            if all(known.setting.get(key) == value for key, value in study.scientific.items())
        ),
        {},
    )
    every = known.base.hyperparameters
    return next((one for one in every if one.name == name and one.exists(scientific)), None)


def _is_question(known: Known, name: str) -> bool:
    hyperparameter = _present(known, name)
    is_scientific = hyperparameter is not None and hyperparameter.role == "scientific"
    return is_scientific or any(name in row for row in known.base.configurations)


def _dropped(known: Known, cure: CureOutcome) -> set[str]:
    return set(known.setting) - set(cure.setting)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")

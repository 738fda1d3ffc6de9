"""Lists of numbers that stand where a range is meant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from ...errors import SpaceError
from ...experiment.toml.write import toml_text
from ...finding import Finding
from ...playbook.catalogue import Entry, known
from ...space import Choice, Domain, Integer, Real
from ...study import Study
from ...wording import conjunction, number, quantity

# Heuristic: over a decade or more, numbers are meant by their orders of magnitude.
LOG_ABOVE = 10.0


def findings(studies: Sequence[Study]) -> list[Finding]:
    """Lists with fewer settings than trials, and two numbers of what is searched as a range.

    A list is tried at its values alone. Each name is said once, of the first study that has it.

    Source: R12, C2.
    """
    said: dict[str, Finding] = {}
    for study in studies:
        for found in _lists(study):
            said.setdefault(found.name, _finding(study, found))
    return list(said.values())


@final
@dataclass(frozen=True, kw_only=True)
class _List:
    """A list of numbers, with the range that may be meant, and how many settings there are."""

    name: str
    numbers: tuple[float, ...]
    range: Domain | None
    settings: float


def _lists(study: Study) -> Iterator[_List]:
    if study.listed:
        return
    settings = math.prod(
        len(domain.values) if isinstance(domain, Choice) else math.inf
        for domain in study.space.domains.values()
    )
    for name, domain in study.space.domains.items():
        entry = known(name, study.names)
        numbers = _numbers(domain)
        if name in study.merged or not numbers or (entry and entry.name == "seed"):
            continue
        meant = _range(numbers, entry)
        are_few = settings < study.max_trials
        if are_few or (len(numbers) == 2 and meant is not None and _is_continuous(entry)):
            yield _List(name=name, numbers=numbers, range=meant, settings=settings)


def _numbers(domain: Domain) -> tuple[float, ...]:
    """The numbers of a list of at least two, rising; empty for all else."""
    values = domain.values if isinstance(domain, Choice) else ()
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    return tuple(sorted(numbers)) if len(numbers) == len(values) > 1 else ()


def _is_continuous(entry: Entry | None) -> bool:
    return entry is not None and isinstance(_start(entry), Real)


def _start(entry: Entry) -> Domain | None:
    return entry.start or next(iter(entry.starts.values()), None)


def _range(numbers: Sequence[float], entry: Entry | None) -> Domain | None:
    """The range from the lowest to the highest, on the scale that is known of the name, if any."""
    low, high = numbers[0], numbers[-1]
    start = _start(entry) if entry else None
    try:
        if isinstance(start, Real):
            return replace(start, low=low, high=high, limits=None)
        if start is not None and not isinstance(start, Integer):
            return None  # the catalogue knows it as a list
        scale: Literal["linear", "log"] = "log" if low > 0 and high >= LOG_ABOVE * low else "linear"
        if all(isinstance(one, int) for one in numbers):
            return Integer(int(low), int(high), scale=scale)
        return Real(low, high, scale=scale)
    except SpaceError:  # such as a 0 on a logarithmic scale: it means "none at all"
        return None


def _finding(study: Study, found: _List) -> Finding:
    name, trials = f"`{found.name}`", quantity(study.max_trials, "trial")
    few = found.settings < study.max_trials
    values = conjunction([number(one) for one in found.numbers[:3]])
    values = values if len(found.numbers) <= 3 else f"{len(found.numbers)} numbers"
    settings = quantity(int(found.settings), "setting") if few else ""
    count = f": {settings} for {trials}" if few else ", not between them"
    times = f" With {settings} for {trials}, each is trained more than once." if few else ""
    return Finding(
        rule="R12",
        check="lists",
        status="notice",
        subject={"study": study.name, "hyperparameter": found.name},
        headline=f"{name} is tried at {values} alone{count}",
        message=f"{name} is a list, so it is tried at {values} and nowhere between.{times}",
        evidence={
            "numbers": list(found.numbers),
            "settings": found.settings if few else None,
            "trials": study.max_trials,
            "range": None if found.range is None else toml_text(found.range),
        },
        advice=_advice(found, few=few),
    )


def _advice(found: _List, *, few: bool) -> str:
    if found.range is None:
        return "Add values, or ask for fewer trials."
    written = f"`{found.name} = {toml_text(found.range)}`"
    fewer = f", or ask for {quantity(int(found.settings), 'trial')}" if few else ""
    return f"Write the range, {written}{fewer}."

"""Lists of numbers that stand where a range is meant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from ...errors import SpaceError
from ...experiment.toml.write import toml_text
from ...finding import Finding
from ...playbook.catalogue import Entry, known
from ...space import Choice, Domain, Integer, Real
from ...study import Study
from ...wording import conjunction, join, number, quantity

# Heuristic: over a decade or more, numbers are meant by their orders of magnitude.
LOG_ABOVE = 10.0


def findings(studies: Sequence[Study]) -> list[Finding]:
    """Lists with fewer settings than trials, and two numbers of what is searched as a range.

    A list is tried at its values alone. All lists of a study are said together, each name of the
    first study that has it.

    Source: R12, C2.
    """
    names: set[str] = set()
    found = []
    for study in studies:
        if lists := [one for one in _lists(study) if one.name not in names]:
            found.append(_finding(study, lists))
            names |= {one.name for one in lists}
    return found


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
    if entry and (entry.name == "batch_size" or entry.off in numbers):
        return None  # another rule says what to do: S3 fixes it, R9 begins above none
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


def _finding(study: Study, lists: Sequence[_List]) -> Finding:
    names = join([f"`{one.name}`" for one in lists], most=2)
    settings = lists[0].settings
    few = settings < study.max_trials
    trials = quantity(study.max_trials, "trial")
    are = "is a list" if len(lists) == 1 else "are lists"
    where = f"{_values(lists[0])}" if len(lists) == 1 else "their numbers"
    count = f"{quantity(int(settings), 'setting')} for {trials}" if few else ""
    times = f" There are {count}, so some are trained more than once." if few else ""
    tried = "is tried" if len(lists) == 1 else "are tried"
    subject = {"hyperparameter": lists[0].name} if len(lists) == 1 else {}
    ranges = {one.name: toml_text(one.range) for one in lists if one.range is not None}
    return Finding(
        rule="R12",
        check="lists",
        status="notice",
        subject={"study": study.name, **subject},
        headline=f"{names if len(lists) < 3 else f'{len(lists)} lists'} {tried} at {where} alone"
        + (f": {count}" if few else ", not between them"),
        message=f"{names} {are}, tried at {where} and nowhere between.{times}",
        evidence={
            "numbers": list(lists[0].numbers),
            "settings": settings if few else None,
            "trials": study.max_trials,
            "range": ranges.get(lists[0].name),
            "lists": {one.name: list(one.numbers) for one in lists},
            "ranges": ranges,
        },
        advice=_advice(ranges, int(settings) if few else 0),
    )


def _values(found: _List) -> str:
    values = conjunction([number(one) for one in found.numbers[:3]])
    return values if len(found.numbers) <= 3 else f"{len(found.numbers)} numbers"


def _advice(ranges: Mapping[str, str], settings: int) -> str:
    fewer = f"ask for {quantity(settings, 'trial')}" if settings else ""
    if not ranges:
        return f"Add values, or {fewer}."
    ranges_or_one = "ranges" if len(ranges) > 1 else "range"
    written = join([f"`{name} = {text}`" for name, text in ranges.items()], most=3)
    return f"Write the {ranges_or_one} {written}{f', or {fewer}' if fewer else ''}."

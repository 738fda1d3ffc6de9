"""A merged study seen as one study for each scientific value, or slice of a scientific range."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import final

from ...record import Record
from ...space import Choice, Domain, Integer, Real, value_text
from ...study import Study, derived_seed

# Heuristic: enough slices to see a bend, few enough to hold several trials each.
MAX_SLICES = 5
# The smallest study whose luck of the search is spoken of (Q10).
MIN_TRIALS = 6


@final
@dataclass(frozen=True)
class _Cut:
    """One value, or one slice, of a scientific hyperparameter: `domain` is what is left of it.

    It lies from `low` to `high` on the whole axis, 0 to 1; `high` is within where it is `closed`.
    """

    name: str
    text: str
    domain: Domain
    low: float
    high: float
    closed: bool = False

    def holds(self, unit: float) -> bool:
        """Whether what lies there on the whole axis falls here."""
        return self.low <= unit < self.high or (self.closed and unit == self.high)


def subgroups(study: Study, records: Sequence[Record]) -> list[tuple[Study, list[Record]]]:
    """The study with its records; a merged one in parts, as if each had been a study of its own.

    A part is named as a study would be, `optimizer=adam`, or by its slice of a scientific range,
    `weight_decay in [1e-05, 0.0001)`; its records bear its name here and nowhere else. Slices are
    equal on the hyperparameter's scale: five, or as many as six trials each are planned for, at
    least two.

    Source: R14, C12.
    """
    mine = [record for record in records if record.study == study.name]
    if not study.merged:
        return [(study, mine)]
    cells = list(itertools.product(*_cuts(study)))
    named = [_part(study, cell, place, len(cells)) for place, cell in enumerate(cells)]
    found: list[list[Record]] = [[] for _ in cells]
    for record in mine:
        place = _place(study, cells, record)
        found[place].append(replace(record, study=named[place].name))
    return list(zip(named, found, strict=True))


def split_merged(
    studies: Sequence[Study], records: Sequence[Record]
) -> tuple[list[Study], list[Record]]:
    """The studies that a question compares, and every record under the name of its own.

    Source: R13, R14, C12.
    """
    pairs = [pair for study in studies for pair in subgroups(study, records)]
    return [study for study, _ in pairs], [record for _, mine in pairs for record in mine]


def _cuts(study: Study) -> list[list[_Cut]]:
    domains = {name: study.space.domains[name] for name in study.merged}
    slices = _slices(study.max_trials, list(domains.values()))
    return [list(_cut(name, domain, slices)) for name, domain in domains.items()]


def _cut(name: str, domain: Domain, slices: int) -> Iterator[_Cut]:
    if isinstance(domain, Choice):
        return _values(name, domain)
    if isinstance(domain, Integer):
        return _grouped(name, domain, slices)
    return _sliced(name, domain, slices)


def _slices(trials: int, domains: Sequence[Domain]) -> int:
    """How many slices of each range leave enough trials in every part."""
    values = prod(len(domain.values) for domain in domains if isinstance(domain, Choice))
    ranges = sum(not isinstance(domain, Choice) for domain in domains)
    fitting = [
        slices
        for slices in range(2, MAX_SLICES + 1)
        if values * slices**ranges * MIN_TRIALS <= trials
    ]
    return max(fitting, default=2)


def _values(name: str, domain: Choice) -> Iterator[_Cut]:
    share = 1 / len(domain.values)
    for place, value in enumerate(domain.values):
        text = f"{name}={value_text(value)}"
        yield _Cut(name, text, Choice([value]), place * share, (place + 1) * share)


def _sliced(name: str, domain: Real, slices: int) -> Iterator[_Cut]:
    edges = [domain.value(place / slices) for place in range(slices + 1)]
    texts = _told_apart(edges)
    for place in range(slices):
        last = place == slices - 1
        text = f"{name} in [{texts[place]}, {texts[place + 1]}{']' if last else ')'}"
        inner = Real(edges[place], edges[place + 1], scale=domain.scale)
        yield _Cut(name, text, inner, place / slices, (place + 1) / slices, closed=last)


def _grouped(name: str, domain: Integer, slices: int) -> Iterator[_Cut]:
    """Slices of whole numbers; one too narrow to hold any is left out."""
    for place in range(slices):
        low, high = domain.value(place / slices), domain.value((place + 1) / slices)
        low += domain.unit(low) < place / slices
        high -= place < slices - 1 and domain.unit(high) >= (place + 1) / slices
        ends = (domain.unit(low), domain.unit(high))
        if low == high:
            yield _Cut(name, f"{name}={low}", Choice([low]), *ends, closed=True)
        elif low < high:
            inner = Integer(low, high, scale=domain.scale)
            yield _Cut(name, f"{name} in [{low}, {high}]", inner, *ends, closed=True)


def _told_apart(edges: Sequence[float]) -> list[str]:
    """The edges as text, with as many digits as tell them apart."""
    for digits in range(3, 17):
        texts = [re.sub(r"e([+-])0?", r"e\1", f"{edge:.{digits}g}") for edge in edges]
        if len(set(texts)) == len(edges):
            return texts
    return [repr(edge) for edge in edges]


def _part(study: Study, cell: Sequence[_Cut], place: int, cells: int) -> Study:
    name = ",".join(cut.text for cut in cell)
    listed = {cut.name: cut.domain.values[0] for cut in cell if isinstance(cut.domain, Choice)}
    domains = {name: one for name, one in study.space.domains.items() if name not in listed}
    domains |= {cut.name: cut.domain for cut in cell if cut.name not in listed}
    return replace(
        study,
        name=name,
        scientific=listed,
        space=replace(study.space, domains=domains),
        # The share that is planned for it, the first parts with one more.
        max_trials=study.max_trials // cells + (place < study.max_trials % cells),
        seed=derived_seed(study.seed, name),
        merged=tuple(cut.name for cut in cell if cut.name not in listed),
    )


def _place(study: Study, cells: Sequence[Sequence[_Cut]], record: Record) -> int:
    units = {
        name: min(max(study.space.domains[name].unit(record.setting[name]), 0.0), 1.0)
        for name in study.merged
    }
    return next(
        place for place, cell in enumerate(cells) if all(cut.holds(units[cut.name]) for cut in cell)
    )

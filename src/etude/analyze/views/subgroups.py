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
from ..thresholds import SamplingLuckThresholds
from .outcomes import without_seeds

# Heuristic: enough slices to see a bend, few enough to hold several trials each.
MAX_SLICES = 5


@final
@dataclass(frozen=True)
class _Slice:
    """One value of a scientific hyperparameter, or a part of its range; `domain` holds only that.

    It lies from `low` to `high` on the whole axis, 0 to 1; `high` is within where it is `closed`.
    """

    name: str
    text: str
    domain: Domain
    low: float
    high: float
    closed: bool = False

    def includes(self, unit: float) -> bool:
        """Whether a point of the whole axis, 0 to 1, lies in it."""
        return self.low <= unit < self.high or (self.closed and unit == self.high)


def subgroups(study: Study, records: Sequence[Record]) -> list[tuple[Study, list[Record]]]:
    """The study with its records; a merged one in shares, as if each had been a study of its own.

    A share is named as a study would be, `optimizer=adam`, or by its slice of a scientific range,
    `weight_decay in [1e-05, 0.0001)`; its records bear its name here and nowhere else. Slices are
    equal on the hyperparameter's scale: five, or as many as six trials each are planned for, at
    least two.

    Source: R14, C12.
    """
    own = [record for record in records if record.study == study.name]
    study = without_seeds(study) if study.merged else study
    if not study.merged:
        return [(study, own)]
    cells = list(itertools.product(*_slices_by_name(study)))
    shares = [_share(study, cell, place, len(cells)) for place, cell in enumerate(cells)]
    cell_records: list[list[Record]] = [[] for _ in cells]
    for record in own:
        place = _cell_index(study, cells, record)
        cell_records[place].append(replace(record, study=shares[place].name))
    return list(zip(shares, cell_records, strict=True))


def split_merged(
    studies: Sequence[Study], records: Sequence[Record]
) -> tuple[list[Study], list[Record]]:
    """The studies that a question compares, and every record under the name of its own.

    Source: R13, R14, C12.
    """
    pairs = [pair for study in studies for pair in subgroups(study, records)]
    return [study for study, _ in pairs], [record for _, own in pairs for record in own]


def _slices_by_name(study: Study) -> list[list[_Slice]]:
    """The slices of each scientific hyperparameter of a merged study, in its order."""
    domains = {name: study.space.domains[name] for name in study.merged}
    slices = _slice_count(study.max_trials, list(domains.values()))
    return [list(_slices_of(name, domain, slices)) for name, domain in domains.items()]


def _slices_of(name: str, domain: Domain, slices: int) -> Iterator[_Slice]:
    if isinstance(domain, Choice):
        return _choice_slices(name, domain)
    if isinstance(domain, Integer):
        return _integer_slices(name, domain, slices)
    return _real_slices(name, domain, slices)


def _slice_count(trials: int, domains: Sequence[Domain]) -> int:
    """How many slices of each range leave enough trials in every share."""
    values = prod(len(domain.values) for domain in domains if isinstance(domain, Choice))
    ranges = sum(not isinstance(domain, Choice) for domain in domains)
    fitting = [
        slices
        for slices in range(2, MAX_SLICES + 1)
        if values * slices**ranges * SamplingLuckThresholds.min_trials <= trials
    ]
    return max(fitting, default=2)


def _choice_slices(name: str, domain: Choice) -> Iterator[_Slice]:
    share = 1 / len(domain.values)
    for place, value in enumerate(domain.values):
        text = f"{name}={value_text(value)}"
        yield _Slice(name, text, Choice([value]), place * share, (place + 1) * share)


def _real_slices(name: str, domain: Real, slices: int) -> Iterator[_Slice]:
    edges = [domain.value(place / slices) for place in range(slices + 1)]
    texts = _edge_texts(edges)
    for place in range(slices):
        last = place == slices - 1
        text = f"{name} in [{texts[place]}, {texts[place + 1]}{']' if last else ')'}"
        inner = Real(edges[place], edges[place + 1], scale=domain.scale)
        yield _Slice(name, text, inner, place / slices, (place + 1) / slices, closed=last)


def _integer_slices(name: str, domain: Integer, slices: int) -> Iterator[_Slice]:
    """Slices of whole numbers; one too narrow to hold any is left out."""
    for place in range(slices):
        low, high = domain.value(place / slices), domain.value((place + 1) / slices)
        low += domain.unit(low) < place / slices
        high -= place < slices - 1 and domain.unit(high) >= (place + 1) / slices
        ends = (domain.unit(low), domain.unit(high))
        if low == high:
            yield _Slice(name, f"{name}={low}", Choice([low]), *ends, closed=True)
        elif low < high:
            inner = Integer(low, high, scale=domain.scale)
            yield _Slice(name, f"{name} in [{low}, {high}]", inner, *ends, closed=True)


def _edge_texts(edges: Sequence[float]) -> list[str]:
    """The edges as text, with as many digits as tell them apart."""
    for digits in range(3, 17):
        texts = [re.sub(r"e([+-])0?", r"e\1", f"{edge:.{digits}g}") for edge in edges]
        if len(set(texts)) == len(edges):
            return texts
    return [repr(edge) for edge in edges]


def _share(study: Study, cell: Sequence[_Slice], place: int, cells: int) -> Study:
    """One cell of a merged study as a study of its own: the `place`-th of so many cells."""
    name = ",".join(piece.text for piece in cell)
    listed = {
        piece.name: piece.domain.values[0] for piece in cell if isinstance(piece.domain, Choice)
    }
    domains = {name: domain for name, domain in study.space.domains.items() if name not in listed}
    domains |= {piece.name: piece.domain for piece in cell if piece.name not in listed}
    return replace(
        study,
        name=name,
        scientific=listed,
        space=replace(study.space, domains=domains),
        # The trials that are planned for it, the first shares with one more.
        max_trials=study.max_trials // cells + (place < study.max_trials % cells),
        seed=derived_seed(study.seed, name),
        merged=tuple(piece.name for piece in cell if piece.name not in listed),
    )


def _cell_index(study: Study, cells: Sequence[Sequence[_Slice]], record: Record) -> int:
    """The cell in which a trial lies; one outside the space counts at its edge."""
    units = {
        name: min(max(study.space.domains[name].unit(record.setting[name]), 0.0), 1.0)
        for name in study.merged
    }
    return next(
        place
        for place, cell in enumerate(cells)
        if all(piece.includes(units[piece.name]) for piece in cell)
    )

"""What was logged of the evaluation data: values by name, the latest of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...playbook.metrics import DATA, EXAMPLES
from ...record import Record
from ...study import Study


def evaluation_data(records: Iterable[Record]) -> dict[str, float]:
    """What trials logged under `data/`, by full name; empty where none did.

    Source: E4, E5, E6.
    """
    known: dict[str, float] = {}
    for record in records:
        for name in record.points.names:
            if name.startswith(DATA) and len(series := record.series(name)):
                known[name] = float(series.values_P[-1])
    return known


def validation_examples(studies: Sequence[Study], known: Mapping[str, float]) -> int | None:
    """The examples behind one value of the metric: as the file says, else as was logged.

    Source: E4, A1.
    """
    said = next((one.validation_examples for one in studies if one.validation_examples), None)
    return said or (int(known[EXAMPLES]) if known.get(EXAMPLES, 0.0) >= 1.0 else None)


def own_records(studies: Sequence[Study], records: Sequence[Record]) -> list[Record]:
    """The trials of these studies, by id.

    Source: C14.
    """
    names = {study.name for study in studies}
    return sorted((one for one in records if one.study in names), key=lambda one: one.id)

"""The rounds of one line of experiments: those that led to one, itself, and those that follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ..experiment import Experiment
from ..experiment.entry import Entry
from ..experiment.toml.write import dumps
from ..record import Records
from ..report.round_line import Round
from ..store.base import Store
from .prior import ancestors

# What tells a round from the one before, and changes nothing.
_FREE = ("experiment.name", "experiment.parent", "experiment.question", "experiment.notes")
# A line of a file with the rule that asks for it behind: `key = value  # C1: why`.
_LINE = re.compile(
    r"^(?P<key>[^#=\[\]]+?)\s*=\s*(?P<value>.*?)(?:\s+# (?P<rule>[A-Z]\d{1,2}): .*)?$"
)


@final
@dataclass(frozen=True, kw_only=True)
class LineRound:
    """A round of a line: its experiment, its file as it was written, its trials."""

    experiment: Experiment
    text: str
    records: Records


def line_of(
    store: Store, entries: Sequence[Entry], experiment: Experiment
) -> tuple[LineRound, ...]:
    """The rounds before an experiment, itself and those that follow it, parents first.

    Alone where it has neither a parent nor a child in the store: then there is no line.

    Source: R1.
    """
    before = [one.name for one in ancestors(entries, experiment)][::-1]
    names = [*before, experiment.name]
    names += [
        entry.experiment.name
        for entry in entries
        if experiment.name in [one.name for one in ancestors(entries, entry.experiment)]
        and entry.experiment.name not in names
    ]
    if len(names) == 1:
        return ()
    known = {entry.experiment.name: entry for entry in entries}
    return tuple(
        LineRound(
            experiment=known[name].experiment, text=known[name].text, records=store.records(name)
        )
        for name in names
        if name in known
    )


def rounds(line: Sequence[LineRound], current: Experiment) -> tuple[Round, ...]:
    """What a page says of each round, judged by the metric of the current one.

    Source: R1.
    """
    by_name = {one.experiment.name: one for one in line}
    pages = []
    for one in line:
        value, trial = _best(one.records, current)
        parent = by_name.get(one.experiment.parent or "")
        pages.append(
            Round(
                name=one.experiment.name,
                parent=one.experiment.parent or "",
                question=one.experiment.question,
                trials=one.records.count(),
                best=value,
                trial=trial,
                changes=changed_lines(parent, one) if parent else (),
                current=one.experiment.name == current.name,
            )
        )
    return tuple(pages)


def _best(records: Records, current: Experiment) -> tuple[float | None, int | None]:
    judged = [
        (current.objective.loss(best.value), record.id, best.value)
        for record in records
        if record.status in ("completed", "stopped")
        and (best := record.best(current.metric, maximize=current.maximize))
    ]
    if not judged:
        return None, None
    _, trial, value = min(judged)
    return value, trial


def changed_lines(before: LineRound, after: LineRound) -> tuple[tuple[str, str, str, str], ...]:
    """The keys that differ between two rounds: key, old and new value, and the rule behind it.

    Source: R1, K3.
    """
    old, new = (_lines(dumps(one.experiment)) for one in (before, after))
    rules = {key: rule for key, (_, rule) in _lines(after.text).items()}
    keys = [
        key for key in {**old, **new} if key not in _FREE and _value(old, key) != _value(new, key)
    ]
    return tuple(
        (key, _value(old, key) or "nothing", _value(new, key) or "nothing", rules.get(key, ""))
        for key in keys
    )


def _value(lines: Mapping[str, tuple[str, str]], key: str) -> str:
    return lines.get(key, ("", ""))[0]


def _lines(text: str) -> dict[str, tuple[str, str]]:
    """The values of a file by their keys, each with the rule that its comment names."""
    section, values = "", {}
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif found := _LINE.match(line):
            values[f"{section}.{found['key'].strip()}"] = (found["value"], found["rule"] or "")
    return values

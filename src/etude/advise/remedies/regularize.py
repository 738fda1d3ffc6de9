"""C6: a best trial that overfits asks for more regularization before studies are compared."""

from __future__ import annotations

from collections.abc import Iterator

from ...design.catalogued import catalogued, optimizer_of
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...playbook.catalogue import Entry, known, known_switch
from ...space import Integer, Real, is_number
from ..context import Context, Remedy, bounded
from .stabilize import moved
from .widen import wider_bound

# As C6 names them; what else the catalogue knows of regularizers comes behind.
_ORDER = ("dropout", "label_smoothing", "weight_decay")


def regularize(case: Context) -> list[Remedy]:
    """One regularizer that is held becomes a range, in the order of C6; else one reaches higher.

    Not where regularization is itself the question. Where the experiment has none, words: a file
    cannot teach the train function a new name.

    Source: C6, C7, R9, R3.
    """
    causes = [*case.of("overfitting", "C6", "problem"), *case.of("overfitting", "C7", "notice")]
    if not causes or _asked(case):
        return []
    for one, entry in _regularizers(case):
        found = list(_more(case, one, entry, causes[0]))
        if found:
            return found[:1]
    return [Remedy(rule="C6", words=f"{causes[0].rule}: {causes[0].message} {causes[0].advice}")]


def _asked(case: Context) -> bool:
    asked = [one.name for one in case.experiment.hyperparameters if one.role == "scientific"]
    entries = [known(name) or known_switch(name) for name in asked]
    return any(one is not None and (one.kind == "regularization" or one.switch) for one in entries)


def _regularizers(case: Context) -> list[tuple[Hyperparameter, Entry]]:
    """Those that are held before those that are searched, each in the order of C6."""
    known_ones = [
        (one, entry)
        for one, entry in catalogued(case.experiment, ("nuisance", "fixed"))
        if entry.kind == "regularization" and entry.off is not None
    ]
    return sorted(known_ones, key=lambda pair: (pair[0].role == "nuisance", _place(pair[1])))


def _place(entry: Entry) -> int:
    return _ORDER.index(entry.name) if entry.name in _ORDER else len(_ORDER)


def _more(case: Context, one: Hyperparameter, entry: Entry, cause: Finding) -> Iterator[Remedy]:
    study = case.study(cause)
    if not one.exists(study.scientific):
        return
    because = f"{cause.message} Search more {entry.name.replace('_', ' ')}."
    if isinstance(one.value, Real | Integer):
        high = wider_bound(one.name, one.value, "high")
        if high > one.value.high:
            edits = moved(one, bounded(one.value, high=high), cause.rule, because)
            yield Remedy(rule=cause.rule, edits=tuple(edits))
        return
    start = entry.start_for(optimizer_of(study))
    if not is_number(one.value) or not isinstance(start, Real | Integer):
        return
    if one.value > start.high:
        return  # stronger than where one begins: a person draws that range
    # What is held already is not given up for less.
    least = max(one.value, start.low)
    if least < start.high:
        edits = moved(one, bounded(start, low=least), cause.rule, because)
        yield Remedy(rule=cause.rule, edits=tuple(edits))

"""What a measurement of batch sizes holds for: the model, the optimizer, and where they trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ...design.catalogued import hyperparameters
from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...playbook.catalogue import Names, known
from ...space import Choice, Integer, Real, Scalar, is_number
from ...space.values import value_text
from ...text.secret_values import shown_value

Fingerprint: TypeAlias = Mapping[str, Scalar | None]
# Whatever of these a setting has, a step takes as long and as much memory.
_WITHOUT_COST = ("regularization", "schedule", "budget")
# Entries that are no hyperparameters.
CODE, MEMORY, THREADS = "the training code", "the memory limit", "the threads of a trial"


def fingerprint(
    setting: Mapping[str, Scalar],
    names: Names,
    *,
    code: str = "",
    memory_bytes: int | None = None,
    threads: int = 1,
) -> dict[str, Scalar | None]:
    """What a measurement rests on: every value that says what is trained, not how strongly.

    A rate or a strength may be searched and changes no throughput; a width or an optimizer does.

    Args:
        setting: The configuration.
        names: The user's names by what they are known for.
        code: A hash of the training code.
        memory_bytes: The limit, where one was typed.
        threads: What a training may use.

    Source: S7.

    >>> fingerprint({"width": 8, "lr": 0.1, "optimizer": "adam"}, {})["width"]
    8
    """
    told = {name: value for name, value in sorted(setting.items()) if _bears(name, value, names)}
    return {**told, CODE: code, MEMORY: memory_bytes, THREADS: threads}


def differences(old: Fingerprint, new: Fingerprint) -> tuple[str, ...]:
    """What changed between two measurements, a clause each.

    Source: S7.

    >>> differences({"width": 8}, {"width": 16})
    ('`width` was 8 and is 16',)
    """
    return tuple(
        _difference(name, old.get(name), new.get(name))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )


def changes_since(old: Fingerprint, experiment: Experiment, code: str) -> tuple[str, ...]:
    """What a file says otherwise than when it was measured, a clause each.

    A hyperparameter that is searched may have any of its values, and one of a study that was not
    measured says nothing; what a command was given, threads and memory, is no matter of the file.

    Args:
        old: What was measured.
        experiment: As it stands now.
        code: A hash of its training code; empty where that cannot be read.

    Source: S7.
    """
    rows = hyperparameters(experiment)
    was = {name: value for name, value in old.items() if name not in (CODE, MEMORY, THREADS)}
    clauses = [clause for name, value in was.items() if (clause := _changed(name, value, rows))]
    for row in rows:
        is_new = row.role == "fixed" and not row.when and row.name not in was
        if is_new and _is_rest(row, experiment):
            clauses.append(f"`{row.name}` is new")
    if code and old.get(CODE) != code:
        clauses.append(_difference(CODE, None, None))
    return tuple(clauses)


def _changed(name: str, old: Scalar | None, rows: Sequence[Hyperparameter]) -> str:
    own = [one.value for one in rows if one.name == name]
    if not own:
        return _difference(name, old, None)
    if any(_may_be(value, old) for value in own):
        return ""
    now = own[0]
    if isinstance(now, Real | Integer | Choice):
        was = "absent" if old is None else value_text(shown_value(name, old))
        return f"`{name}` was {was}"
    return _difference(name, old, now)


def _may_be(value: object, old: Scalar | None) -> bool:
    if isinstance(value, Choice):
        return old in value.values
    if isinstance(value, Real | Integer):
        return is_number(old) and value.low <= old <= value.high
    return value == old


def _is_rest(one: Hyperparameter, experiment: Experiment) -> bool:
    """Whether it belongs to what a measurement rests on; the batch size itself does not."""
    entry = known(one.name, experiment.names)
    if isinstance(one.value, Real | Integer | Choice) or (entry and entry.name == "batch_size"):
        return False
    return _bears(one.name, one.value, experiment.names)


def _bears(name: str, value: Scalar, names: Names) -> bool:
    entry = known(name, names)
    if entry is not None and entry.name == "optimizer":
        return True
    is_strength = isinstance(value, float) or (entry is not None and entry.kind == "optimizer")
    return not is_strength and (entry is None or entry.kind not in _WITHOUT_COST)


def _difference(name: str, old: Scalar | None, new: Scalar | None) -> str:
    if name in (CODE, MEMORY, THREADS):
        return f"{name} changed"
    if old is None or new is None:
        return f"`{name}` {'is new' if old is None else 'is gone'}"
    was, now = (value_text(shown_value(name, value)) for value in (old, new))
    return f"`{name}` was {was} and is {now}"

"""What a measurement of batch sizes holds for: the model, the optimizer, and where they trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ...playbook.catalogue import Names, known
from ...space import Scalar
from ...space.values import value_text

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
    return f"`{name}` was {value_text(old)} and is {value_text(new)}"

"""What is carried over from short trainings to longer ones, and with which confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from ...playbook.catalogue import Entry, Names, known
from ...space import Scalar
from ..base import Setting

Confidence: TypeAlias = Literal["very_likely", "likely", "perhaps", "unlikely"]

# Source: T9, by the kinds of the catalogue.
_BY_KIND: Mapping[str, Confidence] = {
    "architecture": "likely",
    "optimizer": "perhaps",
    "regularization": "perhaps",
    "data": "perhaps",
    "schedule": "unlikely",
}
_BY_NAME: Mapping[str, Confidence] = {
    "warmup_steps": "very_likely",
    "warmup_fraction": "very_likely",
    "init_scale": "very_likely",
}
# Nothing that is chosen, so nothing that carries over.
_NOT_CHOSEN = frozenset({"seed"})


@final
@dataclass(frozen=True, kw_only=True)
class Carried:
    """A hyperparameter with the value that the longer training takes, and how sure that is."""

    name: str
    value: Scalar
    confidence: Confidence


def carried_over(setting: Setting, names: Names) -> tuple[Carried, ...]:
    """What the playbook's authors speak of, the surest first; what they do not is left out.

    Batch size and hyperparameters that the catalogue does not know are among the latter.

    Source: T9.

    >>> [(one.name, one.confidence) for one in carried_over({"lr": 0.1, "depth": 2}, {})]
    [('depth', 'likely'), ('lr', 'perhaps')]
    """
    order = ("very_likely", "likely", "perhaps", "unlikely")
    carried = [
        Carried(name=name, value=value, confidence=confidence)
        for name, value in sorted(setting.items())
        if (confidence := _confidence(known(name, names))) is not None
    ]
    return tuple(sorted(carried, key=lambda one: order.index(one.confidence)))


def _confidence(entry: Entry | None) -> Confidence | None:
    if entry is None or entry.name in _NOT_CHOSEN:
        return None
    return _BY_NAME.get(entry.name) or _BY_KIND.get(entry.kind)

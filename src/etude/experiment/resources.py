"""Resources: what one trial takes of a machine, and which files its code needs beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from ..errors import ExperimentError, Mistake
from ..space import is_number, plain
from ..text.signs import storable
from ..wording import did_you_mean
from .hyperparameter import key_path
from .methods import Check

# By the key of a file, the field that it fills: a file says the unit, a field has it in its name.
_FIELDS = {"cpus": "cpus", "gpus": "gpus", "memory": "memory_gb", "files": "files"}
_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])(i?)B?\s*", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


@final
@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one trial takes, for every runner; None for what is not said.

    Args:
        cpus: Cores.
        gpus: GPUs: 0.5 where two trials share one, 0 for none; above 1 whole ones.
        memory_gb: Main memory in GiB.
        files: What the training needs beside its code where it is trained on another machine,
            relative to the experiment file.

    Raises:
        ExperimentError: with every mistake at once.

    Source: W5.
    """

    cpus: float | None = None
    gpus: float | None = None
    memory_gb: float | None = None
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses mistakes, all at once; numbers become floats and files a tuple."""
        given = {key: getattr(self, name) for key, name in _FIELDS.items()}
        if wrong := resource_mistakes({key: one for key, one in given.items() if one is not None}):
            raise ExperimentError(tuple(wrong))
        object.__setattr__(self, "files", tuple(self.files))
        if isinstance(memory := given["memory"], str):  # as a file has it
            object.__setattr__(self, "memory_gb", _gib(memory))
        for name in ("cpus", "gpus", "memory_gb"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, float(value))

    @property
    def is_said(self) -> bool:
        """Whether anything is said that bounds how many trials train at once."""
        return any(one is not None for one in (self.cpus, self.gpus, self.memory_gb))


def resources_of(given: Resources | Mapping[str, Any]) -> Resources:
    """The resources that the table of a file describes.

    >>> resources_of({"gpus": 0.5, "memory": "512 MiB"})
    Resources(cpus=None, gpus=0.5, memory_gb=0.5, files=())
    """
    if isinstance(given, Resources):
        return given
    return Resources(**{_FIELDS[key]: value for key, value in given.items()})


def table_of(resources: Resources) -> dict[str, Any]:
    """The table of a file that describes these resources; what is not said is left out.

    >>> table_of(Resources(cpus=4, memory_gb=0.5))
    {'cpus': 4, 'memory': '0.5 GiB'}
    """
    table: dict[str, Any] = {}
    for name in ("cpus", "gpus"):
        if (value := getattr(resources, name)) is not None:
            table[name] = _short(value)
    if resources.memory_gb is not None:
        # Where a text would be of another form, as 1e-07, the number stands, which is GiB too.
        text = f"{_short(resources.memory_gb)!r} GiB"
        table["memory"] = text if _MEMORY.fullmatch(text) else resources.memory_gb
    return table | ({"files": list(resources.files)} if resources.files else {})


def resource_mistakes(given: object) -> list[Mistake]:
    """One mistake for each key of [resources] that is none, or that holds what it may not."""
    if isinstance(given, Resources):
        return []  # it refused its own
    if not isinstance(given, Mapping):
        message = f"needs a table, found {given!r}. Write `cpus = 1` below [resources]."
        return [Mistake(where="resources", message=message)]
    return [
        Mistake(where=key_path(["resources", str(key)]), message=message)
        for key, value in given.items()
        if (message := _message(key, value))
    ]


# --- what one key may hold: a sentence about what is wrong, or nothing


def _message(key: object, value: object) -> str:
    if key not in _CHECKS:
        return f"[resources] has no key `{key}`. {did_you_mean(str(key), list(_CHECKS))}"
    return _CHECKS[str(key)](plain(value))


def _cpus(value: object) -> str:
    if is_number(value) and value > 0:
        return ""
    return f"needs the cores of one trial, above 0, found {value!r}. Write for example 1."


def _gpus(value: object) -> str:
    if is_number(value) and value >= 0 and (value <= 1 or float(value).is_integer()):
        return ""
    return (
        "needs the GPUs of one trial: a part of one, as 0.5, or whole ones, found "
        f"{value!r}. Write for example 1, or 0 for none."
    )


def _memory(value: object) -> str:
    size = _gib(value) if isinstance(value, str) else value
    if is_number(size) and size > 0:
        return ""
    return (
        "needs the memory of one trial, as a number of GiB or with its unit, found "
        f'{value!r}. Write for example "4 GiB".'
    )


def _files(value: object) -> str:
    example = 'Write for example ["data/train.csv"].'
    if not isinstance(value, list | tuple):
        return f"needs a list of paths, found {value!r}. {example}"
    wrong = [one for one in value if not isinstance(one, str) or not one or storable(one) != one]
    return f"needs paths as texts, found {wrong[0]!r}. {example}" if wrong else ""


_CHECKS: Mapping[str, Check] = {
    "cpus": _cpus,
    "gpus": _gpus,
    "memory": _memory,
    "files": _files,
}


def _gib(text: str) -> float | None:
    """The GiB that a text names: `4 GiB`, `512 MB`; None where it names none."""
    if not (match := _MEMORY.fullmatch(text)):
        return None
    number, unit, binary = match.groups()
    size = float(number) * (1024.0 if binary else 1000.0) ** _POWERS[unit.lower()] / 1024.0**3
    return size if math.isfinite(size) else None


def _short(value: float) -> float | int:
    """The number, whole where it is."""
    return int(value) if value.is_integer() and value < 2**53 else value

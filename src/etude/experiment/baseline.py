"""Baseline: the launched configuration, with the line of adoptions that led to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, final

from ..errors import ExperimentError, Mistake
from ..space import Scalar, is_scalar
from .change import Change
from .experiment import Experiment
from .file_values import with_file_values
from .hyperparameter import ROLES, flat, key_path
from .resources import resource_mistakes
from .toml.edit import Edit, edited
from .toml.read import error_with_lines, loads, parsed, text_in
from .toml.statements import key_lines
from .toml.write import toml_text

# Of its fields, by their annotation, what TOML reads them as.
_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (float, int),
    "Mapping[str, Scalar]": (dict,),
    "Mapping[str, Any]": (dict,),
}
# Those that are tables of their own, and stand below the others.
_TABLES = ("setting", "resources")
HEAD = (
    "# The launched configuration. `etude adopt` writes this file, with the evidence for every\n"
    "# change (A4); experiments say `baseline` and inherit from it. Do not edit it by hand.\n"
    "# What a training takes of a machine, [line.resources], is yours to change.\n"
)


@final
@dataclass(frozen=True, kw_only=True)
class Adoption:
    """One configuration that was adopted, and why.

    Args:
        adopted: UTC, ISO 8601.
        trial: The trial whose setting it is.
        value: The mean of its trainings, in the metric's own direction; of one, its best value.
        trainings: How many there were.
        evidence: What spoke for it, in a sentence or two.
        complexity: What it adds to the configuration before.
        train: As the experiment names it; empty for a function of Python.
        folder: That of the experiment's file, from the baseline's on; `train` starts there.
        starting_point: Whether it is no more than something to begin with: trained too seldom to
            know what it is worth, or adopted against what the evidence says (R1, A2).
        resources: What one training takes, as below [resources] of the experiment; empty where
            nothing was said (W5).
    """

    adopted: str
    experiment: str
    trial: int
    metric: str
    maximize: bool
    value: float
    trainings: int
    max_steps: int
    evaluations: int
    evidence: str
    complexity: str
    setting: Mapping[str, Scalar]
    train: str = ""
    folder: str = "."
    starting_point: bool = False
    resources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def basis(self) -> str:
        """What its value is the mean of, in words."""
        return "one training" if self.trainings == 1 else f"{self.trainings} trainings"


@final
@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Every adoption, oldest first; the last one is the configuration that holds."""

    line: tuple[Adoption, ...]

    @property
    def last(self) -> Adoption:
        """The one that holds."""
        return self.line[-1]


def read(path: Path) -> Baseline:
    """The baseline in a file that `etude adopt` wrote.

    Raises:
        ExperimentError: where it is missing, no baseline, or was changed by hand.
    """
    if not path.exists():
        message = "there is no such file. `etude adopt` writes a baseline."
        raise _refusal(path, message, 0)
    text = text_in(path)
    data = parsed(text, str(path))
    lines = key_lines(text)
    try:
        line = tuple(_adoption(one) for one in data["line"])
        named = line[-1]
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        message = f"is no baseline ({error}). `etude adopt` writes one."
        raise _refusal(path, message, 1) from error
    if data.get("setting") != dict(named.setting):
        message = (
            "`setting` is not what was adopted last, so it was changed by hand. Put it back, or "
            "adopt the other configuration with `etude adopt`, so that the change is argued (A4)."
        )
        raise _refusal(path, message, lines.get(("setting",), 1))
    return Baseline(line=line)


def baseline_text(baseline: Baseline) -> str:
    """The text of its file."""
    parts = [HEAD, "[setting]", *_values(baseline.last.setting)]
    for adoption in baseline.line:
        parts += ["", "[[line]]"]
        parts += [
            f"{one.name} = {toml_text(getattr(adoption, one.name))}"
            for one in fields(Adoption)
            if one.name not in _TABLES
        ]
        parts += ["[line.setting]", *_values(adoption.setting)]
        if adoption.resources:
            parts += ["[line.resources]", *_values(adoption.resources)]
    return "\n".join(parts) + "\n"


def read_with_baseline(path: Path) -> tuple[Experiment, str]:
    """The experiment of a file with what it inherits, and its text with that written down.

    The text stands for itself, with the values of other files that it names in it: what is adopted
    later, or written into such a file, changes nothing in a store.

    Raises:
        ExperimentError: with every mistake of the file, or of a file that it names.
    """
    text = text_in(path)
    data = parsed(text, str(path))
    whole, mistakes = with_file_values(text, data, path)
    name = data["experiment"].get("baseline") if isinstance(data.get("experiment"), dict) else None
    if isinstance(name, str) and name:
        whole = _inherited(whole, data, _baseline_at(path, text, name), name)
    try:
        experiment = loads(whole, file=str(path))
    except ExperimentError as error:
        own = error_with_lines(error, text, str(path)).mistakes
        raise ExperimentError((*own, *mistakes)) from None
    if mistakes:
        raise ExperimentError(mistakes)
    return experiment, whole


def _baseline_at(path: Path, text: str, name: str) -> Baseline:
    place = path.parent / name
    if place.is_file():
        return read(place)
    line = key_lines(text).get(("experiment", "baseline"), 1)
    message = (
        f"names no file, found {name!r}. `etude adopt` writes a baseline; leave `baseline` out "
        "until there is one."
    )
    mistake = Mistake(where="experiment.baseline", message=message, file=str(path), line=line)
    raise ExperimentError((mistake,))


def _inherited(text: str, data: Mapping[str, Any], baseline: Baseline, name: str) -> str:
    """The text with every value of the baseline that it does not name itself below [fixed]."""
    own = set(_names(data))
    edits = [
        Edit(Change(("fixed", key), "", value), f"from {name}")
        for key, value in baseline.last.setting.items()
        if key not in own
    ]
    return edited(text, edits)


def _names(data: Mapping[str, Any]) -> Iterator[str]:
    for role in ROLES:
        members = data.get(role)
        if isinstance(members, Mapping):
            yield from (hyperparameter.name for hyperparameter in _flat(members))
    rows = data.get("configurations", [])
    for row in rows if isinstance(rows, list) else []:
        yield from row if isinstance(row, Mapping) else ()


def _flat(members: Mapping[str, Any]) -> Sequence[Any]:
    try:
        return list(flat("fixed", members))
    except AttributeError:  # what stands below `when` is no table: a mistake that `loads` tells
        return []


def _adoption(table: Mapping[str, Any]) -> Adoption:
    adoption = Adoption(**table)
    for one in fields(Adoption):
        value = getattr(adoption, one.name)
        if type(value) not in _TYPES[str(one.type)]:
            raise ValueError(f"`{one.name}` is {type(value).__name__}, not {one.type}")
    if wrong := resource_mistakes(adoption.resources):
        raise ValueError(f"`{wrong[0].where}` {wrong[0].message}")
    if not all(is_scalar(value) for value in adoption.setting.values()):
        raise ValueError("a setting has one value a hyperparameter")
    return adoption


def _values(setting: Mapping[str, Any]) -> list[str]:
    return [f"{key_path([name])} = {toml_text(value)}" for name, value in sorted(setting.items())]


def _refusal(path: Path, message: str, line: int) -> ExperimentError:
    return ExperimentError((Mistake(where="", message=message, file=str(path), line=line),))

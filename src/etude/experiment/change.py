"""Change: one value of an experiment that becomes another, as a round changes a few of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, final

from ..errors import ExperimentError, Mistake
from ..space import Domain, Scalar
from .experiment import Experiment
from .hyperparameter import Keys, key_path
from .tables import experiment_of, plain_value, tables_of


@final
@dataclass(frozen=True)
class Change:
    """One value of an experiment that changes.

    Args:
        keys: The steps to its key: `("nuisance", "when", "optimizer", "adam", "learning_rate")`.
        part: The part of a domain that changes, `high`; empty for the whole value.
        new: A domain, a list of values, or a plain value; None for a key that goes.
    """

    keys: Keys
    part: str
    new: Domain | Scalar | Sequence[Scalar] | None

    @property
    def path(self) -> str:
        """Its key as an experiment file names it: `nuisance.when.optimizer.adam.learning_rate`."""
        return key_path(self.keys)


def applied(experiment: Experiment, changes: Iterable[Change]) -> Experiment:
    """The experiment with these values changed, in their order.

    It is what an experiment file says after `toml.edited`, found without writing one.

    Raises:
        ExperimentError: with every mistake of the changed experiment, without lines.

    >>> from etude.space import Real
    >>> before = Experiment(metric="error", max_steps=9, trials=4, nuisance={"rate": Real(0, 1)})
    >>> applied(before, [Change(("nuisance", "rate"), "high", 2.0)]).nuisance["rate"].high
    2.0
    """
    tables: Mapping[str, Any] = tables_of(experiment)
    for change in changes:
        keys = target(tables, change)
        if change.new is None:
            tables = _without(tables, keys)
        else:
            tables = _with(tables, keys, plain_value(change.new))
    return experiment_of(tables, name=experiment.name)


def target(tables: Mapping[str, Any], change: Change) -> Keys:
    """The steps to the value that a change sets in the tables of a file.

    Raises:
        ExperimentError: where they run through a plain value.
    """
    keys = (*change.keys, change.part) if change.part else change.keys
    if change.part == "values" and isinstance(value_at(tables, change.keys), list):
        return change.keys
    for depth in range(1, len(keys)):
        inner = value_at(tables, keys[:depth])
        if inner is not MISSING and not isinstance(inner, Mapping):
            message = f"holds {inner!r}, which has no `{keys[depth]}`. Change the whole value."
            raise ExperimentError((Mistake(where=key_path(keys[:depth]), message=message),))
    return keys


def value_at(tables: Mapping[str, Any], keys: Keys) -> Any:
    """What stands at these steps; `dataclasses.MISSING` where nothing does."""
    value: Any = tables
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return MISSING
        value = value[key]
    return value


def _with(tables: Mapping[str, Any], keys: Keys, new: Any) -> dict[str, Any]:
    """The tables with one value set; a table on the way that is not there yet is added."""
    first, *rest = keys
    return {**tables, first: _with(tables.get(first, {}), tuple(rest), new) if rest else new}


def _without(tables: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """The tables without one key; the table around it stays, empty or not."""
    first, *rest = keys
    if not rest or first not in tables:
        return {key: value for key, value in tables.items() if key != first}
    return {**tables, first: _without(tables[first], tuple(rest))}

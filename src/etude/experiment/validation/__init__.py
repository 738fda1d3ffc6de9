"""What an experiment may hold: every mistake of its fields, found at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import Mistake, SpaceError
from ...space import Choice, is_scalar, plain, value_text
from ..hyperparameter import ROLES, Members, flat
from ..resources import resource_mistakes
from .configurations import configuration_mistakes, listed_hyperparameters
from .constraints import constraint_mistakes
from .fields import DESIGN_RULES as DESIGN_RULES
from .fields import MAX_EVALUATIONS as MAX_EVALUATIONS
from .fields import MAX_STEPS as MAX_STEPS
from .fields import MAX_TRIALS as MAX_TRIALS
from .fields import field_mistakes
from .known_names import name_mistakes
from .methods import method_mistakes
from .roles import as_table, observed_mistakes, role_mistakes, table_mistakes, value_mistakes
from .texts import text_mistakes
from .trackers import TRACKERS as TRACKERS
from .trackers import tracker_mistakes


def mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """Every mistake of these fields of an experiment; an empty list means it can be built.

    A SpaceError may stand where a domain could not be built: it is reported as a mistake, and
    nothing else is said about that hyperparameter.
    """
    hyperparameters = [
        hyperparameter
        for role in ROLES
        for hyperparameter in flat(role, with_choices(given.get(role, {}), lists=role != "fixed"))
    ]
    listed = listed_hyperparameters(given.get("configurations", ()))
    return [
        *text_mistakes(given),
        *field_mistakes(given),
        *table_mistakes(given),
        *value_mistakes(hyperparameters, merged=given.get("studies") == "merged"),
        *configuration_mistakes(given, hyperparameters),
        *method_mistakes(given, hyperparameters),
        *constraint_mistakes(given.get("constraints", ()), [*hyperparameters, *listed]),
        *observed_mistakes(given.get("observed", ()), hyperparameters),
        *name_mistakes(given, [*hyperparameters, *listed]),
        *role_mistakes(hyperparameters),
        *resource_mistakes(given.get("resources", {})),
        *tracker_mistakes(given),
    ]


def with_choices(members: Members, *, lists: bool = True) -> dict[str, Any]:
    """The members of a role as plain dicts, lists turned into choices where they may be.

    What has no place in a role is left out here and named by `mistakes`.
    """
    return {
        name: _conditional(value, lists=lists) if name == "when" else _plain(value, lists=lists)
        for name, value in as_table(members).items()
        if isinstance(name, str) and name
    }


def _conditional(tables: object, *, lists: bool) -> dict[str, dict[str, Any]]:
    return {
        scientific: {
            value_text(value): with_choices(inner, lists=lists)
            for value, inner in as_table(by_value).items()
            if is_scalar(value)
        }
        for scientific, by_value in as_table(tables).items()
        if isinstance(scientific, str)
    }


def _plain(value: Any, *, lists: bool) -> Any:
    if not lists or not isinstance(value, list | tuple):
        return plain(value)
    try:
        return Choice(value)
    except SpaceError as error:
        return error

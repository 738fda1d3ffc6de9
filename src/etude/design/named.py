"""The hyperparameters of an experiment as the catalogue knows them, and where they exist."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..catalogue import Entry, known, known_optimizer
from ..experiment import Experiment
from ..experiment_file import toml_text
from ..hyperparameter import ROLES, Hyperparameter
from ..space import Choice, Integer, Real, is_number, value_text
from ..study import Study


def named(
    experiment: Experiment, roles: Collection[str] = ROLES
) -> list[tuple[Hyperparameter, Entry]]:
    """The hyperparameters in these roles that the catalogue knows, each with what it knows.

    Source: R4, R7, R8, R9, R10.
    """
    return [
        (one, entry)
        for one in experiment.hyperparameters
        if one.role in roles and (entry := known(one.name)) is not None
    ]


def there(one: Hyperparameter, studies: Sequence[Study]) -> list[Study]:
    """The studies in which a hyperparameter exists; all where none can be told apart.

    Source: R11.
    """
    return [study for study in studies if one.exists(study.scientific)] or list(studies)


def about(one: Hyperparameter, studies: Sequence[Study]) -> dict[str, str]:
    """A hyperparameter as the subject of a finding, with its study where it has one of its own.

    Source: R11.
    """
    subject = {"hyperparameter": one.name}
    here = there(one, studies)
    if one.when and len(here) == 1:
        subject["study"] = here[0].name
    return subject


def optimizer_of(study: Study) -> str:
    """The optimizer of a study, as the catalogue spells it; empty where it is not known.

    Source: R8.
    """
    values = {**study.fixed, **study.scientific}
    texts = [
        known_optimizer(value)
        for name, value in values.items()
        if isinstance(value, str) and (entry := known(name)) and entry.name == "optimizer"
    ]
    return next(filter(None, texts), "")


def nuisance_line(one: Hyperparameter, entry: Entry, optimizer: str = "") -> str:
    """What to write to have a hyperparameter tuned, with the catalogue's range if it has one.

    Source: R7, R16.
    """
    start = entry.start_for(optimizer)
    return f"`{one.name} = {toml_text(start)}`" if start else f"a range for `{one.name}`"


def shown(one: Hyperparameter) -> str:
    """Its value or range as a file writes it.

    Source: R4.
    """
    value = one.value
    return toml_text(value) if isinstance(value, Real | Integer | Choice) else value_text(value)


def strengths(value: object) -> list[float]:
    """The numbers that a value or a list stands for; none where it is a range or holds others.

    Source: R9.
    """
    values = value.values if isinstance(value, Choice) else (value,)
    return (
        [float(each) for each in values if is_number(each)] if all(map(is_number, values)) else []
    )

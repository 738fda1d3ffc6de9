"""The hyperparameters of an experiment that the catalogue knows, and how findings speak of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..experiment import Experiment
from ..experiment.hyperparameter import ROLES, Hyperparameter, key_path
from ..experiment.toml.write import toml_text
from ..playbook.catalogue import Entry, known, known_optimizer
from ..space import Choice, Integer, Real, Scalar, is_number, value_text
from ..study import Study


def catalogued(
    experiment: Experiment, roles: Collection[str] = ROLES
) -> list[tuple[Hyperparameter, Entry]]:
    """The hyperparameters in these roles that the catalogue knows, each with its entry.

    Source: R4, R7, R8, R9, R10.
    """
    return [
        (one, entry)
        for one in hyperparameters(experiment)
        if one.role in roles
        and (entry := known(one.name, experiment.names)) is not None
        and entry.can_be(one.value)
    ]


def hyperparameters(experiment: Experiment) -> list[Hyperparameter]:
    """Every hyperparameter in its role, those of the configurations too.

    What varies over the configurations counts as searched, in a list; what does not, as fixed.

    Source: R4, R12.
    """
    rows = experiment.configurations
    names = rows[0] if rows else ()
    listed = [_from_configurations(name, [row[name] for row in rows]) for name in names]
    return [*experiment.hyperparameters, *listed]


def _from_configurations(name: str, values: Sequence[Scalar]) -> Hyperparameter:
    distinct: list[Scalar] = []
    for value in values:
        distinct += [] if value in distinct else [value]
    if len(distinct) == 1:
        return Hyperparameter(name, "fixed", distinct[0])
    ordered = sorted(distinct, key=float) if all(map(is_number, distinct)) else distinct
    return Hyperparameter(name, "nuisance", Choice(ordered))


def is_listed(hyperparameter: Hyperparameter, experiment: Experiment) -> bool:
    """Whether its values stand in the configurations.

    Source: R12.
    """
    return any(hyperparameter.name in row for row in experiment.configurations)


def path_of(hyperparameter: Hyperparameter, experiment: Experiment) -> str:
    """Where it stands in an experiment file; of the configurations, in each of them.

    Source: R4, R12.
    """
    if is_listed(hyperparameter, experiment):
        return key_path(("configurations", hyperparameter.name))
    return hyperparameter.path


def role_phrase(hyperparameter: Hyperparameter, experiment: Experiment) -> str:
    """Its role, as the predicate of a sentence.

    Source: R4, R12.
    """
    if is_listed(hyperparameter, experiment) and hyperparameter.role == "nuisance":
        return "varies over the configurations"
    return f"is {hyperparameter.role}"


def tuning_advice(
    hyperparameter: Hyperparameter, entry: Entry, experiment: Experiment, optimizer: str = ""
) -> str:
    """What to do to have a fixed hyperparameter tuned: beside configurations stands no range.

    Source: R7, R12.
    """
    if experiment.configurations:
        return f"Give `{hyperparameter.name}` values of its own in the configurations"
    return f"Move it to [nuisance], for example {nuisance_line(hyperparameter, entry, optimizer)}"


def studies_with(hyperparameter: Hyperparameter, studies: Sequence[Study]) -> list[Study]:
    """The studies in which a hyperparameter exists; all where none can be told apart.

    Source: R11.
    """
    return [study for study in studies if hyperparameter.exists(study.scientific)] or list(studies)


def subject_of(hyperparameter: Hyperparameter, studies: Sequence[Study]) -> dict[str, str]:
    """A hyperparameter as the subject of a finding, with its study where it has one of its own.

    Source: R11.
    """
    subject = {"hyperparameter": hyperparameter.name}
    having = studies_with(hyperparameter, studies)
    if hyperparameter.when and len(having) == 1:
        subject["study"] = having[0].name
    return subject


def optimizer_of(study: Study) -> str:
    """The optimizer of a study, as the catalogue spells it; empty where it is not known.

    Source: R8.
    """
    values = {**study.fixed, **study.scientific}
    texts = [
        known_optimizer(value)
        for name, value in values.items()
        if isinstance(value, str)
        and (entry := known(name, study.names))
        and entry.name == "optimizer"
    ]
    return next(filter(None, texts), "")


def nuisance_line(hyperparameter: Hyperparameter, entry: Entry, optimizer: str = "") -> str:
    """What to write to have a hyperparameter tuned, with the catalogue's range if it has one.

    Source: R7, R16.
    """
    name, start = hyperparameter.name, entry.start_for(optimizer)
    return f"`{name} = {toml_text(start)}`" if start else f"a range for `{name}`"


def written(hyperparameter: Hyperparameter) -> str:
    """The hyperparameter with its value or range as a file has it, each in backticks.

    Source: R4.
    """
    return f"`{hyperparameter.name}` (`{literal(hyperparameter)}`)"


def literal(hyperparameter: Hyperparameter) -> str:
    """Its value or range as a file writes it.

    Source: R4.
    """
    value = hyperparameter.value
    return toml_text(value) if isinstance(value, Real | Integer | Choice) else value_text(value)


def strengths(value: object) -> list[float]:
    """The numbers that a value or a list stands for; none where it is a range or holds others.

    Source: R9.
    """
    values = value.values if isinstance(value, Choice) else (value,)
    return [float(one) for one in values if is_number(one)] if all(map(is_number, values)) else []

"""The constraints of an experiment, each in the studies where all its names exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..errors import ExperimentError, Mistake
from ..experiment import Experiment
from ..space import Scalar, Space, value_text
from ..space.evaluate import holds
from ..space.expression import Expression, parsed
from ..study import Study


def with_constraints(experiment: Experiment, studies: Sequence[Study]) -> list[Study]:
    """The studies, their spaces bound to the constraints that can be judged there.

    Raises:
        ExperimentError: for a constraint that no study can apply, and for one that names nothing
            that a study searches and is false there.

    Source: R11.
    """
    expressions = [parsed(text) for text in experiment.constraints]
    messages = [
        message
        for one in expressions
        if (message := _unused(one, studies) or next(_contradictions(one, studies), ""))
    ]
    for study in studies:
        messages += _configuration_messages(experiment, study, expressions)
    refuse(messages)
    return [replace(study, space=_constrained_space(study, expressions)) for study in studies]


def refuse(messages: Sequence[str]) -> None:
    """Refuses an experiment for what is wrong with its constraints, if anything is.

    Raises:
        ExperimentError: with every message.

    Source: R11, R14.
    """
    where = "experiment.constraints"
    if messages:
        raise ExperimentError(tuple(Mistake(where=where, message=text) for text in messages))


def _configuration_messages(
    experiment: Experiment, study: Study, expressions: Sequence[Expression]
) -> Iterator[str]:
    """A message for each setting that was listed by hand and breaks a constraint."""
    for position, configuration in enumerate(experiment.configurations, start=1):
        values = {**_known(study), **configuration}
        for expression in expressions:
            if values.keys() >= set(expression.names) and not holds(expression, values):
                yield (
                    f"configuration {position} breaks `{expression.text}` in the study "
                    f"`{study.name}`. Change its values, or leave the constraint out."
                )


def _known(study: Study) -> dict[str, Scalar]:
    return {"max_steps": study.max_steps, **study.fixed, **study.scientific}


def _applies(expression: Expression, study: Study) -> bool:
    return {*study.space.domains, *_known(study)}.issuperset(expression.names)


def _constrained_space(study: Study, expressions: Sequence[Expression]) -> Space:
    constraints = [
        one
        for one in expressions
        if _applies(one, study) and not study.space.domains.keys().isdisjoint(one.names)
    ]
    names = {name for one in constraints for name in one.names}
    return replace(
        study.space,
        constraints=tuple(sorted({one.text for one in constraints})),
        known={
            name: value
            for name, value in sorted(_known(study).items())
            if name in names and name not in study.space.domains
        },
    )


def _unused(expression: Expression, studies: Sequence[Study]) -> str:
    """A message where no study can apply a constraint, else nothing."""
    if any(_applies(expression, study) for study in studies):
        return ""
    names = ", ".join(f"`{name}`" for name in expression.names)
    return (
        f"no study can apply `{expression.text}`: {names} exist together in none (R11). "
        "Name what exists together, or leave it out."
    )


def _contradictions(expression: Expression, studies: Sequence[Study]) -> Iterator[str]:
    """A message for each study where a constraint is false and names nothing that is searched."""
    for study in studies:
        is_searched = not study.space.domains.keys().isdisjoint(expression.names)
        known = _known(study)
        if is_searched or not _applies(expression, study) or holds(expression, known):
            continue
        values = ", ".join(f"{name} = {value_text(known[name])}" for name in expression.names)
        yield (
            f"`{expression.text}` is false in the study `{study.name}`, whatever is searched: "
            f"{values}. Change one of them, or let the study search it."
        )

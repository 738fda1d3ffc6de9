"""One study that samples scientific and nuisance hyperparameters together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import ExperimentError, Mistake
from ..experiment import Experiment
from ..expression import parsed
from ..space import Choice
from ..study import Study
from .constrained import constrained
from .split import study_at


def merged(experiment: Experiment) -> Study:
    """The one study: its space holds the scientific values too, its trials are the total.

    Raises:
        ExperimentError: for a constraint that names a list of scientific values.

    Source: R14.
    """
    plain = study_at(experiment, {})
    scientific: dict[str, Any] = {
        one.name: one.value for one in experiment.hyperparameters if one.role == "scientific"
    }
    _refuse_dealt(experiment, scientific)
    space = replace(plain.space, domains={**plain.space.domains, **scientific})
    study = replace(plain, space=space, merged=tuple(sorted(scientific)))
    return constrained(experiment, [study])[0]


def _refuse_dealt(experiment: Experiment, scientific: dict[str, Any]) -> None:
    """Refuses a constraint on a value that is dealt evenly: it could not be even any more."""
    dealt = {name for name, domain in scientific.items() if isinstance(domain, Choice)}
    found = [
        f"`{text}` constrains `{min(dealt.intersection(parsed(text).names))}`, whose values a "
        'merged study covers evenly (R14). Write studies = "split", or leave the constraint out.'
        for text in experiment.constraints
        if dealt.intersection(parsed(text).names)
    ]
    if found:
        where = "experiment.constraints"
        raise ExperimentError(tuple(Mistake(where=where, message=each) for each in found))

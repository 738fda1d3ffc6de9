"""One study that samples scientific and nuisance hyperparameters together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..experiment import Experiment
from ..study import Study
from .split import study_at


def merged(experiment: Experiment) -> Study:
    """The one study: its space holds the scientific values too, its trials are the total.

    Source: R14.
    """
    plain = study_at(experiment, {})
    scientific: dict[str, Any] = {
        one.name: one.value for one in experiment.hyperparameters if one.role == "scientific"
    }
    space = replace(plain.space, domains={**plain.space.domains, **scientific})
    return replace(plain, space=space, merged=tuple(sorted(scientific)))

"""Recommendations as edits of an experiment file, and the experiment that they make."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..experiment import Experiment
from ..experiment.hyperparameter import key_steps
from ..experiment.methods import SEARCHES
from ..experiment.toml.edit import Edit, edited
from ..experiment.toml.read import loads
from ..experiment.toml.write import dumps
from ..finding import Recommendation

_TRIALS = "experiment.trials"


def edits(experiment: Experiment, recommendations: Sequence[Recommendation]) -> list[Edit]:
    """The edits of the file, its name and parent first.

    More trials alone keep the name: they are no new experiment.

    Source: R3, K3.
    """
    elsewhere = SEARCHES[experiment.search].trained_elsewhere
    if all(one.path == _TRIALS for one in recommendations) and not elsewhere:
        named = [Edit(("experiment", "name"), "", experiment.name)]
    else:
        named = [
            Edit(("experiment", "name"), "", next_name(experiment.name)),
            Edit(("experiment", "parent"), "", experiment.name),
        ]
    chosen = any(one.path == "experiment.search" for one in recommendations)
    if elsewhere:  # the next round is trained here, in bounds that a person has read
        named += [] if chosen else [Edit(("experiment", "search"), "", "quasi_random")]
        named += [Edit(("experiment", "observed"), "", ())] if experiment.observed else []
    return named + _changes(recommendations)


def _changes(recommendations: Sequence[Recommendation]) -> list[Edit]:
    return [
        Edit(key_steps(one.path), one.part, one.new, f"{one.rule}: {one.because}")
        for one in recommendations
    ]


def applied(experiment: Experiment, recommendations: Sequence[Recommendation]) -> Experiment:
    """The experiment of the next round.

    Raises:
        InputError: where the changes do not go together.

    Source: R3.
    """
    text = edited(dumps(experiment), edits(experiment, recommendations))
    return loads(text, name=experiment.name)


def next_name(name: str) -> str:
    """The name of the round after.

    Source: K3.

    >>> next_name("optimizer"), next_name("optimizer-2")
    ('optimizer-2', 'optimizer-3')
    """
    found = re.fullmatch(r"(.+)-(\d+)", name)
    return f"{found[1]}-{int(found[2]) + 1}" if found else f"{name}-2"

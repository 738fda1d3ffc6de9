"""Recommendations as edits of an experiment file, and the experiment that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from ..errors import ExperimentError
from ..experiment import Experiment
from ..experiment.change import Change
from ..experiment.change import applied as changed
from ..experiment.hyperparameter import Keys
from ..experiment.methods import SEARCHES
from ..experiment.toml.edit import Edit, edited
from ..experiment.toml.read import loads
from ..experiment.toml.write import dumps
from ..experiment.validation.fields import MAX_NAME
from ..finding import Recommendation
from ..space import is_number
from ..wording import join, number

_TRIALS = ("experiment", "trials")
_SEARCH = ("experiment", "search")


def edits(experiment: Experiment, recommendations: Sequence[Recommendation]) -> list[Edit]:
    """The edits of the file, its name and parent first.

    More trials alone keep the name: they are no new experiment.

    Source: R3, K3.
    """
    advised = [Edit(one.change, f"{one.rule}: {one.because}") for one in recommendations]
    keys = {one.change.keys for one in recommendations}
    return [*map(Edit, _head(experiment, keys)), *advised]


def _head(experiment: Experiment, advised: AbstractSet[Keys]) -> Iterator[Change]:
    """What changes in `[experiment]` because this is another round than the one before."""
    elsewhere = SEARCHES[experiment.search].trained_elsewhere
    if advised <= {_TRIALS} and not elsewhere:
        yield Change(("experiment", "name"), "", experiment.name)
    else:
        yield Change(("experiment", "name"), "", next_name(experiment.name))
        yield Change(("experiment", "parent"), "", experiment.name)
    if elsewhere:  # the next round is trained here, in bounds that a person has read
        if _SEARCH not in advised:
            yield Change(_SEARCH, "", "quasi_random")
        if experiment.observed:
            yield Change(("experiment", "observed"), "", ())


def applied(experiment: Experiment, recommendations: Sequence[Recommendation]) -> Experiment:
    """The experiment of the next round.

    Raises:
        InputError: where the changes do not go together, with the lines of a file that holds them.

    Source: R3.
    """
    lines = edits(experiment, recommendations)
    try:
        return changed(experiment, [edit.change for edit in lines])
    except ExperimentError:
        # Lines are a text's: one is written only where the mistakes ask for it.
        return loads(edited(dumps(experiment), lines), name=experiment.name)


def changes_phrase(recommendations: Sequence[Recommendation]) -> str:
    """What they change, in a few words: two of them by name and new value, the rest counted.

    Source: R3.
    """
    clauses = []
    # What leaves one table stands in another with its value.
    stays = {one.change.keys[-1] for one in recommendations if one.new is not None}
    for one in recommendations:
        if one.new is None and one.change.keys[-1] in stays:
            continue
        what = f"`{one.change.keys[-1]}` {one.part}".rstrip()
        is_plain = is_number(one.new) or isinstance(one.new, str)
        value = number(one.new, 3) if is_number(one.new) else str(one.new)
        clauses.append(f"{what} to {value}" if is_plain else what)
    return join(list(dict.fromkeys(clauses)), most=2)


def next_name(name: str) -> str:
    """The name of the round after, of as many characters as a name may have.

    Source: K3.

    >>> next_name("optimizer"), next_name("optimizer-2")
    ('optimizer-2', 'optimizer-3')
    """
    numbered = re.fullmatch(r"(.+)-(\d{1,9})", name)
    base, number = (numbered[1], int(numbered[2]) + 1) if numbered else (name, 2)
    return f"{base[: MAX_NAME - len(str(number)) - 1]}-{number}"

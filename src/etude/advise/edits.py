"""Recommendations as edits of an experiment file, and the experiment that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

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
        clauses.append(f"{what} {_move(one.old, one.new)}".rstrip())
    return join(list(dict.fromkeys(clauses)), most=2)


def _move(old: Any, new: Any) -> str:
    """From what to what; what a list loses or gains; nothing where that takes more than words.

    >>> _move(100.0, 7.3), _move(None, 8), _move(["a", "b", "c"], ["a"])
    ('100 to 7.3', 'to 8', 'without b, c')
    >>> _move(0.1, {"low": 1e-4, "high": 1.0}), _move(0.463121, 0.462987)
    ('searched, 0.0001 to 1', '0.463121 to 0.462987')
    """
    if isinstance(new, Mapping):
        low, high = (new.get(end) for end in ("low", "high"))
        return f"searched, {_plain(low)} to {_plain(high)}" if is_number(low) else ""
    if is_number(new) or isinstance(new, str | bool):
        digits = 3 if _plain(old) != _plain(new) else 6
        return f"{_plain(old, digits)} to {_plain(new, digits)}".lstrip()
    if not isinstance(new, Sequence) or not isinstance(old, Sequence) or isinstance(old, str):
        return ""
    lost, gained = ([one for one in a if one not in b] for a, b in ((old, new), (new, old)))
    words = [
        (word, join([_plain(one) for one in them], most=3))
        for word, them in (("without", lost), ("with", gained))
        if them
    ]
    return " ".join(f"{word} {them}" for word, them in words)


def _plain(value: Any, digits: int = 3) -> str:
    """A value in words; nothing for one that was not there, or that is a table."""
    if is_number(value):
        return number(value, digits)
    return str(value) if isinstance(value, str | bool) else ""


def next_name(name: str) -> str:
    """The name of the round after, of as many characters as a name may have.

    Source: K3.

    >>> next_name("optimizer"), next_name("optimizer-2")
    ('optimizer-2', 'optimizer-3')
    """
    numbered = re.fullmatch(r"(.+)-(\d{1,9})", name)
    base, number = (numbered[1], int(numbered[2]) + 1) if numbered else (name, 2)
    return f"{base[: MAX_NAME - len(str(number)) - 1]}-{number}"

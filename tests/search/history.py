"""Studies and histories for searches that learn: trials with one loss each."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests import factories
from tests.factories import record

from etude.move import Start
from etude.record import Record, Records
from etude.search.base import Search
from etude.space import Real, Space
from etude.study import Study

PLANE = Space({"x": Real(0.0, 1.0), "y": Real(0.0, 1.0)})


# The start of a search is known by its seed.
PLAIN = replace(
    factories.study(search="bayesian", metric="valid/loss", max_steps=10, evaluations=1), seed=3
)


def bayesian_study(space: Space = PLANE, max_trials: int = 24) -> Study:
    return replace(PLAIN, space=space, max_trials=max_trials)


def trial(number: int, setting: Any, value: float | None) -> Record:
    """A trial that ended with this value; NaN: it diverged; None: it still runs."""
    status = "running" if value is None else "completed" if math.isfinite(value) else "infeasible"
    return record(PLAIN, number, () if value is None else [value], setting, status=status)


def records(settings: Sequence[Any], values: Sequence[float | None]) -> Records:
    pairs = zip(settings, values, strict=True)
    return Records.of([trial(n, setting, value) for n, (setting, value) in enumerate(pairs)])


def whole_history(
    search: Search, study: Study, loss: Callable[[Any], float], *, at_once: int = 1
) -> Records:
    """The whole history of a study whose trials end at once, so many at a time."""
    history = Records.of([])
    while moves := search.moves(study, history, at_once):
        settings = [dict(move.searched) for move in moves if isinstance(move, Start)]
        begin = len(history)
        new = [trial(begin + n, setting, loss(setting)) for n, setting in enumerate(settings)]
        history = Records.of([*history, *new])
    return history

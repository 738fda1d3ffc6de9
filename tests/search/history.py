"""Studies and histories for searches that learn: trials with one loss each."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from etude.move import Start
from etude.record import POINT, Points, Record, Records
from etude.search.base import Search
from etude.space import Real, Space
from etude.study import Study

PLANE = Space({"x": Real(0.0, 1.0), "y": Real(0.0, 1.0)})


def a_study(**given: Any) -> Study:
    plain: dict[str, Any] = {
        "name": "all",
        "scientific": {},
        "space": PLANE,
        "fixed": {},
        "max_trials": 24,
        "seed": 3,
        "search": "bayesian",
        "metric": "valid/loss",
        "maximize": False,
        "max_steps": 10,
        "evaluations": 1,
    }
    return Study(**{**plain, **given})


def a_record(number: int, setting: Any, value: float | None) -> Record:
    """A trial that ended with this value; NaN: it diverged; None: it still runs."""
    status = "running" if value is None else "completed" if math.isfinite(value) else "infeasible"
    rows = [] if value is None else [(9, 0, value)]
    points = Points(np.array(rows, POINT), ("valid/loss",))
    given: dict[str, Any] = {"status": status, "setting": setting, "points": points}
    return Record(id=number, study="all", index=number, seed=number, **given)


def records(settings: Sequence[Any], values: Sequence[float | None]) -> Records:
    pairs = zip(settings, values, strict=True)
    return Records.of([a_record(n, setting, value) for n, (setting, value) in enumerate(pairs)])


def whole_history(
    search: Search, study: Study, loss: Callable[[Any], float], *, at_once: int = 1
) -> Records:
    """The whole history of a study whose trials end at once, so many at a time."""
    history = Records.of([])
    while moves := search.moves(study, history, at_once):
        settings = [dict(move.searched) for move in moves if isinstance(move, Start)]
        begin = len(history)
        new = [a_record(begin + n, setting, loss(setting)) for n, setting in enumerate(settings)]
        history = Records.of([*history, *new])
    return history

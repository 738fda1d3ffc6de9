"""Searches and schedules by name: a study and its history become moves.

`experiment.methods` has an entry for each name, with its options and traits; a test holds the two
together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..errors import RunError
from ..record import Records
from ..study import Study
from .asha import Asha
from .base import Search
from .grid import Grid
from .imported import Imported
from .listed import Listed
from .merged import Stratified
from .observations import START
from .pbt import Pbt
from .quasi_random import QuasiRandom
from .random import Random
from .replay import Replay

_MISSING = "The `bayesian` search needs BoTorch: `pip install 'etude[bayes]'`."
BOTORCH = ("botorch", "gpytorch", "linear_operator", "torch")


def _bayesian(start: float = START) -> Search:
    """Bayesian optimization, loaded when it is asked for.

    Raises:
        RunError: where BoTorch is not installed.
    """
    try:
        from .bayesian import Bayesian
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in BOTORCH:
            raise
        raise RunError(_MISSING) from error
    return Bayesian(start=start)


def gain_left(study: Study, records: Records) -> float:
    """The improvement that the search expects of its next trial, in the metric's unit.

    NaN where a search has no model, where its library is not installed, and inside of a schedule,
    whose trials have unequal lengths.

    Source: X1, Q10.
    """
    if study.search != "bayesian" or study.schedule is not None or _is_missing():
        return math.nan
    from . import bayesian

    return bayesian.gain_left(study, records, **study.search_options)


def refuse_missing(name: str) -> None:
    """Refuses a search whose library is not installed, without loading it.

    Raises:
        RunError: with the command that installs it.
    """
    if name == "bayesian" and _is_missing():
        raise RunError(_MISSING)


def _is_missing() -> bool:
    return any(find_spec(library) is None for library in BOTORCH)


# Options are passed by name; a schedule takes the search inside it as its first argument.
SEARCHES: dict[str, Callable[..., Search]] = {
    "quasi_random": QuasiRandom,
    "random": Random,
    "grid": Grid,
    "listed": Listed,
    "imported": Imported,
    "bayesian": _bayesian,
}
SCHEDULES: dict[str, Callable[..., Search]] = {"asha": Asha, "pbt": Pbt, "replay": Replay}


def search_of(study: Study) -> Search:
    """The search that a study asks for, inside of its schedule if it has one.

    In a merged study the scientific values are covered evenly.

    Source: R14.
    """
    options: dict[str, Any] = dict(study.search_options)
    search = SEARCHES[study.search](**options)
    if study.merged:
        search = Stratified(search)
    if study.schedule is None:
        return search
    return SCHEDULES[study.schedule](search, **study.schedule_options)

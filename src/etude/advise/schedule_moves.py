"""What each schedule setting of Etude's own loop becomes when trials get another length (T10)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from ..design.catalogued import hyperparameters, is_listed
from ..errors import SpaceError
from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..space import Choice, Domain, Integer, Real, Scalar, is_number, value_text
from ..space.rounding import ten_digits
from ..study import Study
from .context import with_bounds

Settings: TypeAlias = Mapping[str, Hyperparameter]
Moves: TypeAlias = Mapping[str, Callable[[float], float]]
_LENGTHS = ("constant_steps", "decay_fraction", "decay_steps", "warmup_fraction")
# Values of a schedule that decay nothing, as people write them.
CONSTANT = frozenset({"", "constant", "none", "no", "off", "flat"})
# An inverse square root never ends: it has a time scale, and no length that could be stretched.
INVERSE_SQRT = "inverse_sqrt"
# Its steps stand in a text that its author made.
PIECEWISE = "piecewise"


def schedule_moves(
    experiment: Experiment, study: Study, steps: int
) -> Iterator[tuple[Hyperparameter, Domain | Scalar | None]]:
    """The schedule settings of a study, as they stand, and what they become with so many steps.

    None is for what no edit can say: a value that is compared, one of the configurations, the
    pieces of a schedule that somebody chose, or schedules that are searched together and follow in
    different ways. What stays is yielded as it is, so that studies which share a setting can be
    seen to agree.

    Source: T9, T10, T14, L4.
    """
    here = {one.name: one for one in hyperparameters(experiment) if one.exists(study.scientific)}
    values = {
        name: replace(one, value=study.scientific.get(name, one.value))
        for name, one in here.items()
    }
    kinds = schedule_kinds(values["schedule"].value) - CONSTANT if "schedule" in here else set()
    if PIECEWISE in kinds:
        yield here.get("schedule_pieces", here["schedule"]), None
        return
    apart = "cosine" if steps > experiment.max_steps else INVERSE_SQRT
    if apart in kinds and len(kinds) > 1:
        yield here["schedule"], None
        return
    rule = _rule(kinds)
    hold = Hyperparameter("constant_steps", "fixed", 0, _condition(here.get("schedule"), study))
    read = _LENGTHS if kinds else ()
    stay: Moves = {name: lambda value: value for name in read if name in here}
    for name, move in {**stay, **rule(values, experiment.max_steps, steps)}.items():
        given = here.get(name, hold)
        new = _moved(values.get(name, hold).value, move)
        is_question = given.role == "scientific" or is_listed(given, experiment)
        if is_question and new == values[name].value:
            continue
        yield given, None if is_question else new


def schedule_kinds(value: object) -> set[str]:
    """The schedules that a value or a list names.

    Source: L1.
    """
    values = value.values if isinstance(value, Choice) else (value,)
    return {str(one).casefold() for one in values}


def highest(value: object) -> float:
    """The largest number that a value, a list or a range can be; 0 where it holds none.

    Source: T4.
    """
    if isinstance(value, Real | Integer):
        return float(value.high)
    values = value.values if isinstance(value, Choice) else (value,)
    return max((float(one) for one in values if is_number(one)), default=0.0)


def _condition(schedule: Hyperparameter | None, study: Study) -> tuple[tuple[str, str], ...]:
    """Where a setting must stand to hold for this schedule alone."""
    if schedule is None:
        return ()
    if schedule.role == "scientific" and schedule.name in study.scientific:
        return (*schedule.when, (schedule.name, value_text(study.scientific[schedule.name])))
    return schedule.when


def _rule(kinds: set[str]) -> Callable[[Settings, int, int], Moves]:
    """How schedules of these kinds follow another length."""
    if not kinds:
        return _warmed
    if kinds == {"cosine"}:
        return _stretched
    return _held_longer if kinds == {INVERSE_SQRT} else _shifted


def _warmed(values: Settings, old: int, new: int) -> Moves:
    """A warmup before a constant rate takes as many steps as before; nothing else is read."""
    return _present({"warmup_fraction": _share(old, new)} if new > old else {}, values)


def _shifted(values: Settings, old: int, new: int) -> Moves:
    """The decay keeps its length, the constant phase before it takes or gives up the difference.

    A shorter training gives up first what lies behind the decay, last steps of the decay itself.
    """
    if new >= old:
        shares = {name: _share(old, new) for name in ("warmup_fraction", "decay_fraction")}
        return {"constant_steps": lambda steps: steps + new - old, **_present(shares, values)}
    ends, decays = _phases(values, old, new)
    constant = highest(values["constant_steps"].value) if "constant_steps" in values else 0.0
    stays = max(0.0, constant - max(0.0, ends - new))
    begins = ends - decays - (constant - stays)
    moves: Moves = {
        "constant_steps": lambda steps: max(0, steps - (constant - stays)),
        "decay_steps": lambda steps: max(1, min(steps, new - begins)),
    }
    return _present(moves, values)


def _held_longer(values: Settings, old: int, new: int) -> Moves:
    """The time scale stays; the constant phase takes or gives up the difference.

    Running on, or stretched, it would spend most of a longer training at too small a rate (T14).
    """
    if new >= old:
        return _shifted(values, old, new)
    return _present({"constant_steps": lambda steps: max(0, steps + new - old)}, values)


def _stretched(values: Settings, old: int, new: int) -> Moves:
    """The decay takes the same part of what the warmup and the constant phase leave."""
    before = _phases(values, old, old)
    begins = min(before[0] - before[1], old - 1, new - 1)
    ratio = (new - begins) / (old - begins)
    moves: Moves = {
        "constant_steps": lambda steps: min(steps, new - 1),
        "decay_steps": lambda steps: max(1, math.ceil(ten_digits(steps * ratio))),
    }
    if new > old:
        moves = {**moves, "warmup_fraction": _share(old, new)}
    return _present(moves, values)


def _phases(values: Settings, old: int, new: int) -> tuple[float, float]:
    """After how many steps the decay ends, at the latest, and how many it takes.

    Shares are of the new length, steps as they stand; by default it ends with the old length.
    """
    top = {name: highest(one.value) for name, one in values.items()}
    warm = top.get("warmup_fraction", 0.0) * new or top.get("warmup_steps", 0.0)
    begins = warm + top.get("constant_steps", 0.0)
    decay = top.get("decay_fraction", 0.0) * new or top.get("decay_steps", max(old - begins, 1.0))
    return begins + decay, decay


def _share(old: int, new: int) -> Callable[[float], float]:
    """A share of the new length that is as many steps as it was of the old one."""
    return lambda share: ten_digits(share * old / new)


def _present(moves: Moves, values: Settings) -> Moves:
    return {name: move for name, move in moves.items() if name in values}


def _moved(value: Domain | Scalar, move: Callable[[float], float]) -> Domain | Scalar | None:
    """The value, list or range with every number moved; None where that leaves no range."""
    try:
        if isinstance(value, Choice) and all(map(is_number, value.values)):
            return replace(
                value, values=tuple(_like(one, move(float(one))) for one in value.values)
            )
        if isinstance(value, Real | Integer):
            low, high = move(value.low), move(value.high)
            return with_bounds(value, low=low, high=high) if low < high else None
    except SpaceError:  # two values of a list that become one, a logarithm of 0
        return None
    return _like(value, move(float(value))) if is_number(value) else None


def _like(old: Scalar, new: float) -> int | float:
    """The number in the old one's type."""
    return round(new) if isinstance(old, int) else float(new)

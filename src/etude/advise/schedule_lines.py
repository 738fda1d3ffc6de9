"""The lines of a user's own schedule that follow another length of the trials (T10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from ..design.catalogued import hyperparameters, is_listed, path_of
from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..playbook.catalogue import known
from ..playbook.words import words
from ..space import is_number
from ..wording import plural
from .schedule_moves import CONSTANT, INVERSE_SQRT, highest, schedule_kinds

# Entries that are as long as the whole training, in whatever unit.
_WHOLE = frozenset({"epochs", "max_steps"})
_SCHEDULES = frozenset({"schedule", "scheduler", "sched", "annealing", "decay"})
# As people write it; `rsqrt` and `noam` are the Transformer's.
_INVERSE_SQRT = frozenset({INVERSE_SQRT, "inverse_square_root", "inv_sqrt", "rsqrt", "noam"})
_MARKS = frozenset({"milestone", "milestones", "boundary", "boundaries"})


@final
@dataclass(frozen=True, kw_only=True)
class ScheduleLines:
    """What becomes of settings that name a length.

    Args:
        lines: Each as the file is to have it, else its path where no one value says it.
        how: What that does to the schedule, in a clause; empty where the lines say all.
        searched: Lengths of a whole training among them that are searched, which T4 speaks against.
    """

    lines: tuple[str, ...]
    how: str = ""
    searched: tuple[str, ...] = ()


def schedule_lines(experiment: Experiment, steps: int, left: Sequence[str]) -> ScheduleLines:
    """The settings at these paths as they follow a new `max_steps`.

    A length of the whole training, and that of a cosine, is multiplied; a mark at which the rate
    drops, and a constant phase, comes so many steps later. A linear decay keeps its length, an
    inverse square root its time scale. Pieces are made anew, as their author made them.

    Source: T4, T10, T14, L4.
    """
    settings = [one for one in hyperparameters(experiment) if path_of(one, experiment) in left]
    kinds = _kinds(experiment, settings)
    lines, searched = [], []
    for setting in settings:
        new = _new(setting, experiment, steps, kinds)
        lines.append(path_of(setting, experiment) if new is None else f"{setting.name} = {new}")
        if _entry(setting, experiment) in _WHOLE and setting.role == "nuisance":
            searched.append(setting.name)
    known_paths = {path_of(setting, experiment) for setting in settings}
    lines += [path for path in left if path not in known_paths]
    is_all = all(_entry(one, experiment) in _WHOLE for one in settings)
    how = "" if settings and is_all else " and ".join(_how(experiment, steps, settings, kinds))
    return ScheduleLines(lines=tuple(lines), how=how, searched=tuple(searched))


def _kinds(experiment: Experiment, settings: Sequence[Hyperparameter]) -> set[str]:
    """The kinds of schedules that settings name, or that have a setting of this name."""
    named = (one for one in hyperparameters(experiment) if _names_schedule(one, experiment))
    kinds = {kind for one in named for kind in schedule_kinds(one.value)} - CONSTANT
    kinds = {INVERSE_SQRT if kind in _INVERSE_SQRT else kind for kind in kinds}
    found = {word for kind in kinds for word in ("cosine", "linear", INVERSE_SQRT) if word in kind}
    if not kinds and any(_joined(one) == "tmax" for one in settings):
        return {"cosine"}
    return found if len(found) == len(kinds) else found | {"other"}


def _names_schedule(setting: Hyperparameter, experiment: Experiment) -> bool:
    """Whether it says which schedule there is: by the catalogue, or a text of such a name."""
    around = {word for part in words(setting.name) for word in part}
    is_text = isinstance(setting.value, str)
    return _entry(setting, experiment) == "schedule" or (is_text and bool(around & _SCHEDULES))


def _new(
    setting: Hyperparameter, experiment: Experiment, steps: int, kinds: set[str]
) -> int | None:
    """The setting's new value; None where no one value says it."""
    value, old = setting.value, experiment.max_steps
    is_line = setting.role == "fixed" and not is_listed(setting, experiment)
    if not (is_number(value) and is_line):
        return None
    entry = _entry(setting, experiment)
    if entry in _WHOLE or _joined(setting) == "tmax" or kinds == {"cosine"}:
        return round(float(value) * steps / old) or None
    if entry == "constant_steps" or _is_mark(setting):
        later = float(value) + (steps - old)
        return round(later) if later > 0 and _is_in_steps(setting, experiment) else None
    return None


def _how(
    experiment: Experiment, steps: int, settings: Sequence[Hyperparameter], kinds: set[str]
) -> Iterator[str]:
    """What becomes of the schedules that there can be."""
    later = plural(abs(steps - experiment.max_steps), "step")
    if settings and all(map(_is_mark, settings)):
        yield f"each comes {later} later"
        return
    if any(_entry(setting, experiment) == "schedule_pieces" for setting in settings):
        yield "made anew for that length, by the procedure that made it"
        return
    shifted = kinds - {"cosine", INVERSE_SQRT}
    if shifted or not kinds:
        which = "a decay" if shifted == {"other"} else "a linear decay"
        yield f"{which} begins {later} later"
    if INVERSE_SQRT in kinds:
        yield "an inverse square root is not stretched, or most steps have too small a rate"
    if not kinds or "cosine" in kinds:
        yield "a cosine is stretched"


def _is_in_steps(setting: Hyperparameter, experiment: Experiment) -> bool:
    """Whether a mark is one of steps: where epochs are counted, it is none of the first few."""
    epochs = [
        float(one.value)
        for one in hyperparameters(experiment)
        if _entry(one, experiment) == "epochs" and is_number(one.value)
    ]
    return not epochs or highest(setting.value) > max(epochs)


def _is_mark(setting: Hyperparameter) -> bool:
    return bool({word for part in words(setting.name) for word in part} & _MARKS)


def _joined(setting: Hyperparameter) -> str:
    return "".join(words(setting.name)[-1])


def _entry(setting: Hyperparameter, experiment: Experiment) -> str:
    entry = known(setting.name, experiment.names)
    return entry.name if entry is not None else ""

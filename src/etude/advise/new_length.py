"""Another length of the trials, and what their schedules need so that they follow it (T10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from ..design.catalogued import hyperparameters, path_of
from ..design.studies import studies
from ..experiment import Experiment
from ..experiment.change import Change
from ..experiment.hyperparameter import Hyperparameter, Keys
from ..finding import Recommendation
from ..playbook.catalogue import known
from ..playbook.schedule_lengths import is_schedule_length
from ..space import Domain, Scalar
from ..wording import join
from .schedule_lines import schedule_lines
from .schedule_moves import CONSTANT, INVERSE_SQRT, highest, schedule_kinds, schedule_moves

# Heuristic: what is called the length of a training and is less than half of it is another thing,
# such as the steps that a return looks ahead.
_SHARE_OF_ALL = 0.5
_OF_DECAY = frozenset({"constant_steps", "decay_steps"})
_REPLAY = "schedule.changes"


@final
@dataclass(frozen=True, kw_only=True)
class NewLength:
    """What changes beside `max_steps` when trials get another length.

    Args:
        edits: Of schedule settings that Etude's own loop reads.
        left: The settings that would be left behind, and that only a person can change; where there
            are any, `max_steps` is left to them too.

    Source: T10.
    """

    edits: tuple[Recommendation, ...] = ()
    left: tuple[str, ...] = ()


def new_length(experiment: Experiment, steps: int, *, own_loop: bool) -> NewLength:
    """The changes that let the schedules of an experiment follow a new `max_steps`.

    In Etude's own loop a longer linear decay keeps its length, behind a constant phase that takes
    the added steps; so does every other one but a cosine, which is stretched at the same base rate,
    and a piecewise one, whose pieces are left to who chose them. A loop of the user's may read its
    settings as it likes: what names a length there is left.

    Source: T4, T9, T10, T14, L4.
    """
    replayed = (_REPLAY,) if experiment.schedule == "replay" else ()
    if not own_loop:
        return NewLength(left=(*replayed, *_lengths_of_a_users_loop(experiment, steps)))
    wanted: dict[Keys, tuple[Hyperparameter, list[Domain | Scalar | None]]] = {}
    for study in studies(experiment):
        for setting, new in schedule_moves(experiment, study, steps):
            wanted.setdefault(setting.keys, (setting, []))[1].append(new)
    left = [
        path_of(setting, experiment)
        for setting, news in wanted.values()
        if any(new is None or new != news[0] for new in news)
    ]
    if left or replayed:
        return NewLength(left=(*replayed, *left))
    added = steps - experiment.max_steps
    given = {one.keys for one in experiment.hyperparameters}
    return NewLength(
        edits=tuple(
            Recommendation(
                rule="T10",
                change=Change(setting.keys, "", news[0]),
                old=setting.value if setting.keys in given else None,
                because=_because(setting, experiment, added),
            )
            for setting, news in wanted.values()
            if news[0] != setting.value
        )
    )


def left_words(experiment: Experiment, steps: int, left: tuple[str, ...]) -> str:
    """What a person is to change where a schedule cannot follow by itself, in one sentence.

    Source: T4, T10.
    """
    followed = schedule_lines(experiment, steps, left)
    if followed.searched:
        names = join([f"`{name}`" for name in followed.searched], most=2)
        verb = "Lower" if steps < experiment.max_steps else "Raise"
        return (
            f"{verb} `max_steps` to {steps}, with {names} out of the search: one length for all "
            "trials (T4, T10)."
        )
    names = join([f"`{line}`" for line in followed.lines], most=2)
    if steps < experiment.max_steps:
        return f"Lower `max_steps` to {steps} with {names}, so that the decay ends by then (T10)."
    how = f": {followed.how}" if followed.how else ""
    return f"Raise `max_steps` to {steps} with {names}{how} (T10)."


def assumption(*, own_loop: bool) -> str:
    """What becomes of the schedule, in a clause; of one that nobody can see, what is assumed.

    Source: T10.
    """
    if own_loop:
        return "its schedule follows"
    return "a schedule of your loop is assumed to follow `trial.max_steps`"


def _lengths_of_a_users_loop(experiment: Experiment, steps: int) -> Iterator[str]:
    """Settings that name a length which a new `max_steps` would leave behind."""
    entries = [(one, known(one.name, experiment.names)) for one in hyperparameters(experiment)]
    schedules = [one for one, entry in entries if entry is not None and entry.name == "schedule"]
    is_constant = bool(schedules) and all(
        schedule_kinds(one.value) <= CONSTANT for one in schedules
    )
    for one, entry in entries:
        name, most = entry.name if entry is not None else "", highest(one.value)
        fits = name in _OF_DECAY and (is_constant or most <= steps < experiment.max_steps)
        is_another = name == "max_steps" and most < _SHARE_OF_ALL * experiment.max_steps
        is_left = most > 1 and not fits and not is_another
        if is_left and is_schedule_length(one.name, experiment.names):
            yield path_of(one, experiment)


def _because(setting: Hyperparameter, experiment: Experiment, added: int) -> str:
    """Why a schedule setting changes with the length."""
    if setting.name == "decay_steps":
        return "the decay ends with the training, at the same base rate."
    if setting.name != "constant_steps":
        return "as many steps as before: a share of another length."
    more = "added" if added > 0 else "dropped"
    if _is_of_inverse_sqrt(setting, experiment):
        reason = ": it would spend them at too small a rate (T14)" if added > 0 else ""
        return f"an inverse square root has its {more} steps before it, at the full rate{reason}."
    return f"the decay keeps its length; the {more} steps are of the constant phase before it."


def _is_of_inverse_sqrt(setting: Hyperparameter, experiment: Experiment) -> bool:
    """Whether a setting holds for an inverse square root, by the condition that it stands under."""
    when = dict(setting.when)
    return any(
        one.name == "schedule"
        and INVERSE_SQRT in schedule_kinds(one.value)
        and when.get(one.name, INVERSE_SQRT) == INVERSE_SQRT
        for one in hyperparameters(experiment)
    )

"""Settings of trials as a store has them: each holds what its experiment searches, as its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..record import Record
from ..space import Choice, is_number
from .cells import CellError, Place


def refuse_misfits(records: Sequence[Record], experiment: Experiment, key: int) -> None:
    """Refuses a setting that lacks a hyperparameter of its experiment, or has one of another kind.

    What a schedule changed in a fork was checked where the schedule was written. A trial that
    another tool began and that has no value yet may lack what it had not asked for.

    Raises:
        CellError: naming the first.
    """
    searched = [one for one in experiment.hyperparameters if one.role != "fixed"]
    if experiment.configurations:
        return  # rows listed by hand hold what their author wrote
    for record in (one for one in records if one.parent is None):
        expected = searched if _is_whole(record, experiment) else _asked_for(record, searched)
        for rule in _misfits(record, expected):
            place = Place("trial", key, record.id)
            raise CellError(place, "setting", rule, dict(record.setting))


def _is_whole(record: Record, experiment: Experiment) -> bool:
    """Whether the trial has all of its setting, as one of ours has from the start."""
    has_value = len(record.points.rows_P) > 0
    return experiment.search != "imported" or record.status == "completed" or has_value


def _asked_for(record: Record, searched: Sequence[Hyperparameter]) -> list[Hyperparameter]:
    return [one for one in searched if one.name in record.setting]


def _misfits(record: Record, searched: Sequence[Hyperparameter]) -> Iterator[str]:
    """What a setting should hold and does not, in words."""
    for one in searched:
        if one.when and not one.exists(record.setting):
            continue
        if one.name not in record.setting:
            yield f"a setting with `{one.name}`"
        elif isinstance(one.value, Choice):
            if record.setting[one.name] not in one.value.values:
                yield f"a setting with a value of the list `{one.name}`"
        elif not is_number(record.setting[one.name]):
            yield f"a setting with a number `{one.name}`"

"""Repeats: the trials of a study grouped by their setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ...playbook.words import words
from ...record import UNKNOWN_SEED, Record
from ...space import Scalar, value_text
from ...wording import plural
from .outcomes import Outcome

COPIES_ADVICE = "Seed the training from `trial.seed`, then train again under a new name."
# Words of a metric that measures the machine, and differs between copies of one training.
_CLOCKS = frozenset({"time", "seconds", "sec", "secs", "ms", "wall", "elapsed", "speed", "memory"})

Key: TypeAlias = tuple[tuple[str, str, bool], ...]


def repeats(ended: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes by setting, copies of one training once, settings in the order of first trials.

    A copy has the same seed and value; where seeds are unknown, no trial is known to be one.

    An outcome that has no value although its trial ended well is left out: it is missing. So is a
    training cut short of half of the steps of the longest: it is no repeat of it. A fork repeats
    only what descends in the same way: the same settings, changed after the same steps.

    Source: A2.
    """
    records = {outcome.trial: outcome.record for outcome in ended}
    groups: dict[Key, dict[tuple[int, int, str], Outcome]] = {}
    for outcome in ended:
        if not outcome.missing:
            seed = outcome.record.seed
            training = (seed, outcome.trial if seed == UNKNOWN_SEED else -1, repr(outcome.value))
            groups.setdefault(_key(outcome.record, records), {}).setdefault(training, outcome)
    return [_as_long(list(group.values())) for group in groups.values()]


def are_copies(group: Sequence[Outcome]) -> bool:
    """Whether trainings of one setting with different seeds logged the same values, bit for bit.

    Whole curves of every metric are held against each other, but for those that tell time: a
    saturated metric alone may be equal where the seed matters. Failed trainings say nothing.

    Source: A1, A2.
    """
    trained = [outcome.record for outcome in group if outcome.feasible]
    seeds = {record.seed for record in trained} - {UNKNOWN_SEED}
    if len(seeds) < 2:
        return False
    first, *others = (_logged(record) for record in trained)
    return all(logged == first for logged in others)


def copies_text(trainings: int) -> str:
    """That trainings with seeds of their own are copies of one, and why.

    Source: A2.

    >>> copies_text(5)
    '5 trainings with 5 seeds gave the same values: the code ignores `trial.seed`'
    """
    count, seeds = plural(trainings, "training"), plural(trainings, "seed")
    return f"{count} with {seeds} gave the same values: the code ignores `trial.seed`"


def _logged(record: Record) -> dict[str, tuple[bytes, bytes]]:
    """Every value that a trial logged, by metric, as it stands in memory."""
    names = [name for name in record.points.metrics if not _tells_time(name)]
    logged = {name: record.series(name) for name in names}
    return {name: (one.steps_P.tobytes(), one.values_P.tobytes()) for name, one in logged.items()}


def _tells_time(metric: str) -> bool:
    said = {word for segment in words(metric) for word in segment}
    return bool(said & _CLOCKS)


def _key(record: Record, records: Mapping[int, Record]) -> Key:
    """What two trainings of one setting have in common, their ancestors included."""
    setting = tuple((name, *_plain(value)) for name, value in sorted(record.setting.items()))
    if record.parent is None:
        return setting
    parent = records.get(record.parent)
    before = _key(parent, records) if parent else (("parent", str(record.parent), False),)
    return (*setting, ("from_step", str(record.from_step), False), *before)


def _plain(value: Scalar) -> tuple[str, bool]:
    """The text "1" and the number 1 are two values; 1 and 1.0 are one."""
    if type(value) is float:
        return repr(value), False
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(float(value)) if number else value_text(value), isinstance(value, str)


def _as_long(group: list[Outcome], *, share: float = 0.5) -> list[Outcome]:
    """The trainings of a group that trained nearly as long as its longest, or failed."""
    longest = max(outcome.record.steps for outcome in group)
    return [
        outcome
        for outcome in group
        if not outcome.feasible or outcome.record.steps >= share * longest
    ]

"""The answers of an extension that trains nothing: a wasted schedule, a round without values."""

from __future__ import annotations

from typing import Any

from ...advise.ending import NextStep, Reason
from ...analyze.summaries.added_steps import AddedSteps, Factors
from ...space.rounding import ten_digits
from ...wording import join, number, percent
from ..base import Answer, Known
from .carried_over import carried_over
from .extension_lines import left_advice, whole_decay
from .long_schedule import LongSchedule

# Marks of a sketch in text.
_WIDTH, _ROWS = 24, 9


def refused(known: Known, max_steps: int, schedule: LongSchedule) -> Answer:
    """The answer where the added steps would be spent at a tiny rate, with a sketch of it.

    Source: T10, T14.
    """
    added = schedule.added
    values = values_of(known, max_steps, schedule)
    if added is None:
        names = join([f"`{name}`" for name in schedule.left])
        line = f"{names} would stay behind: what the added steps train at is not known"
        return Answer(
            word="REFUSED",
            line=line,
            values=values,
            reasons=(
                Reason(text=f"Nothing from outside lets {names} follow the length", rules=("T10",)),
            ),
            steps=(NextStep(command="", text=left_advice(known, max_steps, schedule)),),
        )
    line = (
        f"{added.tiny_steps:,} of {added.added:,} added steps would train below {added.tiny:g} of "
        "the rate"
    )
    lines = tuple(whole_decay(known, max_steps, schedule))
    advice = (
        "Let the decay end with the training, as the lines say, or keep the length."
        if lines
        else left_advice(known, max_steps, schedule)
    )
    return Answer(
        word="REFUSED",
        line=line,
        values=values,
        table=sketch(added),
        reasons=(
            Reason(
                text=f"Steps at a tiny rate change little: {percent(added.share)} of those added",
                rules=("T10", "T14"),
            ),
        ),
        lines=lines,
        steps=(NextStep(command="", text=advice),),
    )


def no_leader(known: Known, max_steps: int) -> Answer:
    """The answer where no trial of the short round has a value that counts.

    Source: C3.
    """
    return Answer(
        word="UNCLEAR",
        line=f"No trial of `{known.base.name}` is feasible, so nothing can be carried over",
        values=values_of(known, max_steps, None),
        reasons=(Reason(text="A short round without a value concludes nothing", rules=("T8",)),),
        steps=(NextStep(command=f"etude check {known.base.name}", text="what broke its trials"),),
    )


def sketch(added: AddedSteps) -> tuple[tuple[str, ...], ...]:
    """The rate over the steps of both lengths, as rows of a table.

    Source: T10.
    """
    rows = []
    for place in range(_ROWS):
        step = round(place * (added.max_steps - 1) / (_ROWS - 1))
        factor = max(0.0, _at(added.long, step))
        bar = "#" * round(_WIDTH * min(factor, 1.0))
        where = "added" if step >= added.from_steps else ""
        rows.append((f"{step:,}", number(ten_digits(factor), 2), bar or ".", where))
    return (("step", "of the rate", "", ""), *rows)


def _at(factors: Factors, step: int) -> float:
    return min(factors, key=lambda point: abs(point[0] - step))[1]


def values_of(known: Known, max_steps: int, schedule: LongSchedule | None) -> dict[str, Any]:
    """The keys of the contract, then those beside it.

    Source: T9, T10.
    """
    carried = carried_over(schedule.setting, known.base.names) if schedule else ()
    spoken = {one.name for one in carried}
    return {
        "from_steps": known.base.max_steps,
        "max_steps": max_steps,
        "schedule": _schedule_json(schedule) if schedule else None,
        "carried": [vars(one).copy() for one in carried],
        "turned": [],
        "not_spoken_of": sorted(set(schedule.setting) - spoken) if schedule else [],
        "conclusions": [],
        "longer": None,
        "setting": None,
        "mean": None,
        "model": None,
    }


def _schedule_json(schedule: LongSchedule) -> dict[str, Any]:
    added = schedule.added
    return {
        "name": schedule.name or None,
        "follows": schedule.follows,
        "settings": dict(schedule.moved),
        "left": list(schedule.left),
        "refused": schedule.refused,
        "tiny_share": None if added is None else added.share,
    }

"""The answer of an extension: which conclusions turned, and what follows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, stdev

from ...advise.ending import NextStep
from ...analyze.comparison.retrainings import Retrainings
from ...wording import number, quantity
from ..base import Answer
from .conclusions import Conclusion, finite_mean
from .extension_data import Extension
from .extension_lines import lines
from .extension_reasons import reasons
from .extension_refusal import values_of
from .long_schedule import long_schedule


def answer(extension: Extension) -> Answer:
    """The answer from what was trained.

    Source: T8, T9, T10, T12, T14.
    """
    known = extension.known
    word, line = _verdict(extension)
    candidate = extension.candidate
    side = extension.trained[-1][1].get(candidate.name)
    schedule = long_schedule(known, candidate.setting, extension.max_steps)
    values = {
        **values_of(known, extension.max_steps, schedule),
        "turned": [one.as_json() for one in extension.turned],
        "conclusions": [one.as_json() for one in extension.conclusions],
        "longer": extension.longer.answer if extension.longer else None,
        "setting": dict(schedule.setting),
        "mean": None if side is None else finite_mean(side),
    }
    return Answer(
        word=word,
        line=line,
        values=values,
        table=_table(extension),
        reasons=tuple(reasons(extension)),
        lines=tuple(lines(extension)),
        steps=tuple(_steps(extension)),
    )


def _verdict(extension: Extension) -> tuple[str, str]:
    conclusions, turned = extension.conclusions, extension.turned
    short, steps = extension.known.base.max_steps, extension.max_steps
    if extension.known.ended and extension.best is None:
        return "UNCLEAR", f"Nothing was trained for {steps:,} steps: the budget is spent"
    count = len(conclusions)
    if turned:
        first = turned[0]
        more = f", and {len(turned) - 1} more" if len(turned) > 1 else ""
        return (
            "TURNED",
            f"`{first.name_of(first.ahead)}` passes `{first.name_of(first.ahead_short)}` at "
            f"{first.steps:,} steps{more}",
        )
    holding = sum(one.status == "holds" for one in conclusions)
    if not holding and not any(one.status == "settled" for one in conclusions):
        return "UNCLEAR", f"No order of {short:,} steps can be told at {steps:,} from noise"
    if holding == count:
        what = "conclusion holds" if count == 1 else "conclusions hold"
        # Rivals that fell behind for good are not trained at the full length.
        lengths = [one.steps for one in conclusions]
        least, last = min(lengths), max(lengths)
        some = f", {lengths.count(least)} only to {least:,}" if least < last else ""
        alone = f"; at {steps:,} no rival was trained" if last < steps else ""
        return "HOLDS", f"All {count} {what} from {short:,} to {last:,} steps{some}{alone}"
    return (
        "NO TURN",
        f"Of {quantity(count, 'conclusion')} of {short:,} steps none turned, {holding} surely hold"
        if holding != 1
        else f"Of {quantity(count, 'conclusion')} of {short:,} steps none turned, 1 surely holds",
    )


def _table(extension: Extension) -> tuple[tuple[str, ...], ...]:
    """Each contender's mean at each length, and what became of its order against the leader."""
    lengths = [length for length, _ in extension.trained]
    header = ("setting", *(f"{length:,} steps" for length in lengths), "against the best, short")
    if len(lengths) < 2 or not any(trained for _, trained in extension.trained):
        return ()
    status = {one.rival.name: one for one in extension.conclusions}
    rows = []
    for contender in extension.contenders:
        cells = [_cell(trained.get(contender.name)) for _, trained in extension.trained]
        one = status.get(contender.name)
        rows.append((contender.name, *cells, "the best, short" if one is None else _said(one)))
    return (header, *rows)


def _said(one: Conclusion) -> str:
    place = {True: "ahead", False: "behind", None: "not told"}
    then = None if one.ahead_short is None else one.ahead_short is one.rival
    now = None if one.ahead is None else one.ahead is one.rival
    return f"{one.status}: {place[then]}, then {place[now]}"


def _cell(side: Retrainings | None) -> str:
    if side is None:
        return "not trained"
    finite = [value for value in side.values if math.isfinite(value)]
    if not finite:
        return "broke"
    error = stdev(finite) / math.sqrt(len(finite)) if len(finite) > 1 else None
    text = number(fmean(finite), error=error)
    text += f" ± {number(error, 1)}" if error else ""
    broke = len(side.values) - len(finite)
    return text + (f", {broke} broke" if broke else "")


def _steps(extension: Extension) -> Iterator[NextStep]:
    candidate = extension.candidate
    if candidate is not extension.leader:
        yield NextStep(
            command="",
            text=f"Launch candidates begin from `{candidate.name}`, ahead beyond the noise",
        )
    if extension.known.ended:
        yield NextStep(command="", text="Allow more, and ask again: what was trained stays")
    elif candidate is extension.leader and extension.longer is not None:
        lengths = {"better": extension.max_steps, "worse": extension.known.base.max_steps}
        steps = lengths.get(extension.longer.answer)
        which = f", with {steps:,} steps" if steps else "; longer is not shown to be better"
        text = f"Launch candidates begin from the best of the short round{which}"
        yield NextStep(command="", text=text)

"""What a comparison of model sizes ends with: best rates, whether they moved, the file's lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...advise.ending import NextStep, Reason
from ...analyze.summaries.rates_by_size import RatesBySize, SizeRate
from ...experiment.change import Change
from ...finding import Finding, Recommendation, Severity
from ...space import Integer, Real, Scalar
from ...space.rounding import ten_digits
from ...wording import number, quantity
from ..base import Answer, Known
from .contenders import lines_of
from .extension_refusal import values_of

# Heuristic: four times to either side, as far as the seeds showed the bowl.
_ROOM = 4.0


def answer(known: Known, axis: str, rates: RatesBySize | None) -> Answer:
    """The answer from what was trained.

    Source: S17, A1.
    """
    word, line = _verdict(known, axis, rates)
    return Answer(
        word=word,
        line=line,
        values=_values(known, axis, rates),
        table=_table(rates) if rates else (),
        reasons=tuple(_reasons(known, rates)),
        lines=tuple(_lines(known, axis, rates)),
        findings=(_finding(line, axis, rates),) if rates else (),
        steps=tuple(_steps(known, rates)),
    )


def _verdict(known: Known, axis: str, rates: RatesBySize | None) -> tuple[str, str]:
    if rates is None:
        return "UNCLEAR", "Nothing was trained"
    if rates.shift is None:
        return "UNCLEAR", f"Where the best `{rates.rate}` of each `{axis}` lies is not known"
    by, low, high = rates.shift
    times = f"{number(by, 2)} times ({number(low, 2)} to {number(high, 2)})"
    if rates.moved:
        return "MOVED", f"From {_span(rates)} the best `{rates.rate}` becomes {times}"
    if rates.moved is False:
        return "DID NOT MOVE", f"From {_span(rates)} the best `{rates.rate}` is {times}"
    return "UNCLEAR", f"From {_span(rates)} the best `{rates.rate}` is {times}"


def _span(rates: RatesBySize) -> str:
    first, last = rates.sizes[0].size, rates.sizes[-1].size
    return f"`{rates.name}` {number(first)} to {number(last)}"


def _values(known: Known, axis: str, rates: RatesBySize | None) -> dict[str, Any]:
    """The keys of the contract, then those beside it."""
    sizes = rates.sizes if rates else ()
    return {
        **values_of(known, known.base.max_steps, None),
        "model": {
            "name": axis,
            "rates": [
                {
                    "value": one.size,
                    "best_learning_rate": one.best,
                    "interval": None if one.low is None else [one.low, one.high],
                    "at_edge": one.at_edge,
                }
                for one in sizes
            ],
            "moved": rates.moved if rates else None,
            "shift": list(rates.shift) if rates and rates.shift else None,
        },
    }


def _finding(line: str, axis: str, rates: RatesBySize) -> Finding:
    status: dict[bool | None, Severity] = {True: "notice", False: "ok", None: "unclear"}
    trainings = sum(len(row) for one in rates.sizes for row in one.losses.values())
    return Finding(
        rule="S17",
        check="model_size",
        status=status[rates.moved],
        subject={"hyperparameter": rates.rate},
        headline=line,
        message=f"{line}, of {quantity(trainings, 'training')}.",
        evidence={
            axis: [one.size for one in rates.sizes],
            "best": [one.best for one in rates.sizes],
            "shift": rates.shift,
        },
        advice=f"Retune `{rates.rate}` on the larger model." if rates.moved else "",
    )


def _table(rates: RatesBySize) -> tuple[tuple[str, ...], ...]:
    header = (rates.name, f"best {rates.rate}", "95 % interval", "")
    return (header, *(_row(one) for one in rates.sizes))


def _row(one: SizeRate) -> tuple[str, ...]:
    if one.best is None:
        return (number(one.size), "none trains", "", "")
    interval = "not known"
    if one.low is not None and one.high is not None:
        interval = f"{number(one.low)} to {number(one.high)}"
    return (number(one.size), number(one.best), interval, "at the edge" if one.at_edge else "")


def _reasons(known: Known, rates: RatesBySize | None) -> Iterator[Reason]:
    if known.ended:
        yield Reason(text=known.ended.rstrip("."), rules=("R15",))
    if rates is None:
        return
    edges = [one for one in rates.sizes if one.at_edge]
    for one in edges:
        yield Reason(
            text=f"The best rate at {rates.name} = {one.size} lies at the edge of what was trained",
            rules=("C1",),
        )
    for one in rates.sizes:
        if one.best is None:
            yield Reason(text=f"No rate trains at {rates.name} = {one.size}", rules=("C3",))
    if rates.moved:
        yield Reason(
            text="Under a parametrization made for transfer (muP) it would not move", rules=("S17",)
        )
    elif rates.moved is False:
        yield Reason(
            text="So a parametrization made for transfer (muP) behaves; the rate carries over",
            rules=("S17",),
        )
    else:
        yield Reason(text="The seeds do not tell whether it moved", rules=("S17", "A1"))


def _lines(known: Known, axis: str, rates: RatesBySize | None) -> Iterator[Recommendation]:
    """The largest model, with a range of the rate around its best."""
    if rates is None or rates.moved is None:
        return
    last = rates.sizes[-1]
    line = lines_of(known, axis)
    if line is not None and line.role == "fixed" and line.value != last.size:
        yield Recommendation(
            rule="S17",
            change=Change(line.keys, "", last.size),
            old=line.value,
            because="the larger model, with what matters retuned.",
        )
    if rates.moved and last.best is not None:
        yield from _rate_lines(known, rates, last.best)


def _rate_lines(known: Known, rates: RatesBySize, best: float) -> Iterator[Recommendation]:
    line = lines_of(known, rates.rate)
    because = f"the best rate of `{rates.name}` = {rates.sizes[-1].size} is {number(best)}."
    if line is None or isinstance(line.value, Integer):
        return
    if line.role == "nuisance" and not isinstance(line.value, Real):
        gone = Change(line.keys, "", None)
        fixed = Change(("fixed", line.name), "", best)
        for change, old in ((fixed, None), (gone, line.value)):
            yield Recommendation(rule="S17", change=change, old=old, because=because)
        return
    if not isinstance(line.value, Real):
        new: Scalar = best
        yield Recommendation(
            rule="S17", change=Change(line.keys, "", new), old=line.value, because=because
        )
        return
    for part, bound in (("low", best / _ROOM), ("high", best * _ROOM)):
        yield Recommendation(
            rule="S17",
            change=Change(line.keys, part, ten_digits(float(f"{bound:.3g}"))),
            old=getattr(line.value, part),
            because=because,
        )


def _steps(known: Known, rates: RatesBySize | None) -> Iterator[NextStep]:
    if rates is None or known.ended:
        yield NextStep(command="", text="Allow more, and ask again: what was trained stays")
    elif any(one.at_edge for one in rates.sizes):
        yield NextStep(
            command="", text=f"Begin from another rate: --set {rates.rate}=VALUE, and ask again."
        )

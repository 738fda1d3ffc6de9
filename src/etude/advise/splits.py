"""Other splits of the data: the round that trains a setting on them, and what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Literal, TypeAlias

from ..analyze.comparison.variances import Pairs, Variances, Variation
from ..experiment import Experiment
from ..experiment.validation.configurations import SPLIT_SEED
from ..space import Scalar
from ..study import derived_seed
from ..wording import number, quantity
from .ending import Ending, NextStep, Reason
from .follow_up import SEEDS, retraining_experiment
from .procedure_round import round_notes

# Who divides the data: Etude at random, the workload's `split(seed)`, or a function of the user's.
Divider: TypeAlias = Literal["etude", "workload", "function"]

UNREAD = (
    f"The loop did not read {SPLIT_SEED}, so the splits were the same. Divide the data by "
    "`trial.split_seed` where it is not None, then ask again."
)
_OTHER = {"trial": "another seed", "study": "another search", "data": "another split"}
_DIVIDED: dict[Divider, str] = {
    "etude": "Examples were drawn at random, by label where there are labels: they must not depend "
    "on each other",
    "workload": "The workload's own `split(seed)` divided the data",
    "function": "The training code divided the data by `trial.split_seed`",
}


def splits_experiment(
    experiment: Experiment, setting: Mapping[str, Scalar], *, trial: int, splits: int
) -> Experiment:
    """An experiment that trains one setting on so many other splits of the data, once each.

    The seeds of the splits are the same for every setting and every experiment, so that two
    settings meet on the same examples. Each trial has a seed of its own besides.

    Source: A1, K3.
    """
    rows = [{**setting, SPLIT_SEED: derived_seed(0, "split", place)} for place in range(splits)]
    name = f"{experiment.name}-splits-{trial}"
    coming = retraining_experiment(experiment, rows, name=name, seeds=1)
    return replace(
        coming,
        question="How good is this setting on other splits of the data?",
        notes=round_notes("compare", f"trial {trial} of `{experiment.name}` on other splits"),
    )


def variances_ending(sides: Sequence[Variances], divider: Divider) -> Ending:
    """The ending of `compare --splits`: the sources of variation beside each other.

    Args:
        sides: One setting, or two with the one that is judged last.
        divider: Who divided the data.

    Source: A1, A2, A3.
    """
    return Ending(
        word="VARIANCES",
        line=_line(sides[-1]),
        table=_table(sides),
        why="What to know",
        reasons=tuple(_reasons(sides, divider)),
        more="add --json",
        steps=tuple(_steps(sides)),
    )


def split_reasons(pairs: Pairs | None, sides: Sequence[Variances], gap: float) -> list[Reason]:
    """What other splits say of a comparison, the most telling first.

    Args:
        pairs: B against A on the same splits.
        sides: A and B.
        gap: By how much their means differ, NaN where that is not known.

    Source: A1, A4.
    """
    widest = max(sides, key=lambda one: one.data.sd if one.data.is_known else -1.0)
    reasons = []
    if widest.data.is_known and math.isfinite(gap) and widest.data.sd > abs(gap):
        what = "Another split and seed move" if widest.data.with_trial else "Another split moves"
        text = (
            f"{what} `{widest.name}` by {number(widest.data.sd, 2)}, more than the "
            f"{number(abs(gap), 2)} between the two"
        )
        reasons.append(Reason(text=text, rules=("A1", "A4")))
    if pairs is not None:
        reasons.append(Reason(text=_paired(pairs, sides[-1].name), rules=("A1",)))
    return reasons


def _apart(side: Variances) -> str:
    """That the given split is none of those that are drawn at random."""
    mean = number(fmean(side.finite), 2)
    return (
        f"The given split is unlike them, {number(side.given, 2)} against {mean} on average: are "
        "examples ordered or grouped?"
    )


def _paired(pairs: Pairs, name: str) -> str:
    sign = math.copysign(1.0, pairs.difference.by) * math.copysign(1.0, pairs.gain)
    low, high = sorted((sign * pairs.difference.low, sign * pairs.difference.high))
    known = pairs.difference.known
    reach = f" (95 % interval {number(low, 2)} to {number(high, 2)})" if known else ""
    how = "better" if pairs.gain >= 0 else "worse"
    count = quantity(pairs.count, "split")
    return (
        f"On the same {count} `{name}` is better in {pairs.better}, on average {how} by "
        f"{number(abs(pairs.gain), 2)}{reach}"
    )


def _line(side: Variances) -> str:
    if not side.data.is_known:
        return f"Too few trainings of `{side.name}` on other splits have a value"
    by = number(side.data.sd, 2)
    if side.data.with_trial:
        return f"Another split and seed together move `{side.name}` by {by}"
    if side.data.low <= 0.0:
        return f"Whether another split moves `{side.name}` at all is open"
    seed = f", another seed by {number(side.trial.sd, 2)}" if side.trial.is_known else ""
    return f"Another split moves `{side.name}` by {by}{seed}"


def _table(sides: Sequence[Variances]) -> tuple[tuple[str, ...], ...]:
    header = ("source", "side", "standard deviation", "95 % interval", "rests on")
    rows = [
        (f"{one.source}: {_OTHER[one.source]}", side.name, *_numbers(one), _basis(one))
        for of_source in zip(*(side.sources for side in reversed(sides)), strict=True)
        for side, one in zip(reversed(sides), of_source, strict=True)
    ]
    return (header, *rows)


def _numbers(one: Variation) -> tuple[str, str]:
    if not one.is_known:
        return "not known", ""
    luck = " with trial" if one.with_trial else ""
    return f"{number(one.sd, 2)}{luck}", f"{number(one.low, 2)} to {number(one.high, 2)}"


def _basis(one: Variation) -> str:
    if one.basis == "resampled":
        return f"{quantity(one.rests_on, 'trial')} of one search, resampled"
    if one.basis == "searches":
        return quantity(one.rests_on, "search", "searches")
    noun = {"trial": "training", "study": "trial", "data": "split"}[one.source]
    return quantity(one.rests_on, noun)


def _reasons(sides: Sequence[Variances], divider: Divider) -> Iterator[Reason]:
    if failed := [side for side in sides if side.failed]:
        counts = " and ".join(f"{side.failed} of `{side.name}`" for side in failed)
        yield Reason(text=f"Trainings on other splits failed: {counts}", rules=("C3",))
    if constant := [side for side in sides if side.is_constant]:
        text = f"Every split gave `{constant[0].name}` the same value: does the code use the split?"
        yield Reason(text=text, rules=("A1",))
    if apart := [side for side in sides if side.is_apart]:
        yield Reason(text=_apart(apart[0]), rules=("A1",))
    yield Reason(text=_DIVIDED[divider], rules=("A1",))
    if lacking := [side for side in sides if side.data.with_trial]:
        names = " and ".join(f"`{side.name}`" for side in lacking)
        text = f"Nobody trained {names} again with other seeds: their luck is in that of the split"
        yield Reason(text=text, rules=("A2",))


def _steps(sides: Sequence[Variances]) -> Iterator[NextStep]:
    for side in sides:
        if side.data.with_trial:
            name = side.name.partition(":")[0]
            yield NextStep(
                command=f"etude next {name} --seeds {SEEDS}",
                text=f"Train the best setting with {SEEDS} other seeds, then ask again",
            )

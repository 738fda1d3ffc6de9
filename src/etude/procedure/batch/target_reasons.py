"""The reasons of `batch-size` with a target: what its answer rests on, or does not know."""

from __future__ import annotations

from collections.abc import Iterator

from ...advise.ending import Reason
from ...wording import conjunction, join, number, percent, plural, quantity
from ..length.full_fit import FAILURES
from .target_evidence import TargetEvidence
from .target_metric import is_test_metric
from .target_plan import powers
from .target_setting import constant_rate, fixed_beside_the_rate


def target_reasons(seen: TargetEvidence) -> tuple[Reason, ...]:
    """What would change the answer most, first.

    Source: S8, S9, S10, S14, S15.
    """
    return tuple(
        reason
        for part in (
            _open,
            _of_rivals,
            _of_steps,
            _of_choice,
            _of_one_off,
            _of_sizes,
            _of_rates,
            _of_setting,
        )
        for reason in part(seen)
    )


def _open(seen: TargetEvidence) -> Iterator[Reason]:
    """What was not trained to its end, and what no choice may be made by."""
    known, target = seen.ask.known, seen.ask.target
    if is_test_metric(target.metric):
        text = f"`{target.metric}` is of test data: a choice by it spoils the last look at it"
        yield Reason(text=text, rules=("X3",))
    if known.ended:
        yield Reason(text=known.ended.rstrip("."), rules=("R15",))
    records = [record for played in known.rounds for record in played.records]
    if failed := sum(one.status == "infeasible" and one.reason in FAILURES for one in records):
        text = f"{quantity(failed, 'training')} ended by an error and left out"
        yield Reason(text=text, rules=("C3",))


def _of_rivals(seen: TargetEvidence) -> Iterator[Reason]:
    """What keeps open which size trains quickest."""
    if seen.rivals and seen.quickest is not None:
        sizes = f"{seen.quickest.batch_size:,} seems quickest, but {_sizes(seen.rivals)}"
        text = f"{sizes} may be by far: the load hides their time per step"
        yield Reason(text=text, rules=("S9",))


def _of_steps(seen: TargetEvidence) -> Iterator[Reason]:
    """How well the steps are known, and whether they follow the curve."""
    if not seen.met:
        return
    scatter, free = seen.noise
    if not free:
        text = "Of each size the fewest steps of single trainings, which is luck in part"
        yield Reason(text=text, rules=("A1",))
    elif seen.curve.misfit > 2.0:
        text = (
            f"Steps stray from one curve {number(seen.curve.misfit, 2)} times as far as seeds "
            "explain: the interval allows for it"
        )
        yield Reason(text=text, rules=("S8", "A1"))
    if free:
        text = f"Trainings that differ in their seed alone scatter by {percent(scatter)} in steps"
        yield Reason(text=text, rules=("A1",))
    if at_once := [one.batch_size for one in seen.met if one.met_at_once]:
        text = f"At {_sizes(at_once)} the first evaluation met it: at most so many steps"
        yield Reason(text=text, rules=("S8",))


def _of_choice(seen: TargetEvidence) -> Iterator[Reason]:
    """What each column of the table prefers, and what a change asks for."""
    best, choice = seen.best, seen.choice
    parts = [
        f"{best[name]:,} by {words}"
        for name, words in (("time", "training time"), ("resources", "resource use"))
        if best[name] is not None
    ]
    if parts and best["time"] != best["resources"]:
        yield Reason(text=f"The best batch is {conjunction(parts)}: weigh them", rules=("S9",))
    if seen.quickest is None and seen.met:
        text = "No time per step is known, so which batch trains quickest is open"
        yield Reason(text=text, rules=("S9",))
    if choice is None or choice.batch_size == seen.batch_size:
        return
    text = "A change of the batch size means retuning the optimizer and regularization first"
    yield Reason(text=text, rules=("S10",))
    if seen.batch_size is not None and choice.batch_size > seen.batch_size:
        text = "A larger batch may overfit more: regularization ranges reach further up"
        yield Reason(text=text, rules=("S14",))


def _of_one_off(seen: TargetEvidence) -> Iterator[Reason]:
    cost = seen.one_off
    if cost is None:
        if seen.one_off_h is not None:
            text = "Whether the cost that is paid once pays back is open: a time is not known"
            yield Reason(text=text, rules=("S15",))
        elif seen.choice is not None and seen.choice.batch_size != seen.batch_size:
            text = "What a change costs once, hardware or code, is not in it: --one-off HOURS"
            yield Reason(text=text, rules=("S15",))
        return
    hours = f"{number(cost.hours, 2)} h paid once"
    if cost.break_even is None:
        yield Reason(text=f"{hours} never pay back: no training gets quicker", rules=("S15",))
        return
    text = f"{hours} pay back after {quantity(cost.break_even, 'training')} at the quickest batch"
    yield Reason(text=text, rules=("S15",))


def _of_sizes(seen: TargetEvidence) -> Iterator[Reason]:
    """Which sizes have no steps, and why."""
    unmet = [one.batch_size for one in seen.studies if not one.has_met]
    if unmet and seen.met:
        steps = quantity(max(one.length for one in seen.studies if not one.has_met), "step")
        yield Reason(text=f"At {_sizes(unmet)} no rate met the target in {steps}", rules=("S8",))
    trained = {one.batch_size for one in seen.studies}
    untrained = [one for one in powers(seen.ask.measured) if one not in trained]
    if untrained and seen.met and not seen.ask.known.ended:
        text = f"Not trained, since their neighbours tell: a batch of {_sizes(untrained)}"
        yield Reason(text=text, rules=("S8",))
    unsure = [one.batch_size for one in seen.ask.measured.feasible if one.outcome == "unclear"]
    if unsure:
        text = f"The time per step of {_sizes(unsure)} is not known to 5 %"
        yield Reason(text=text, rules=("S4",))


def _of_rates(seen: TargetEvidence) -> Iterator[Reason]:
    if at_edge := [one.batch_size for one in seen.met if one.edge and not one.is_retrained]:
        text = f"At {_sizes(at_edge)} the best rate lies at the edge of those tried"
        yield Reason(text=text, rules=("S8", "C1"))


def _of_setting(seen: TargetEvidence) -> Iterator[Reason]:
    """What all trainings share: each of it could favour one size."""
    ask = seen.ask
    fixed = fixed_beside_the_rate(ask.known, ask.rate_name)
    text = f"Only `{ask.rate_name}` was retuned for each size"
    if fixed:
        names = join([f"`{name}`" for name in fixed], most=2)
        text += f"; {names} stayed as {'it was' if len(fixed) == 1 else 'they were'}"
    yield Reason(text=text, rules=("S8", "S10"))
    rate = constant_rate(ask.known)
    if rate.left:
        names = join([f"`{name}`" for name in rate.left], most=2)
        text = f"{names} cannot be made constant from outside, and depends on the length"
        yield Reason(text=text, rules=("T4", "S11"))
    elif rate.switched:
        text = "At a constant rate: with a decay the target may take fewer steps"
        yield Reason(text=text, rules=("S11", "T4"))
    text = "By steps to one target: equal steps or equal epochs would compare something else"
    yield Reason(text=text, rules=("S8",))


def _sizes(sizes: list[int]) -> str:
    return conjunction([f"{one:,}" for one in sizes]) if len(sizes) < 4 else _range(sizes)


def _range(sizes: list[int]) -> str:
    return f"{min(sizes):,} to {max(sizes):,} ({plural(len(sizes), 'size')})"

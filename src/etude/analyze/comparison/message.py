"""The message of a comparison: its answer in words."""

from __future__ import annotations

import math

from ...wording import number, percent, plural
from ..views.repeats import COPIES_ADVICE, copies_text
from .comparison import MAX_MORE, Comparison, Side
from .retrainings import ENOUGH

# Heuristic: beyond it, nobody reads the digits of a p-value.
_LEAST_P = 0.001


def message(result: Comparison) -> str:
    """The answer with its numbers, then failures, single trainings, and what is strange.

    Source: A1, A2, A4.
    """
    sentences = [
        _answer(result),
        _failures_sentence(result),
        _unlearned_sentence(result),
        _single_sentence(result),
        *(_equal_values_sentence(side) for side in (result.a, result.b)),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _answer(result: Comparison) -> str:
    if result.answer in ("better", "worse"):
        return f"`{result.b.name}` is {result.answer} than `{result.a.name}`: {_means(result)}."
    if result.answer == "no_difference":
        text = f"No detectable difference at this budget: {_means(result)}"
        if not result.difference.known:
            return f"{text}."
        return f"{text}. What difference there is is smaller than {number(result.at_most)}."
    return f"Undecided: {_means(result)}. {_way_out(result)}"


def _means(result: Comparison) -> str:
    a, b, means = result.a, result.b, result.difference
    trainings = f"{a.trainings} and {plural(b.trainings, 'training')}"
    if math.isnan(means.by):
        whose = " and ".join(f"`{side.name}`" for side in (a, b) if not side.finite)
        return f"no training of {whose} has a value ({trainings})"
    paired = " with paired seeds" if result.paired else ""
    subject = (
        f"its mean {result.metric} is"
        if result.answer in ("better", "worse")
        else (f"the mean {result.metric} of `{b.name}` is")
    )
    text = f"{subject} {_two_numbers(b.mean, a.mean, ' against ')}"
    if not means.known:
        return f"{text} ({trainings})"
    # In the direction of the sentence: how much better, or how much worse.
    sign = math.copysign(1.0, means.by)
    low, high = sorted((sign * means.low, sign * means.high))
    return (
        f"{text}, {_by(result)} (95 % interval {_two_numbers(low, high, ' to ')}; "
        f"{trainings}{paired}, {_p(means.p)})"
    )


def _by(result: Comparison) -> str:
    if result.gain == 0:
        return "the same"
    return f"{'better' if result.gain > 0 else 'worse'} by {number(abs(result.gain))}"


def _two_numbers(first: float, second: float, between: str) -> str:
    """Two numbers with as many digits as tell them apart."""
    digits = next((n for n in range(4, 9) if number(first, n) != number(second, n)), 4)
    digits = min(digits + 1, 9) if digits > 4 else digits
    return f"{number(first, digits)}{between}{number(second, digits)}"


def _p(p: float) -> str:
    return f"p < {_LEAST_P}" if p < _LEAST_P else f"p = {number(p, 2)}"


def _way_out(result: Comparison) -> str:
    more = plural(result.more_seeds, "more seed")
    if result.why == "copies":
        side = result.b if result.b.copies else result.a
        text = copies_text(len(side.finite))
        return f"Of `{side.name}`, {text}, or its training has no randomness. {COPIES_ADVICE}"
    if result.why == "few":
        return f"Fewer than {ENOUGH} a side are too few to tell: run {more} a side."
    if result.why == "close":
        most = "at least " if result.more_seeds == MAX_MORE else ""
        return (
            f"Run {most}{more} a side: four chances in five to tell, if the difference is as large "
            "as it looks."
        )
    if result.why == "look":
        return _look_sentence(result)
    if result.why == "none":
        return "Look for what breaks them first."
    return (
        f"Means, failures and single trainings of `{result.b.name}` do not agree, and no more "
        "seeds settle that: weigh them yourself."
    )


def _look_sentence(result: Comparison) -> str:
    fewest = min(result.a.trainings, result.b.trainings)
    if result.plan is None:
        return ""
    if result.plan.level(fewest) is None:
        state = f"{fewest} a side is between two looks, which decides nothing"
    elif result.level == 0:
        state = f"The look at {fewest} decides nothing, for no exact test of so few seeds can"
    else:
        state = f"The look at {fewest} decides below p = {number(result.level, 2)}"
    coming = result.plan.next_look(fewest)
    return f"{state}; the next is at {coming}: run {plural(result.more_seeds, 'more seed')} a side."


def _failures_sentence(result: Comparison) -> str:
    failures = result.failures
    if not failures.a + failures.b:
        return ""
    return (
        f"Failed: {failures.a} of {plural(failures.trainings_a, 'training')} of `{result.a.name}`, "
        f"{failures.b} of {failures.trainings_b} of `{result.b.name}` ({_p(failures.p)} that "
        "both fail as often)."
    )


def _unlearned_sentence(result: Comparison) -> str:
    a, b = result.a, result.b
    if not a.unlearned + b.unlearned:
        return ""
    return (
        f"Values are of two kinds: {a.unlearned} of {len(a.finite)} of `{a.name}` and "
        f"{b.unlearned} of {len(b.finite)} of `{b.name}` ended far behind the rest; medians are "
        f"{_two_numbers(b.median, a.median, ' against ')}."
    )


def _single_sentence(result: Comparison) -> str:
    chance = result.chance
    if math.isnan(chance.probability):
        return ""
    return (
        f"A training of `{result.b.name}` beats one of `{result.a.name}` with probability "
        f"{chance.probability:.2f} ({chance.low:.2f} to {chance.high:.2f})."
    )


def _equal_values_sentence(side: Side) -> str:
    if side.sd != 0:
        return ""
    return (
        f"All trainings of `{side.name}` have the same value: if they share a seed, they tell "
        "nothing of chance."
    )


def plan_line(result: Comparison, power: float, effect: float) -> str:
    """The looks of a comparison's plan with their levels, and the plan's power.

    Source: A2.
    """
    if result.plan is None:
        return ""
    pairs = zip(result.plan.looks, result.plan.levels, strict=True)
    looks = ", ".join(
        f"{look} (p < {number(level, 2)})" if level else f"{look} (only to see)"
        for look, level in pairs
    )
    return (
        f"Looks at seeds a side: {looks}; together wrong in at most 5 %. By the last one a "
        f"difference of {number(effect)} standard deviations is found in {percent(power)}."
    )

"""The endings of comparisons: of two sides' trainings, and of two searches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..analyze.comparison.comparison import MAX_MORE, Comparison, Side
from ..analyze.views.repeats import COPIES_ADVICE, copies_text
from ..wording import conjunction, number, quantity
from .ending import Ending, NextStep, Reason
from .follow_up import SEEDS
from .search_comparison import Searches

WORDS = {
    "better": "BETTER",
    "worse": "WORSE",
    "no_difference": "NO DIFFERENCE",
    "undecided": "UNCLEAR",
}
# What to do where nothing is left to train.
_TAKEN = {
    "better": "Take {b}: no more trainings are needed",
    "worse": "Keep {a}: no more trainings are needed",
    "no_difference": "Keep the simpler of the two: no more trainings are needed",
}
# Digits at which two values are told apart; more are not read.
_MOST_DIGITS = 3


def trainings_ending(
    result: Comparison,
    notes: Sequence[Reason] = (),
    experiments: Sequence[str] = (),
    *,
    store: str = "",
) -> Ending:
    """The ending of a comparison by trainings of both sides.

    Args:
        result: B against A.
        notes: What else is to be known of the two.
        experiments: Those of the two that are experiments, by the names to type.
        store: The option that names the store in commands to type, with a space before it.

    Source: A2, A4.
    """
    return Ending(
        word=WORDS[result.answer],
        line=trainings_line(result),
        table=trainings_table(result),
        why="Why not yet" if result.answer == "undecided" else "What to know",
        reasons=(*_trainings_reasons(result), *notes),
        steps=tuple(_trainings_steps(result, experiments, store)),
    )


def trainings_line(result: Comparison) -> str:
    """A comparison by trainings in a line.

    Source: A2, A4.
    """
    a, b = f"`{result.a.name}`", f"`{result.b.name}`"
    gap = result.difference
    if math.isnan(gap.by):
        empty = [f"`{side.name}`" for side in (result.a, result.b) if not side.finite]
        return f"No training of {conjunction(empty)} has a value"
    how = "better" if result.gain > 0 else "worse"
    if result.gain == 0:
        return f"{b} and {a} have the same mean"
    by = number(abs(result.gain), 2)
    sign = math.copysign(1.0, gap.by)
    low, high = sorted((sign * gap.low, sign * gap.high))
    reach = f" (95 % interval {number(low, 2)} to {number(high, 2)})" if gap.known else ""
    if result.answer == "no_difference":
        most = f", at most {number(result.at_most, 2)}" if gap.known else ""
        return f"{b} and {a} do not differ detectably{most}"
    if result.answer == "undecided":
        return f"{b} looks {how} than {a} by {by}{reach}"
    return f"{b} is {result.answer} than {a} by {by}{reach}"


def trainings_table(result: Comparison) -> tuple[tuple[str, ...], ...]:
    """Both sides of a comparison by trainings, B first.

    Source: A2.
    """
    header = ("side", "trainings", f"mean {result.metric}", "standard deviation", "failed")
    return (header, *(_row(side) for side in (result.b, result.a)))


def _row(side: Side) -> tuple[str, ...]:
    mean = "none" if math.isnan(side.mean) else number(side.mean, _MOST_DIGITS)
    sd = "not known" if math.isnan(side.sd) else number(side.sd, 2)
    return side.name, str(side.trainings), mean, sd, str(side.failed)


def _trainings_reasons(result: Comparison) -> Iterator[Reason]:
    b, a = result.b.trainings, result.a.trainings
    trainings = f"{quantity(b, 'training')} against {a}"
    copied = next((side for side in (result.b, result.a) if side.copies), result.b)
    reasons = {
        "few": f"{trainings} {_is(b)} too few to tell: {SEEDS} a side is the least",
        "close": f"{trainings} nearly tell: more seeds may settle it",
        "look": f"{trainings} is a look that decides nothing",
        "copies": f"{copies_text(len(copied.finite))}, or nothing in it is random",
        "none": "What breaks the trainings has to be found first",
        "mixed": "Means, failures and single trainings disagree, and more seeds do not settle that",
    }
    if result.why:
        yield Reason(text=reasons[result.why], rules=("C3",) if result.why == "none" else ("A2",))
    if result.a.failed or result.b.failed:
        text = f"{result.b.failed} of `{result.b.name}` and {result.a.failed} of `{result.a.name}`"
        yield Reason(text=f"Trainings failed: {text}", rules=("C3",))


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _trainings_steps(
    result: Comparison, experiments: Sequence[str], store: str
) -> Iterator[NextStep]:
    b = result.b.name
    if result.why == "copies":
        yield NextStep(command="", text=COPIES_ADVICE.rstrip("."))
    elif result.more_seeds:
        least = "at least " if result.more_seeds >= MAX_MORE else ""
        more = quantity(result.more_seeds, "more seed")
        yield NextStep(command="", text=f"Train both sides with {least}{more} each, then compare")
    elif result.answer == "better" and b.partition(":")[0] in experiments:
        text = "Make it the baseline, if it is worth it"
        yield NextStep(command=f"etude adopt {b}{store}", text=text)
    elif result.answer in _TAKEN:
        taken = _TAKEN[result.answer].format(a=f"`{result.a.name}`", b=f"`{b}`")
        yield NextStep(command="", text=taken)


def searches_ending(
    result: Searches, once: Sequence[str], notes: Sequence[Reason] = (), *, store: str = ""
) -> Ending:
    """The ending of a comparison by the searches of both, whose best were trained once.

    Args:
        result: B against A.
        once: Those whose best setting was trained only once.
        notes: What else is to be known of the two.
        store: The option that names the store in commands to type, with a space before it.

    Source: A2, A3.
    """
    rows = [
        (
            study.study.name,
            number(study.best.value, _MOST_DIGITS) if study.best else "none",
            str(study.best.trial) if study.best else "",
            str(study.feasible),
        )
        for study in (result.b, result.a)
    ]
    steps = (
        NextStep(
            command=f"etude next {name} --seeds {SEEDS}{store}",
            text=f"Train its best setting with {SEEDS} other seeds, then compare those",
        )
        for name in once
    )
    return Ending(
        word=WORDS[result.answer],
        line=_searches_line(result),
        table=(("search", f"best {result.metric}", "trial", "feasible trials"), *rows),
        reasons=(*_searches_reasons(result, once), *notes),
        steps=tuple(steps),
    )


def _searches_line(result: Searches) -> str:
    a, b = result.a, result.b
    lacking = [f"`{one.study.name}`" for one in (b, a) if one.best is None]
    if lacking:
        return f"No trial of {conjunction(lacking)} is feasible"
    names = f"`{b.study.name}`", f"`{a.study.name}`"
    if result.answer == "no_difference":
        return f"{names[0]} is {names[1]} searched again: what differs is luck"
    if b.best_loss == a.best_loss:
        return f"{names[0]} and {names[1]} found the same best"
    leads = "ahead of" if b.best_loss < a.best_loss else "behind"
    by = number(abs(b.best_loss - a.best_loss), 2)
    doubt = "" if result.answer != "undecided" else ", which luck may explain"
    return f"The search {names[0]} ends {leads} {names[1]} by {by}{doubt}"


def _searches_reasons(result: Searches, once: Sequence[str]) -> Iterator[Reason]:
    if once:
        names = conjunction([f"`{name}`" for name in once])
        text = f"The best setting of {names} was trained once: only retrainings tell luck apart"
        yield Reason(text=text, rules=("A2",))
    if not math.isnan(result.repeated):
        text = f"The same search with another seed ends {number(result.repeated, 2)} apart"
        yield Reason(text=text, rules=("A3",))
    if result.lead is not None and math.isfinite(result.lead.low):
        low, high = number(result.lead.low, 2), number(result.lead.high, 2)
        text = f"By the luck of both searches the lead lies between {low} and {high}"
        yield Reason(text=text, rules=("Q10",))

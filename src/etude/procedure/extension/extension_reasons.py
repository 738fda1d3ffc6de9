"""What the answer of an extension rests on, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...advise.ending import Reason
from ...advise.new_length import assumption
from ...wording import join, number
from .carried_over import Carried, Confidence, carried_over
from .extension_data import Extension
from .long_schedule import Follows

_WORDS: Mapping[Confidence, str] = {
    "very_likely": "very likely",
    "likely": "likely",
    "perhaps": "perhaps",
    "unlikely": "unlikely",
}
_FOLLOWS: Mapping[Follows, str] = {
    "constant": "The rate is constant, so no schedule changes with the length",
    "constant_phase": "The decay keeps its length; the added steps are of the constant phase",
    "stretched": "The cosine is stretched to the new length at the same base rate",
    "stays": "No value of the schedule moves with the length: whether one should is left to you",
    "by_itself": "The schedule follows the length",
    "not_known": "Etude does not see the schedule",
}


def reasons(extension: Extension) -> Iterator[Reason]:
    """The reasons, what would change the answer most first.

    Source: T8, T9, T10, T12, T14, S12.
    """
    known = extension.known
    if known.ended:
        yield Reason(text=known.ended.rstrip("."), rules=("R15",))
    carried = carried_over(extension.schedule.setting, known.base.names)
    if carried:
        yield Reason(text=f"Carried over {_carried_text(carried)}", rules=("T9",))
    yield Reason(text=_schedule_text(extension), rules=("T10",))
    yield from _longer_reasons(extension)
    yield from _open_reasons(extension)
    if extension.turned:
        yield Reason(
            text="A turn is an order that both lengths decide beyond the noise, each another way",
            rules=("T8", "A2"),
        )
    if any(one.family == "study" for one in extension.contenders):
        yield Reason(
            text="Each study stands with its best short setting; none was retuned",
            rules=("T14",),
        )
    if len(extension.trained) > 3:
        yield Reason(text="More than three rounds of lengths are often too much", rules=("T8",))


def _open_reasons(extension: Extension) -> Iterator[Reason]:
    open_ones = [one for one in extension.conclusions if one.status == "open"]
    settled = [one for one in extension.conclusions if one.status == "settled"]
    more = max((one.long.more_seeds for one in open_ones if one.long is not None), default=0)
    if open_ones:
        names = join([f"`{one.rival.name}`" for one in open_ones], most=2)
        seeds = f"; {more} more seeds each may tell" if more else ""
        yield Reason(text=f"Not told from the best, short: {names}{seeds}", rules=("A1", "A2"))
    if settled:
        names = join([f"`{one.rival.name}`" for one in settled], most=2)
        yield Reason(
            text=f"The short round could not place {names}; the longer one does", rules=("A1",)
        )


def _schedule_text(extension: Extension) -> str:
    schedule = extension.schedule
    text = _FOLLOWS[schedule.follows]
    if schedule.follows in ("by_itself", "not_known") and not extension.known.own_loop:
        text += f": {assumption(own_loop=False)}"
    if schedule.moved:
        lines = [f"{name} = {number(value)}" for name, value in schedule.moved.items()]
        text += f" ({join(lines)})"
    return text


def _longer_reasons(extension: Extension) -> Iterator[Reason]:
    longer = extension.longer
    if longer is None:
        return
    short, steps = extension.known.base.max_steps, extension.max_steps
    means = f"{number(longer.a.mean)} at {short:,} and {number(longer.b.mean)} at {steps:,} steps"
    if longer.answer == "better":
        text = f"Longer is better: {means}; keep the full length for launch candidates"
    elif longer.answer == "worse":
        text = f"Longer is worse: {means}; keep the short length"
    else:
        text = f"That longer is better is not told from noise: {means}"
    yield Reason(text=text, rules=("T12", "S12"))


def _carried_text(carried: tuple[Carried, ...]) -> str:
    texts = []
    for confidence, word in _WORDS.items():
        names = [f"`{one.name}`" for one in carried if one.confidence == confidence]
        if names:
            texts.append(f"{word} {join(names)}")
    return "; ".join(texts)

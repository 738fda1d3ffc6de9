"""What the cures add to the answer of `stability`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...advise.ending import REASON_WORDS, NextStep, Reason
from ...analyze.comparison import Comparison
from ...analyze.comparison.message import message
from ...finding import Finding, Severity
from ...wording import join, number, sentence_case, shortened
from ..base import Answer, Known
from ..rates.diagnosis import Diagnosis
from . import architecture
from .base import CureOutcome, CureOutcomes
from .lines import left_to_author, lines
from .warmup import NO_TYPICAL_LENGTH

_WORDS = {
    "better": "better",
    "worse": "worse",
    "no_difference": "no difference",
    "undecided": "undecided",
}
_STATUS: dict[str, Severity] = {
    "better": "ok",
    "worse": "notice",
    "no_difference": "notice",
    "undecided": "unclear",
}


def with_cures(answer: Answer, known: Known, diagnosis: Diagnosis, cured: CureOutcomes) -> Answer:
    """The answer of a diagnosis with what came of the cures: the first better cure, if any.

    A cure that was not better is not chosen: its comparison is in the table and the findings, and
    no line of the file follows.

    Source: D6, D8, A4.
    """
    chosen = cured.chosen
    compared = [one for one in cured.tried if one.by_steps is not None]
    return replace(
        answer,
        line=_line(answer, known, diagnosis, cured) if compared else answer.line,
        values={
            **answer.values,
            "cure": _as_json(chosen) if chosen is not None else None,
            "architecture": architecture.as_json(known),
        },
        table=_table(compared) or answer.table,
        reasons=(*_reasons(known, cured), *answer.reasons),
        lines=(*answer.lines, *(lines(known, diagnosis, chosen) if chosen else ())),
        findings=(*answer.findings, *map(_finding, compared), *_refusals(cured)),
        steps=_next(answer, known, cured),
    )


def _next(answer: Answer, known: Known, cured: CureOutcomes) -> tuple[NextStep, ...]:
    """What to do after the cures; what the diagnosis says where none was tried."""
    if not cured.tried:
        return answer.steps
    if cured.chosen is not None:
        return (NextStep(command="", text="Write its lines with -o, and search around them"),)
    if known.ended:
        text = "Allow a larger budget: what was trained is not trained again"
        return (NextStep(command="", text=text),)
    text = f"Change the module, or raise `max_steps`: {_none_better(known, cured)}"
    return (NextStep(command="", text=text),)


def _none_better(known: Known, cured: CureOutcomes) -> str:
    """That no cure is better, in a clause: told apart from what is not known."""
    answers = {one.by_steps.answer if one.by_steps else "undecided" for one in cured.tried}
    settled = answers <= {"worse", "no_difference"} and not known.ended
    return "no cure that was tried is better" if settled else "no cure is shown to be better"


def with_architecture(answer: Answer, known: Known) -> Answer:
    """The answer with what the look through the module shows, whether or not cures were tried.

    Source: D6.
    """
    seen = known.architecture
    values = {**answer.values, "architecture": architecture.as_json(known)}
    if seen is None or not (seen.advice or seen.unclear):
        return replace(answer, values=values)
    reason = Reason(text=_short(architecture.clause(known)), rules=("D6",))
    return replace(answer, values=values, reasons=(*answer.reasons, reason))


def _line(answer: Answer, known: Known, diagnosis: Diagnosis, cured: CureOutcomes) -> str:
    """What the cures came to; the verdict is the answer's word."""
    chosen = cured.chosen
    if chosen is None:
        none = sentence_case(_none_better(known, cured))
        return f"{none}; the best `{diagnosis.rate}` stays {number(diagnosis.best_rate or 0.0)}"
    if answer.word == "UNCLEAR":
        return shortened(sentence_case(f"{chosen.title} is better: {_means(chosen)}"))
    return shortened(f"Cured by {chosen.title}: {_means(chosen)}")


def _means(tried: CureOutcome) -> str:
    result = tried.by_steps
    if result is None:
        return ""
    against = number(result.a.mean, 3) if result.a.finite else "failures alone"
    return f"{result.metric} {number(result.b.mean, 3)} against {against}"


def _as_json(tried: CureOutcome) -> dict[str, object]:
    settings = {**tried.changes, "max_steps": tried.max_steps}
    return {"name": tried.cure, "settings": settings, "compared": tried.compared}


def _table(compared: list[CureOutcome]) -> tuple[tuple[str, ...], ...]:
    """A row a cure: both comparisons of D8, the one that counts last, and what it adds."""
    if not compared:
        return ()
    head = ("Cure", "Its value", "Baseline, own length", "Baseline, equal steps", "It adds")
    rows = [
        (
            one.title,
            _side(one.by_steps, "b"),
            _cell(one.by_length),
            _cell(one.by_steps),
            "refused: it cuts most updates (D10)" if one.too_aggressive else one.adds,
        )
        for one in compared
    ]
    return (head, *rows)


def _cell(result: Comparison | None) -> str:
    return f"{_side(result, 'a')}: {_WORDS[result.answer]}" if result is not None else "-"


def _side(result: Comparison | None, name: str) -> str:
    if result is None:
        return "-"
    side = result.a if name == "a" else result.b
    failed = f" ({side.failed} of {side.trainings} failed)" if side.failed else ""
    return f"{number(side.mean, 4) if side.finite else '-'}{failed}"


def _reasons(known: Known, cured: CureOutcomes) -> Iterator[Reason]:
    """What each cure showed, the chosen one first, then why one that is better too is not."""
    chosen = cured.chosen
    if cured.why:
        yield Reason(text=_short(cured.why), rules=("D1",) if not known.ended else ("R15",))
    if chosen is not None:
        yield Reason(text=_short(_both(chosen)), rules=("D8", "A4"))
        if left := left_to_author(known, chosen):
            names = join([f"`{name}`" for name in left])
            text = f"{names} is compared or listed in the file: change it there by hand"
            yield Reason(text=text, rules=("R4",))
    notes_so_far = {cured.why}
    for one in sorted(cured.tried, key=lambda one: not (one.too_aggressive and one.by_steps)):
        if one is not chosen and one.compared is not None and not one.too_aggressive:
            text = f"{one.title}: {_WORDS[one.compared]} at equal steps"
            yield Reason(text=_short(text), rules=("D8",))
            continue
        # What the look through the module showed is said once, cures or not.
        is_said = one.cure == "architecture" and known.architecture is not None
        for note in () if is_said else one.notes:
            if note not in notes_so_far:
                notes_so_far.add(note)
                rules = ("D13",) if note == NO_TYPICAL_LENGTH else one.rules
                yield Reason(text=_short(note), rules=rules)


def _both(tried: CureOutcome) -> str:
    """Both comparisons of a cure, and what it adds, in a clause."""
    first, second = tried.by_length, tried.by_steps
    assert first is not None and second is not None, "A better cure was compared. This is a bug."
    if first is second:
        return f"{tried.title}: {_WORDS[second.answer]} at equal steps; it {tried.adds}"
    return (
        f"{tried.title}: {_WORDS[second.answer]} at equal steps, {_WORDS[first.answer]} against "
        f"the shorter baseline; it {tried.adds}"
    )


def _short(text: str) -> str:
    return sentence_case(shortened(text.rstrip("."), REASON_WORDS))


def _finding(tried: CureOutcome) -> Finding:
    """Both comparisons of a cure, with their numbers."""
    first, second = tried.by_length, tried.by_steps
    assert first is not None and second is not None, "Only what was compared. This is a bug."
    return Finding(
        rule="D8",
        check="stability",
        status=_STATUS[second.answer],
        subject={"cure": tried.cure},
        headline=shortened(f"{tried.title}: {_WORDS[second.answer]} at equal steps"),
        message=message(second),
        evidence={
            "max_steps": tried.max_steps,
            "changes": dict(tried.changes),
            "adds": tried.adds,
            "at_its_own_length": _numbers(first),
            "at_equal_steps": _numbers(second),
        },
    )


def _refusals(cured: CureOutcomes) -> Iterator[Finding]:
    """What clipping would cut, where that was refused."""
    for one in cured.tried:
        if one.too_aggressive:
            yield Finding(
                rule="D10",
                check="stability",
                status="notice",
                subject={"cure": one.cure},
                headline=shortened(f"{one.title} would cut most of the updates"),
                message=f"{sentence_case(one.notes[-1])}.",
                advice="Lower the learning rate instead." if one.lower_rate_next else "",
            )


def _numbers(result: Comparison) -> dict[str, object]:
    return {
        "answer": result.answer,
        "baseline": list(result.a.values),
        "cure": list(result.b.values),
        "p_value": result.difference.p if result.difference.known else None,
    }

"""The answer of `batch-size` with a target: the critical size, the table, and the lines."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ...advise.ending import NextStep, Reason
from ...finding import Finding, Severity
from ...space.rounding import two_digits
from ...wording import did_you_mean, number, quantity
from ..base import Answer
from .measured import Measured
from .target_evidence import TargetEvidence
from .target_lines import batch_lines
from .target_plan import Question
from .target_reasons import target_reasons


def target_answer(
    ask: Question, *, one_off_h: float | None = None, measuring: Answer | None = None
) -> Answer:
    """The critical batch size, the table of S9, and the batch that trains quickest.

    Args:
        ask: What the rounds were about, and what is known of them.
        one_off_h: Hours that a change of the batch size costs once; None for none.
        measuring: The answer that the measurement gives by itself.

    Source: S8, S9, S10, S13, S14, S15.
    """
    seen = TargetEvidence(ask, one_off_h)
    if not seen.met:
        return _unmet(seen, measuring)
    line, severity = _line(seen)
    answer = Answer(
        word=_word(ask.measured),
        line=line,
        values=_values(seen),
        table=seen.table,
        reasons=target_reasons(seen),
        lines=_lines(seen),
        findings=(_finding(seen, severity, line),),
        steps=tuple(_steps(seen)),
    )
    return _with_measuring(answer, measuring)


def _word(measured: Measured) -> str:
    return measured.verdict.upper()


def _line(seen: TargetEvidence) -> tuple[str, Severity]:
    """What is known of the critical size, in at most 14 words."""
    curve = seen.curve
    choice = "" if seen.choice is None else f"; take {seen.choice.batch_size:,}"
    low, high, critical = curve.low, curve.high, curve.critical
    if critical is not None and low is not None and high is not None and seen.is_critical_known:
        interval = f"{_size(low)} to {_size(high)}"
        return f"The critical batch size is about {_size(critical)} ({interval}){choice}", "ok"
    middle = math.sqrt(seen.met[0].batch_size * seen.met[-1].batch_size)
    if low is not None and (high is None or low > middle):
        return f"The critical batch size lies above {_size(low)}{choice}", "unclear"
    if high is not None and (low is None or high < middle):
        return f"The critical batch size lies below {_size(high)}{choice}", "unclear"
    return f"The critical batch size is unclear from {_count(seen)}{choice}", "unclear"


def _count(seen: TargetEvidence) -> str:
    return quantity(len(seen.met), "batch size")


def _size(value: float) -> str:
    if value < 1.0:
        return number(value, 2)
    return f"{two_digits(value, up=False):,.0f}" if value >= 10.0 else number(float(f"{value:.2g}"))


def _values(seen: TargetEvidence) -> dict[str, Any]:
    """The answer as JSON has it: every key of the contract, None where not known."""
    is_known = seen.met and seen.is_critical_known
    low, high = seen.curve.low, seen.curve.high
    trained = {one.batch_size for one in seen.studies}
    targets = {row.batch_size: row.as_json() for row in seen.rows if row.batch_size in trained}
    return {
        **seen.ask.measured.as_json(targets),
        "critical": seen.curve.critical if is_known else None,
        "critical_interval": [low, high],
        "best_by": seen.best,
        "one_off": None if seen.one_off is None else seen.one_off.as_json(),
    }


def _lines(seen: TargetEvidence) -> tuple[Any, ...]:
    choice = seen.choice
    if choice is None or choice.learning_rate is None:
        return ()
    if choice.batch_size == seen.batch_size:
        return ()
    ask = seen.ask
    return batch_lines(
        ask.known, ask.measured.name, choice.batch_size, ask.rate_name, choice.learning_rate
    )


def _finding(seen: TargetEvidence, status: Severity, headline: str) -> Finding:
    trials = sum(len(one.records) for one in seen.ask.known.rounds)
    return Finding(
        rule="S8",
        check="batch_size",
        status=status,
        subject={"hyperparameter": seen.ask.measured.name},
        headline=headline,
        message=f"{headline}, by {quantity(trials, 'training')} to {seen.ask.target.words}.",
        evidence={
            "batch_sizes": [one.batch_size for one in seen.met],
            "steps": [row.steps for row in seen.rows if row.steps is not None],
            "low": seen.curve.low,
            "high": seen.curve.high,
            "rounds": [one.experiment.name for one in seen.ask.known.rounds],
        },
    )


def _steps(seen: TargetEvidence) -> list[NextStep]:
    steps = []
    if seen.rivals:
        target = seen.ask.target
        again = f"etude batch-size FILE --target {target.metric}={target.value:g} --again"
        text = "Measure the times anew while little else runs: what was trained stays"
        steps.append(NextStep(command=again, text=text))
    if _lines(seen):
        text = "Write the lines with `-o`, and tune anew at this batch size (S10)"
        steps.append(NextStep(command="", text=text))
    largest, curve = seen.met[-1].batch_size, seen.curve
    if curve.high is None and curve.low is not None and largest == seen.ask.largest:
        text = "A larger batch may cut the steps still: more memory, or more devices (S15)"
        steps.append(NextStep(command="", text=text))
    elif not seen.is_critical_known and any(one.met_at_once for one in seen.met):
        text = "Ask again with a target that takes longer to meet"
        steps.append(NextStep(command="", text=text))
    elif not seen.is_critical_known and len(seen.met) < 3:
        text = "Ask again with more `max_steps`, or an easier target: smaller batches need more"
        steps.append(NextStep(command="", text=text))
    return steps


# --- without steps to a target


def _unmet(seen: TargetEvidence, measuring: Answer | None) -> Answer:
    """Where no training met the target: what it came to, and S13's choice."""
    ask, target = seen.ask, seen.ask.target
    if not seen.studies:
        line = f"No training to a {target.words} was seen"
    else:
        length = max(one.length for one in seen.studies)
        line = f"No batch size met {target.words} in {quantity(length, 'step')}"
    answer = Answer(
        word=_word(ask.measured),
        line=line,
        values=_values(seen),
        table=seen.table,
        reasons=(*_nearest(seen), *_usual(ask.measured), *target_reasons(seen)),
        findings=(_finding(seen, "unclear", line),),
        steps=(
            NextStep(
                command="",
                text="Ask again with a target that trials of the file reach, or more steps",
            ),
        ),
    )
    return _with_measuring(answer, measuring, instead=True)


def _nearest(seen: TargetEvidence) -> list[Reason]:
    """The nearest value that any training came to."""
    target = seen.ask.target
    away = [rate.nearest for one in seen.studies for rate in one.rates]
    nearest = min(away, default=float("inf"))
    if nearest == float("inf"):
        return [Reason(text="Every training broke before its first value", rules=("D1",))]
    value = target.value - nearest if target.maximize else target.value + nearest
    text = f"The nearest that any of them came is {number(value, 3)}"
    return [Reason(text=text, rules=("S8",))]


def _usual(measured: Measured) -> list[Reason]:
    """What is a sound choice without steps to a target (S13)."""
    if measured.useful is None:
        return []
    text = (
        f"Without them the largest that still raises throughput, {measured.useful:,}, is a sound "
        "choice"
    )
    return [Reason(text=text, rules=("S13",))]


def unlogged_answer(ask: Question, logged: Collection[str], measuring: Answer | None) -> Answer:
    """The answer where trainings do not report the target's metric.

    Source: S8, S13.
    """
    target = ask.target
    text = f"Name a metric that they report. {did_you_mean(target.metric, sorted(logged))}"
    answer = Answer(
        word=_word(ask.measured),
        line=f"No training reports `{target.metric}`, so none could meet the target",
        values=ask.measured.as_json(),
        reasons=(Reason(text=text.rstrip("."), rules=("S8",)), *_usual(ask.measured)),
    )
    return _with_measuring(answer, measuring, instead=True)


def without_sizes(measured: Measured, measuring: Answer | None) -> Answer:
    """The answer where no batch size can be trained, or the training ignores it.

    Source: S4.
    """
    line = "No batch size can be trained, so none to a target"
    if measured.feasible:
        line = f"The training ignores `{measured.name}`, so no size changes its steps to a target"
    answer = Answer(word=_word(measured), line=line, values=measured.as_json())
    return _with_measuring(answer, measuring, instead=True)


def _with_measuring(answer: Answer, measuring: Answer | None, *, instead: bool = False) -> Answer:
    """The same with what the measurement says by itself behind it.

    Args:
        answer: By the steps to a target.
        measuring: By the measurement; None where nobody made one.
        instead: Whether its lines and steps hold, since the target gives none.
    """
    if measuring is None:
        return answer
    return replace(
        answer,
        table=answer.table or measuring.table,
        reasons=(*answer.reasons, *measuring.reasons),
        findings=(*answer.findings, *measuring.findings),
        lines=measuring.lines if instead else answer.lines,
        steps=(*answer.steps, *measuring.steps) if instead else answer.steps,
    )

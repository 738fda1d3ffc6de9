"""The answer of `etude batch-size`: verdict, table, the line of the file, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile

from ...advise.ending import NextStep, Reason
from ...design.catalogued import hyperparameters
from ...experiment.change import Change
from ...finding import Finding, Recommendation
from ...playbook.catalogue import known as entry_of
from ...space.values import is_number
from ...wording import conjunction, number, percent, quantity
from ..base import Answer, Known
from .growth import DOUBLES, growth
from .history import History
from .measured import Measured, SizeMeasurement
from .measurement import WORTH_CURING, shares_of
from .turns import is_flat

# Heuristic: of so little load the throughput knows nothing.
_LOADED = 0.05
_WAITS = {
    "input": "goes to making or waiting for its examples",
    "copies": "goes to copies to the device",
    "synchronization": "is lost to waiting for values of the device",
}
_OUTCOMES = {
    "out_of_memory": "out of memory",
    "too_few_examples": "too few examples",
    "failed": "failed",
    "unclear": "too slow",
}
_ENDED = {"failed": "failed", "unclear": "was not timed"}


def batch_answer(known: Known, measured: Measured, history: History) -> Answer:
    """The answer of what was measured.

    Source: S3, S4, S5, S6, S7, S10, S13, E1, I1, I2, I3.
    """
    lines = tuple(_lines(known, measured))
    line = _line(measured, history)
    return Answer(
        word=measured.verdict.upper(),
        line=line,
        values=measured.as_json(),
        table=_table(measured, history),
        reasons=tuple(_reasons(known, measured, history)),
        lines=lines,
        findings=(_finding(measured, line),),
        steps=tuple(_steps(known, measured, has_lines=bool(lines))),
    )


# --- the verdict


def _line(measured: Measured, history: History) -> str:
    name, useful = f"`{measured.name}`", measured.useful
    bottleneck = measured.bottleneck
    if measured.verdict == "ignored":
        is_read = any(probe.is_read for probe in history.probes)
        return f"The training {'does not use' if is_read else 'never reads'} {name}"
    if measured.verdict == "bottleneck" and bottleneck is not None:
        at = measured.useful or measured.largest_feasible or 0
        return (
            f"{percent(bottleneck.share)} of a step {_WAITS[bottleneck.cause]}, at {name} = {at:,}"
        )
    if measured.verdict == "saturated":
        return f"The throughput stops growing at {name} = {useful:,}"
    if measured.verdict == "growing":
        return f"The throughput grows up to {name} = {useful:,}, {_end(measured)}"
    return _unclear(measured)


def _end(measured: Measured) -> str:
    """Why no larger size was measured."""
    if measured.limited_by == "memory":
        return "the largest that fits"
    if measured.limited_by == "examples":
        is_cut = any(size.cut_to for size in measured.sizes)
        largest = "the largest that steps hold" if is_cut else "all examples"
        return f"of {measured.examples:,} examples" if measured.examples else largest
    return "the largest tried"


def _unclear(measured: Measured) -> str:
    if not measured.feasible:
        first = measured.sizes[0].outcome if measured.sizes else "unclear"
        why = {"out_of_memory": "fits in memory", "too_few_examples": "can be filled"}
        return f"No `{measured.name}` {why.get(first, 'could be trained')}"
    if not any(size.step_s for size in measured.sizes):
        return "No step ended in the time that one is waited for, so nothing was timed"
    if len(measured.feasible) == 1:
        size = measured.feasible[0].batch_size
        return f"`{measured.name}` = {size:,} alone was trained, so nothing shows growth"
    if measured.is_flat:
        least, most = measured.feasible[0].batch_size, measured.feasible[-1].batch_size
        return (
            f"A step takes the same time from `{measured.name}` = {least:,} to {most:,}, "
            "as if it were dropped"
        )
    return f"Where the throughput stops growing is not told by {len(measured.feasible)} sizes"


# --- the table


def _table(measured: Measured, history: History) -> tuple[tuple[str, ...], ...]:
    factors = {gain.batch_size: gain.factor.mean for gain in growth(history).gains}
    header = (measured.name, "examples/s", "95 % interval", "gain", "step", "memory", "waits")
    rows = [_row(size, factors, size.batch_size == measured.useful) for size in measured.sizes]
    return (header, *rows) if rows else ()


def _row(size: SizeMeasurement, factors: Mapping[int, float], is_useful: bool) -> tuple[str, ...]:  # noqa: FBT001  # a row
    label = f"{size.batch_size:,}{' *' if is_useful else ''}"
    memory = "" if size.memory_mib is None else f"{size.memory_mib:,.0f} MiB"
    if size.examples_per_s is None:
        return (label, _OUTCOMES.get(size.outcome, size.outcome), "", "", "", memory, "")
    low, high = size.examples_per_s_low, size.examples_per_s_high
    ends = "unknown" if low is None or high is None else f"{number(low)} to {number(high)}"
    gain = factors.get(size.batch_size)
    return (
        label,
        number(size.examples_per_s),
        ends,
        "" if gain is None else f"x {gain:.2f}",
        f"{number(1e3 * (size.step_s or 0.0))} ms",
        memory,
        "" if size.waiting_share is None else percent(size.waiting_share),
    )


# --- the reasons


def _reasons(known: Known, measured: Measured, history: History) -> Iterator[Reason]:
    """What the answer rests on or does not know, what would change it most first."""
    if known.ended:
        yield Reason(text=known.ended.rstrip("."), rules=("S4",))
    yield from _of_failures(measured)
    if measured.verdict == "ignored":
        text = (
            f"Its time, its memory and what a step holds are the same for every `{measured.name}`"
        )
        is_read = any(probe.is_read for probe in history.probes)
        yield Reason(text=text if is_read else _unread(measured), rules=("S3",))
        return
    yield from _of_shares(measured, history)
    yield from _of_noise(measured, history)
    yield from _of_choice(known, measured)


def _unread(measured: Measured) -> str:
    return f'Read it, `trial["{measured.name}"]`, and make each batch so large'


def _of_failures(measured: Measured) -> Iterator[Reason]:
    ended = [size for size in measured.sizes if size.detail and size.outcome in _ENDED]
    for size in ended[:1]:
        last = size.detail.strip().splitlines()[-1].rstrip(".")
        text = f"`{measured.name}` = {size.batch_size:,} {_ENDED[size.outcome]}: {last}"
        yield Reason(text=" ".join(text.split()[:20]), rules=("S4",))
    for size in [size for size in measured.sizes if size.cut_to][:1]:
        examples = quantity(size.cut_to or 0, "example")
        steps = f"Steps of `{measured.name}` = {size.batch_size:,} hold {examples}"
        text = f"{steps}: few data, or a limit"
        yield Reason(text=f"{text} in the loop", rules=("S4",))
    if not measured.feasible and measured.limited_by == "memory":
        text = "The smallest batch is too large: give more with `--memory`, or take a smaller model"
        yield Reason(text=text, rules=("S4",))


def _of_shares(measured: Measured, history: History) -> Iterator[Reason]:
    if (bottleneck := measured.bottleneck) is not None:
        yield Reason(text=f"To cure it: {bottleneck.cure}", rules=("I2", "I3"))
        at = measured.useful or measured.largest_feasible or 0
        if place := next((one.place for one in shares_of(history.of(at)) if one.place), ""):
            yield Reason(text=f"Most of it is spent at {place}", rules=("I1",))
        return
    seen = shares_of(history.probes)
    if unclear := next((one.unclear for one in seen if one.unclear), ""):
        text = f"Saturation is not told from a bottleneck: {unclear}"
        yield Reason(text=text, rules=("S5", "I1"))
    idle = [one.idle for one in shares_of(history.of(measured.useful or 0))]
    if idle and sum(idle) / len(idle) >= WORTH_CURING:
        share = percent(sum(idle) / len(idle))
        text = f"The process is idle for {share} of a step: is that an input that nobody knows?"
        yield Reason(text=text, rules=("S5", "I1"))
    if measured.verdict == "saturated":
        yield from _below_saturation(measured, history)
        if measured.limited_by is None and is_flat(history):
            text = f"Above {history.sizes[-1]:,} nothing was tried: steps are long and gain nothing"
            yield Reason(text=text, rules=("S4",))


def _below_saturation(measured: Measured, history: History) -> Iterator[Reason]:
    """That growth was weak before it ended, and no bottleneck was seen."""
    # Those at the end: one in between that was weak by luck is followed by others that are not.
    gains = reversed(growth(history).gains)
    weak = list(takewhile(lambda one: one.factor.mean < DOUBLES, gains))
    if weak:
        first = weak[-1]
        text = f"From {first.over:,} on doubling gains less than x {DOUBLES}"
        waits = [one.waiting_share for one in measured.feasible if one.waiting_share is not None]
        if waits:
            text += f"; at most {percent(max(waits))} of a step waits for its examples"
        yield Reason(text=text, rules=("S5",))


def _of_noise(measured: Measured, history: History) -> Iterator[Reason]:
    delayed = _delayed_share(history)
    if delayed >= _LOADED:
        text = f"Others held the processor for {percent(delayed)} of the time: gains leave that out"
        yield Reason(text=text, rules=("S4",))
    noisy = [size for size in measured.feasible if size.outcome == "unclear" and size.step_s]
    if measured.is_flat:
        text = (
            f"Whether a step holds so many could not be seen: look at a batch of `{measured.name}`"
        )
        yield Reason(text=text, rules=("S3",))
    elif measured.useful is None and len(measured.feasible) > 1:
        text = "Other load hides gains of 5 %: measure again, `--again`, when less runs beside it"
        yield Reason(text=text, rules=("S4", "S6"))
    elif noisy:
        sizes = quantity(len(noisy), "size is", "sizes are")
        text = f"{sizes} not known to 5 %, for the load of the machine changes"
        yield Reason(text=text, rules=("S4",))


def _delayed_share(history: History) -> float:
    """The share of the time in which the trainings had no turn on a processor."""
    blocks = [block for probe in history.probes for block in probe.blocks]
    return sum(one[2] for one in blocks) / (sum(one[1] for one in blocks) or 1.0)


def _of_choice(known: Known, measured: Measured) -> Iterator[Reason]:
    useful = measured.useful
    if useful is None:
        return
    text = "It is sound without steps to target: usually still below the critical size"
    yield Reason(text=text, rules=("S6", "S13"))
    old = known.setting.get(measured.name)
    if untried := _untried(known, measured):
        text = f"Above {measured.sizes[-1].batch_size:,} nothing was tried, and the file has"
        yield Reason(text=f"{text} {untried:,}", rules=("S4",))
    elif is_number(old) and old != useful:
        names = _to_retune(known)
        what = conjunction([f"`{name}`" for name in names[:3]]) or "the optimizer"
        text = f"From {old:,} to {useful:,} asks for tuning {what} again"
        yield Reason(text=f"{text}, and perhaps other lengths", rules=("S10",))
    if measured.evaluation_batch_size is not None:
        text = f"Evaluate with {measured.evaluation_batch_size:,}, never with less than a batch"
        yield Reason(text=text, rules=("E1",))
    text = "Accumulating gradients to a larger batch would gain no throughput"
    yield Reason(text=text, rules=("S6",))
    text = "Measure again when the model or the optimizer changes: the same command sees it"
    yield Reason(text=text, rules=("S7",))


def _untried(known: Known, measured: Measured) -> float:
    """The size of the file, where it is beyond all that were tried and growth goes on; else 0."""
    old = known.setting.get(measured.name)
    if not measured.is_open or not is_number(old):
        return 0
    return old if old > measured.sizes[-1].batch_size else 0


def _to_retune(known: Known) -> list[str]:
    """The optimizer's hyperparameters and the regularization's, the rate first."""
    kinds = {"optimizer": 1, "regularization": 2}
    ranked = []
    for name, value in known.setting.items():
        entry = entry_of(name, known.base.names)
        if entry is None or entry.kind not in kinds or not is_number(value):
            continue
        ranked.append((entry.name != "learning_rate", kinds[entry.kind], name))
    return [name for *_, name in sorted(ranked)]


# --- what follows


def _lines(known: Known, measured: Measured) -> Iterator[Recommendation]:
    """The useful size in the file; where the file searches over it, it is fixed (S3).

    None that is smaller than the file's, where larger ones may do more and nobody tried them.
    """
    useful = measured.useful
    if useful is None or measured.verdict == "ignored" or _untried(known, measured):
        return
    for hyperparameter in hyperparameters(known.base):
        if (
            hyperparameter.name != measured.name
            or not hyperparameter.exists(known.setting)
            or hyperparameter.value == useful
        ):
            continue
        because = (
            f"the throughput still grows at {useful:,}, the largest tried."
            if measured.is_open
            else f"the largest that still raises the throughput by 5 % is {useful:,}."
        )
        if hyperparameter.role != "fixed":
            yield Recommendation(
                rule="S3",
                change=Change(hyperparameter.keys, "", None),
                old=hyperparameter.value,
                because="a batch size is not judged by the validation score.",
            )
        keys = hyperparameter.keys if hyperparameter.role == "fixed" else ("fixed", measured.name)
        old = hyperparameter.value if hyperparameter.role == "fixed" else None
        yield Recommendation(rule="S6", change=Change(keys, "", useful), old=old, because=because)


def _steps(known: Known, measured: Measured, *, has_lines: bool) -> Iterator[NextStep]:
    if measured.bottleneck is not None:
        yield NextStep(command="", text="Cure the bottleneck, and measure again")
    if measured.verdict == "ignored":
        yield NextStep(
            command="", text=f"Let the training use `{measured.name}`, and measure again"
        )
        return
    if has_lines:
        yield NextStep(
            command="", text=f"Write the line with `-o`, and tune at {measured.useful or 0:,}"
        )
    if len(measured.feasible) > 1:
        metric = known.base.metric
        yield NextStep(
            command=f"etude batch-size FILE --target {metric}=VALUE",
            text="Find where a larger batch stops saving steps",
        )


def _finding(measured: Measured, line: str) -> Finding:
    """The answer among what was found.

    Source: S4, S5, S6.
    """
    status = {"bottleneck": "problem", "ignored": "problem", "unclear": "unclear"}
    return Finding(
        rule="S3" if measured.verdict == "ignored" else "S5" if measured.bottleneck else "S6",
        check="batch_size",
        status=status.get(measured.verdict, "ok"),  # type: ignore[arg-type]  # the words of a finding
        subject={"hyperparameter": measured.name},
        headline=line,
        message=f"{line}.",
        evidence=measured.as_json(),
        advice=_advice(measured),
    )


def _advice(measured: Measured) -> str:
    """What to do about a bottleneck, or a size that is not used; empty for all else."""
    if measured.verdict == "ignored":
        return f"Let the training use `{measured.name}`, and measure again."
    if measured.verdict == "bottleneck" and measured.bottleneck is not None:
        cure = measured.bottleneck.cure
        return f"{cure[0].upper()}{cure[1:]}, and measure again."
    return ""

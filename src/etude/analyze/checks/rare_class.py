"""Rare classes: how many of their examples the best trial has right, and what that can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from scipy.special import betaincinv

from ...finding import Finding, Severity
from ...playbook.metrics import CLASSES, EXAMPLES_OF, RARE_CLASSES, RIGHT_OF
from ...playbook.words import words
from ...record import Record
from ...study import Study
from ...wording import number, plural
from ..thresholds import RareClassThresholds
from ..views.evaluation_data import evaluation_data, own_records
from ..views.outcomes import outcomes, ranked
from ..views.rates import is_rate

SHIPPED = RareClassThresholds()
# Words of metrics that are of classes alone, beside shares of examples; `f1` is read as `f`, `1`.
OF_CLASSES = frozenset(
    {"accuracy", "auc", "auroc", "crossentropy", "entropy", "f", "kappa", "mcc", "nll"}
    | {"precision", "recall"}
)


@final
@dataclass(frozen=True, kw_only=True)
class RareClass:
    """A class with few examples, at the best step of the best trial.

    Args:
        examples: To validate on.
        right: Of these; None where nobody counted them, or the count cannot be one of them.
        low: With `high`, the 95 % interval of its recall (Clopper and Pearson 1934).
        width: The widest that such an interval gets with so many examples, where half are right.
    """

    name: str
    examples: int
    right: int | None
    low: float
    high: float
    width: float


@final
@dataclass(frozen=True, kw_only=True)
class RareClasses:
    """The rare classes, and the trial whose counts they are; None where no trial counted.

    Args:
        known: Whether the classes were looked at, so that none in `classes` means that none is
            rare.
        are_numbers: Whether the labels may be no classes but counts or amounts: whole numbers of
            more than two kinds, of which nobody measures how many are right.
    """

    classes: tuple[RareClass, ...]
    trial: int | None
    known: bool
    are_numbers: bool
    thresholds: RareClassThresholds


def rare_class(
    studies: Sequence[Study],
    records: Sequence[Record],
    thresholds: RareClassThresholds = SHIPPED,
) -> RareClasses:
    """The rare classes with their counts, at the best step of the best trial that counted.

    Source: E5.
    """
    own = own_records(studies, records)
    known = evaluation_data(own)
    feasible = [one for study in studies for one in ranked(outcomes(study, own))]
    feasible.sort(key=lambda one: (one.loss, one.trial))
    counting = (
        one
        for one in feasible
        if any(name.startswith(RIGHT_OF) for name in one.record.points.names)
    )
    best = next(counting, None)
    right = {} if best is None or best.step is None else _right(best.record, best.step)
    metrics = {name for one in own for name in one.points.names}
    trial = None if best is None else best.trial
    return rare_classes(known, right, trial, metrics=metrics, thresholds=thresholds)


def rare_classes(
    known: Mapping[str, float],
    right: Mapping[str, int],
    trial: int | None = None,
    *,
    metrics: Iterable[str] = (),
    thresholds: RareClassThresholds = SHIPPED,
) -> RareClasses:
    """The rare classes among what was logged of the data, with how many of each are right.

    Args:
        known: What was logged of the data, by name.
        right: How many of each class were right.
        trial: Whose counts these are.
        metrics: The names of all that was logged: a share of examples, or of those that are right,
            tells that the labels are classes.
        thresholds: When examples are too few.

    Source: E5.
    """
    names = [name.removeprefix(EXAMPLES_OF) for name in sorted(known) if EXAMPLES_OF in name]
    return RareClasses(
        classes=tuple(
            _rare_class(name, round(known[f"{EXAMPLES_OF}{name}"]), right.get(name))
            for name in names
        ),
        trial=trial,
        known=bool(names) or RARE_CLASSES in known,
        are_numbers=known.get(CLASSES, 0.0) > 2.0
        and not right
        and not any(_tells_classes(name) for name in metrics),
        thresholds=thresholds,
    )


def _tells_classes(metric: str) -> bool:
    """Whether only predicted classes have a metric of this name."""
    said = {word for segment in words(metric) for word in segment}
    return metric.startswith(RIGHT_OF) or is_rate(metric) or bool(said & OF_CLASSES)


def _right(record: Record, step: int) -> dict[str, int]:
    """How many examples of each class a trial has right at a step, by the class."""
    counted = [name for name in record.points.metrics if name.startswith(RIGHT_OF)]
    series = {name.removeprefix(RIGHT_OF): record.series(name) for name in counted}
    return {
        name: round(value)
        for name, one in series.items()
        if step in one.steps_P
        and math.isfinite(value := float(one.values_P[one.steps_P == step][-1]))
    }


def _rare_class(name: str, examples: int, right: int | None) -> RareClass:
    # Percent that was logged as a count would lie outside, and tells nothing.
    right = right if right is not None and 0 <= right <= examples else None
    low, high = recall_interval(right, examples) if right is not None else (0.0, 1.0)
    half = recall_interval(examples // 2, examples)
    return RareClass(
        name=name,
        examples=examples,
        right=right,
        low=low,
        high=high,
        width=half[1] - half[0],
    )


def recall_interval(right: int, examples: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Where the recall of a class lies with so many of its examples right, by the exact binomial.

    Source: E5.

    >>> [round(bound, 2) for bound in recall_interval(0, 3)]
    [0.0, 0.71]
    """
    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(right, examples - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, examples - right, 1.0 - tail)) if right < examples else 1.0
    return low, high


def too_few(result: RareClasses) -> list[RareClass]:
    """The classes with too few examples to tell anything of.

    Source: E5.
    """
    if result.are_numbers:
        return []
    return [one for one in result.classes if one.width > result.thresholds.max_width]


def findings(result: RareClasses) -> list[Finding]:
    """One finding a rare class; a notice where it has too few examples, or none is right.

    Nothing where no class was looked at: a report says that no check could see it.

    Source: E5.
    """
    if result.classes and result.are_numbers:
        return [_open(result)]
    if result.classes:
        return [_finding(result, one) for one in result.classes]
    if not result.known:
        return []
    return [
        Finding(
            rule="E5",
            check="rare_class",
            status="ok",
            subject={},
            headline="No class is rare",
            message="No class is rare: each has half of an equal share of the examples or more.",
            evidence={"trials": []},
        )
    ]


def _open(result: RareClasses) -> Finding:
    """Of labels that may be counts: a count is seldom large, and that is no rare class."""
    first = result.classes[0].name
    return Finding(
        rule="E5",
        check="rare_class",
        status="unclear",
        subject={},
        headline="Whether the whole numbers to predict are classes is not known",
        message="The labels are whole numbers, some of them rare, and no metric is a share of "
        "examples. They may be classes, or counts, of which none is rare in this sense.",
        evidence={"trials": [], "classes": [one.name for one in result.classes]},
        advice=f"If they are classes, report `valid/error`, or `{RIGHT_OF}{first}` by "
        "`right_counts` of `etude.train.rare_classes`.",
        kind="numbers",
    )


def _finding(result: RareClasses, one: RareClass) -> Finding:
    few = one.width > result.thresholds.max_width
    none_right = one.right == 0 and one.examples > 0
    return Finding(
        rule="E5",
        check="rare_class",
        status=_status(one, few=few, none_right=none_right),
        subject={},
        headline=_headline(one, few=few),
        message=_message(one),
        evidence={
            "trials": [] if result.trial is None else [result.trial],
            "class": one.name,
            "examples": one.examples,
            "right": one.right,
            "low": one.low,
            "high": one.high,
        },
        advice=_advice(one, few=few, none_right=none_right),
        kind=f"class {one.name}",
    )


def _status(one: RareClass, *, few: bool, none_right: bool) -> Severity:
    if few or none_right:
        return "notice"
    return "unclear" if one.right is None else "ok"


def _headline(one: RareClass, *, few: bool) -> str:
    if one.right is None:
        counted = plural(one.examples, "validation example")
        return f"Class `{one.name}` has {counted}{', too few' * few}; right ones were not counted"
    text = f"Class `{one.name}`: {one.right} of {plural(one.examples, 'validation example')} right"
    return f"{text}, too few to tell" if few else text


def _message(one: RareClass) -> str:
    examples = plural(one.examples, "validation example")
    if not one.examples:
        return f"Class `{one.name}` has no validation example, so nothing is known of it."
    if one.right is None:
        return (
            f"Class `{one.name}` has {examples}, and how many are right was not counted. With half "
            f"of them right its recall would be known to {number(one.width / 2, 2)} either way."
        )
    low, high = (number(bound, 2) for bound in (one.low, one.high))
    return (
        f"Class `{one.name}`: the best trial has {one.right} of {examples} right. Its recall lies "
        f"from {low} to {high} (95 %), which the metric over all examples hardly shows."
    )


def _advice(one: RareClass, *, few: bool, none_right: bool) -> str:
    if few:
        return f"Validate on more examples of class `{one.name}`, or conclude nothing of it."
    if none_right:
        return f"Weigh or sample class `{one.name}` more in training, and watch its count."
    if one.right is None:
        return f"Log `{RIGHT_OF}{one.name}`, with `right_counts` of `etude.train.rare_classes`."
    return ""

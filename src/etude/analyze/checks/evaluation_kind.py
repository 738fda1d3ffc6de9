"""Which kind of evaluation a number is: online, periodic, at training's end, on test data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from ...finding import UNASKED, Finding, Severity
from ...playbook.metrics import DATA, EPOCH, is_test_metric, known_metric
from ...playbook.words import word_lists, words
from ...record import Record
from ...study import Study
from ...wording import plural
from ..statistics.running_mean import Kind as Mean
from ..statistics.running_mean import running_mean
from ..thresholds import EvaluationKindThresholds
from ..views.batch_grid import batch_multiples
from ..views.evaluation_data import evaluation_data, own_records, validation_examples

SHIPPED = EvaluationKindThresholds()
Kind: TypeAlias = Literal["online", "periodic", "end", "test", "unknown"]
# Words of a name that say that it was measured while training.
ONLINE = frozenset({"online", "running", "ema", "smoothed", "minibatch", "progressive"})
EVALUATE = "Evaluate all validation data where `trial.evaluates(step)`, and report that value."
KINDS: dict[Kind, str] = {
    "online": "an online value, measured by training as it goes",
    "periodic": "the best of periodic evaluations",
    "end": "one evaluation at training's end",
    "test": "a value on test data",
    "unknown": "of a kind that is not known",
}


@final
@dataclass(frozen=True, kw_only=True)
class EvaluationKind:
    """Which kind of evaluation the metric is, and by what that is seen.

    Args:
        by: `name`, `values`, `frequency` or `` where nothing speaks against it.
        of: The training metric that it is a mean of; empty where of none is known.
        mean: Over which of its values.
        reports: The values of the metric in the trial that has most.
        steps: Of that trial.
        trials: Those that show it.
        compared: Whether anything was logged of training that its values were held against.
    """

    metric: str
    kind: Kind
    by: Literal["name", "values", "frequency", ""]
    of: str
    mean: Mean
    reports: int
    steps: int
    trials: tuple[int, ...]
    compared: bool
    thresholds: EvaluationKindThresholds

    @property
    def text(self) -> str:
        """The kind in a few words."""
        return KINDS[self.kind]


def evaluation_kind(
    studies: Sequence[Study],
    records: Sequence[Record],
    thresholds: EvaluationKindThresholds = SHIPPED,
) -> EvaluationKind:
    """Whether the metric is what its name says, by its name, its values and how often they come.

    A value that agrees with a mean of the training loss, step for step, is that mean, whatever it
    is called. One that comes at every step may be an evaluation at every step, or an online value.

    Source: E8, X3.
    """
    metric = studies[0].metric if studies else ""
    counts = [(one, len(one.series(metric))) for one in own_records(studies, records)]
    with_values = [(one, count) for one, count in counts if count]
    own = [one for one, _ in with_values]
    longest, reports = max(with_values, key=lambda pair: pair[1], default=(None, 0))
    steps = max(longest.steps, int(longest.series(metric).steps_P[-1]) + 1) if longest else 0
    looked_at = own[: thresholds.max_trials]
    means = list(_means(metric, looked_at, thresholds)) if studies else []
    means = means or list(_of_batches(studies, looked_at, thresholds))
    first = means[0] if means else (0, "", "")
    kind, by = _kind(studies, metric, reports, steps, is_mean=bool(means), thresholds=thresholds)
    return EvaluationKind(
        metric=metric,
        kind=kind,
        by=by,
        of=first[1] if by == "values" else "",
        mean=first[2] if by == "values" else "",
        reports=reports,
        steps=steps,
        trials=tuple(one[0] for one in means) if by == "values" else tuple(one.id for one in own),
        compared=any(
            _may_be_of_training(name, metric) for one in looked_at for name in one.points.metrics
        ),
        thresholds=thresholds,
    )


def _kind(
    studies: Sequence[Study],
    metric: str,
    reports: int,
    steps: int,
    *,
    is_mean: bool,
    thresholds: EvaluationKindThresholds,
) -> tuple[Kind, Literal["name", "values", "frequency", ""]]:
    if not studies:
        return "unknown", ""
    if is_test_metric(metric, studies[0].names):
        return "test", "name"
    if _says_online(metric, studies[0].names.get(metric, "")):
        return "online", "name"
    if is_mean:
        return "online", "values"
    if reports <= 1:
        # A value in the midst of a training may be the first of many.
        return ("end", "") if reports and steps >= studies[0].max_steps else ("unknown", "")
    often = reports >= thresholds.every * steps and steps >= thresholds.min_steps
    if often and studies[0].evaluations < thresholds.every * steps:
        return "unknown", "frequency"
    return "periodic", ""


def _says_online(metric: str, said: str) -> bool:
    """Whether a name, or a person in [names], says that training measured it."""
    lists = word_lists("metric")
    spoken = frozenset(word for segment in words(said or metric) for word in segment)
    return bool(spoken & (lists["train"] | ONLINE)) and not spoken & lists["valid"]


def _means(
    metric: str, records: Sequence[Record], thresholds: EvaluationKindThresholds
) -> Iterator[tuple[int, str, Mean]]:
    """The trials whose values are a mean of a training metric's, with that and over which."""
    for record in records:
        series = record.series(metric)
        for name in record.points.metrics:
            if not _may_be_of_training(name, metric):
                continue
            kind = running_mean(
                series,
                record.series(name),
                min_values=thresholds.min_values,
                tolerance=thresholds.tolerance,
            )
            if kind:
                yield record.id, name, kind
                break


def _of_batches(
    studies: Sequence[Study], records: Sequence[Record], thresholds: EvaluationKindThresholds
) -> Iterator[tuple[int, str, Mean]]:
    """The trials whose values are shares of one batch, not of the validation data."""
    if studies:
        examples = validation_examples(studies, evaluation_data(records))
        least = thresholds.min_rates
        for trial in batch_multiples(
            studies[0].metric, records, studies[0].names, examples=examples, min_values=least
        ):
            yield trial, "", "a batch"


def _may_be_of_training(name: str, metric: str) -> bool:
    lists = word_lists("metric")
    said = frozenset(word for segment in words(name) for word in segment)
    is_other = name == metric or name.startswith(DATA) or known_metric(name) == EPOCH
    return not is_other and not said & (lists["valid"] | lists["test"])


def findings(result: EvaluationKind) -> list[Finding]:
    """One finding: a problem where a training value goes by the name of an evaluation.

    Source: E8, X3.
    """
    headline, message, advice = _said(result)
    return [
        Finding(
            rule="E8",
            check="evaluation_kind",
            status=_status(result),
            subject={},
            headline=headline,
            message=message,
            evidence={
                "trials": list(result.trials),
                "metric": result.metric,
                "kind": result.kind,
                "by": result.by or None,
                "mean_of": result.of or None,
                "reports": result.reports,
                "steps": result.steps,
            },
            advice=advice,
            # Where nothing has a value, nobody asks what kind it is.
            kind=UNASKED if result.kind == "unknown" and not result.by else result.kind,
        )
    ]


def _status(result: EvaluationKind) -> Severity:
    if result.by == "values":
        return "problem"
    if result.by == "name":
        return "notice"
    return "unclear" if result.kind == "unknown" else "ok"


def _said(result: EvaluationKind) -> tuple[str, str, str]:
    """The headline, the message and the advice."""
    if result.by == "values":
        return _of_a_batch(result) if result.mean == "a batch" else _of_a_mean(result)
    if result.by == "name":
        return _by_name(result)
    metric = f"`{result.metric}`"
    if result.by == "frequency":
        return (
            f"Whether {metric} is an evaluation or an online value is not known",
            f"{metric} has {result.reports:,} values in {result.steps:,} steps, as often as "
            "training measures itself. To evaluate all data at each step would too.",
            EVALUATE,
        )
    if result.kind == "unknown":
        return (
            f"Which kind of evaluation {metric} is will be known with its first value",
            f"No trial has a value of {metric} yet, which would show its kind of evaluation.",
            "Report it at evaluations.",
        )
    many = plural(result.reports, "evaluation")
    when = f", of {many} in {result.steps:,} steps" if result.kind == "periodic" else ""
    unseen = (
        ""
        if result.compared
        else " So it is by how often it comes: nothing of training is logged that would show "
        "whether it is a mean of that."
    )
    return f"{metric} is {result.text}", f"{metric} is {result.text}{when}.{unseen}", ""


def _by_name(result: EvaluationKind) -> tuple[str, str, str]:
    metric = f"`{result.metric}`"
    if result.kind == "test":
        return (
            f"{metric} is a value on test data, and chooses among trials",
            f"{metric} is measured on test data, as its name says. What it chose it cannot judge.",
            "Judge trials by validation data, and look at the test data once, at the end.",
        )
    return (
        f"{metric} is an online value by its name, and no evaluation",
        f"{metric} is measured by training as it goes, as its name says. It tells how well the "
        "training data are learned, and nothing of others.",
        f'Judge by validation data, or say in [names] what it is: {metric} = "valid/loss".',
    )


def _of_a_mean(result: EvaluationKind) -> tuple[str, str, str]:
    metric = f"`{result.metric}`"
    ways = {"the same step": "of the same step", "recent steps": "averaged over recent steps"}
    over = ways.get(result.mean, f"averaged {result.mean}")
    return (
        f"{metric} is no evaluation: it is `{result.of}` {over}",
        f"{metric} is `{result.of}` {over}, in {plural(len(result.trials), 'trial')}. An online "
        "value is measured while the model changes, on the data that it learns from.",
        EVALUATE,
    )


def _of_a_batch(result: EvaluationKind) -> tuple[str, str, str]:
    metric = f"`{result.metric}`"
    return (
        f"{metric} is measured on single batches, and no evaluation",
        f"Every value of {metric} is a whole number of mistakes in one batch, in "
        f"{plural(len(result.trials), 'trial')}. The next batch would have another, whatever the "
        "model.",
        EVALUATE,
    )

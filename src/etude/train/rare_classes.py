"""Rare classes: how many of their examples are right, counted beside the metric.

Axes: N examples, B of them in a batch, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import numpy as np

from ..errors import WorkloadError
from ..playbook.metrics import CLASSES, EXAMPLES_OF, RARE_CLASSES, RIGHT_OF
from .labels import array, classes_of, count_of, in_sight, label_part, marks_of
from .workload import Predict, Workload

# Heuristic: a class of less than half of an equal share hardly moves a mean over all examples.
RARE = 0.5
# Heuristic: more counts beside a metric are not read; the rarest say most.
MAX_RARE = 8
# Heuristic: so many standard errors below an equal share are no chance, of 100 classes either.
CHANCE = 4.0
# What a metric is called that is 1 for a mistake, or 1 for what is right.
_MISTAKES, _RIGHT = {"error", "wrong", "mistake"}, {"accuracy", "acc", "correct", "right"}


def rare_classes(labels: Any, *, rare: float = RARE, most: int = MAX_RARE) -> list[Any]:
    """The classes with less than `rare` of an equal share of the examples, the rarest first.

    Args:
        labels: The class of each example, of the training data rather than of a small sample.
        rare: Of an equal share: 0.5 of ten classes is below 5 % of the examples.
        most: So many at most.

    Source: E5.

    >>> rare_classes(["cat"] * 50 + ["dog"] * 45 + ["owl"] * 5)
    ['owl']
    """
    classes_K, counts_K = np.unique(array(labels), return_counts=True)
    if len(classes_K) < 2:
        return []
    order = np.argsort(counts_K, kind="stable")
    limit = rare * counts_K.sum() / len(classes_K)
    return [classes_K[at].item() for at in order.tolist() if counts_K[at] < limit][:most]


def right_counts(
    predictions: Any, labels: Any, classes: Sequence[Any] | None = None
) -> dict[str, float]:
    """How many examples of each rare class are right, and how many there are, to report.

    `valid/right_of_owl` and `data/examples_of_owl`: of 3 examples 2 right is told from 0.67 of a
    thousand. `etude check` says which classes have too few examples to tell anything.

    Args:
        predictions: The predicted class of each validation example, or a score a class.
        labels: Its true class.
        classes: Those to count; None for the rare ones among the labels.

    Raises:
        WorkloadError: where there are not as many predictions as labels.

    Source: E5.

    >>> right_counts([0] * 20 + [1, 0], [0] * 20 + [1, 1])
    {'valid/right_of_1': 1.0, 'data/examples_of_1': 2.0}
    """
    predicted_N, labels_N = array(predictions), array(labels)
    if predicted_N.ndim == 2 and predicted_N.shape[-1] == 1 and labels_N.ndim == 1:
        predicted_N = predicted_N[:, 0]
    if predicted_N.ndim == 2 and labels_N.ndim == 1:
        # A score a class says which class it is by its place alone.
        places = range(predicted_N.shape[-1])
        if others := [one for one in np.unique(labels_N).tolist() if one not in places]:
            raise WorkloadError(
                f"Scores of {len(places)} classes are those of the labels 0 to {len(places) - 1}, "
                f"and there is the label {others[0]!s}. Give the predicted class of each example."
            )
        predicted_N = predicted_N.argmax(-1)
    if predicted_N.shape != labels_N.shape or labels_N.ndim != 1:
        raise WorkloadError(
            f"Predictions have shape {predicted_N.shape} and labels {labels_N.shape}. Give a "
            "class, or a score for each class, an example."
        )
    counts: dict[str, float] = {}
    for label in rare_classes(labels_N) if classes is None else classes:
        own_N = labels_N == label
        counts[f"{RIGHT_OF}{label}"] = float((predicted_N[own_N] == label).sum())
        counts[f"{EXAMPLES_OF}{label}"] = float(own_N.sum())
    return counts


def with_counts(workload: Workload) -> Workload:
    """The workload with counts beside its metrics, where it has classes and some are rare.

    Source: E5.
    """
    try:
        validation, training = in_sight(workload.validation), in_sight(workload.training)
        classes = rare_of(validation, training) or []
        rare = tuple(one for one in classes if isinstance(one, int))
    except Exception:  # noqa: BLE001  # an aid; what is wrong with data, training says
        return workload
    if not rare:
        return workload
    metrics = CountingMetrics(workload.metrics, rare, count_of(workload.validation))
    return replace(workload, metrics=metrics)


def rare_of(validation: Any, training: Any) -> list[Any] | None:
    """The classes that are rare in the training data, or in those of validation beyond chance.

    Training data may have been balanced; a small validation set has few of some class by chance.
    So is a class that either of the two lacks. None where no classes are in sight.
    """
    mine, theirs = classes_of(validation), classes_of(training)
    if mine is None or theirs is None:
        return None
    absent = [one for one in np.unique(mine).tolist() if one not in theirs]
    rare = [*absent, *rare_classes(theirs)]
    equal = len(mine) / len(np.union1d(theirs, mine))
    chance = equal - CHANCE * equal**0.5
    lacking = [one for one in np.unique(theirs).tolist() if one not in mine and chance > 0.0]
    fewer = [*lacking, *(one for one in rare_classes(mine) if (mine == one).sum() < chance)]
    return [*rare, *(one for one in fewer if one not in rare)][:MAX_RARE]


def examples_of(validation: Any, training: Any) -> dict[str, float]:
    """How many classes are rare, and how many validation examples each of them has.

    Source: E5.
    """
    labels, theirs = classes_of(validation), classes_of(training)
    rare = rare_of(validation, training)
    if rare is None or labels is None or theirs is None:
        return _examples_of_marks(validation, training)
    counts = {f"{EXAMPLES_OF}{one}": float((labels == one).sum()) for one in rare}
    classes = np.union1d(labels, theirs)
    return {RARE_CLASSES: float(len(rare)), CLASSES: float(len(classes)), **counts}


def _examples_of_marks(validation: Any, training: Any) -> dict[str, float]:
    """The same where an example may have several labels: each is a class of its own.

    A label is rare where it is given less than `RARE` of an equal share of all that are given, and
    to less than a quarter of the examples, as one of two classes would be.
    """
    mine_NxK, theirs_MxK = marks_of(validation), marks_of(training)
    if mine_NxK is None or theirs_MxK is None or mine_NxK.shape[1] != theirs_MxK.shape[1]:
        return {}
    shares_K = theirs_MxK.mean(axis=0)
    limit = RARE * min(float(shares_K.mean()), 0.5)
    rare = [at for at in np.argsort(shares_K, kind="stable").tolist() if shares_K[at] < limit]
    counts = {f"{EXAMPLES_OF}{at}": float(mine_NxK[:, at].sum()) for at in rare[:MAX_RARE]}
    return {RARE_CLASSES: float(len(counts)), **counts}


@final
@dataclass(frozen=True)
class CountingMetrics:
    """Metrics, and of each rare class the examples that are right: their mean is their number.

    What is right is told by a metric of one value an example, 0 or 1, that is called an error or
    an accuracy, else by the highest score that the model gave. Without scores a count is nan.

    Args:
        metrics: The workload's own.
        classes: The rare ones.
        count: Of all validation examples.
    """

    metrics: Callable[[Predict, Any], Mapping[str, Any]]
    classes: tuple[int, ...]
    count: int

    def __call__(self, predict: Predict, batch: Any) -> Mapping[str, Any]:
        """The metrics of a batch, in whichever library computes them."""
        seen = Seen(predict)
        values = self.metrics(seen, batch)
        labels_B = label_part(batch)
        is_mapping = isinstance(cast("Any", values), Mapping)  # a user's function promises nothing
        if not (is_mapping and hasattr(labels_B, "shape")):
            return values
        if len(labels_B.shape) == 2 and labels_B.shape[1] == 1:
            labels_B = labels_B[:, 0]
        elif len(labels_B.shape) == 2:  # one-hot, where classes were seen in them
            labels_B = labels_B.argmax(-1)
        right_B = _right(values, seen.outputs, labels_B)
        if right_B is None:
            return values
        counts = {f"{RIGHT_OF}{one}": right_B * (labels_B == one) for one in self.classes}
        # The mean over all examples is then the count.
        return {**values, **{name: part * float(self.count) for name, part in counts.items()}}


@final
class Seen:
    """`predict`, with what it returned; all else is as it was."""

    def __init__(self, predict: Predict) -> None:
        """Has returned nothing yet."""
        self._predict = predict
        self.outputs: list[Any] = []

    def __call__(self, *inputs: Any, **named_inputs: Any) -> Any:
        """What the model makes of the inputs."""
        output = self._predict(*inputs, **named_inputs)
        self.outputs.append(output)
        return output

    def __getattr__(self, name: str) -> Any:
        """What the model is besides."""
        return getattr(self._predict, name)


def _right(values: Mapping[str, Any], outputs: Sequence[Any], labels_B: Any) -> Any:
    """Which examples of a batch are right, as numbers; None where that is not seen.

    Percent and distances are called so too. What a value is, is not known while a batch is traced,
    so the choice is part of what is computed.
    """
    size = labels_B.shape
    if len(size) != 1:
        return None
    right_B = _right_by_scores(outputs, labels_B)
    for name, value in reversed(tuple(values.items())):  # the first one that tells it is taken
        said = str(name).rpartition("/")[2].casefold()
        if said in _MISTAKES | _RIGHT and tuple(getattr(value, "shape", ())) == tuple(size):
            told_B = 1.0 - value * 1.0 if said in _MISTAKES else value * 1.0
            is_told = ((value == 0) | (value == 1)).all()
            right_B = _where(is_told, told_B, float("nan") if right_B is None else right_B)
    return right_B


def _where(condition: Any, this: Any, other: Any) -> Any:
    """`this` where the condition holds, else `other`, in the library that holds `this`."""
    if hasattr(this, "detach"):  # PyTorch's
        return this.where(condition, other)
    return this.__array_namespace__().where(condition, this, other)


def _right_by_scores(outputs: Sequence[Any], labels_B: Any) -> Any:
    """Which examples have the highest score at their label, as numbers; None without scores."""
    scores = [one for one in outputs if len(getattr(one, "shape", ())) == 2]
    if not scores or scores[-1].shape[0] != labels_B.shape[0] or scores[-1].shape[1] < 2:
        return None
    return (scores[-1].argmax(-1) == labels_B) * 1.0

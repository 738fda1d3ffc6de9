"""Splits: a workload's training and validation examples pooled, and divided anew by a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..errors import WorkloadError
from ..study import derived_seed
from .labels import LABELS
from .workload import Workload, parts_of, takes

# Puts the rows of two arrays below each other, whichever library holds them.
Joined: TypeAlias = Callable[[Any, Any], Any]
Rows: TypeAlias = NDArray[np.int64]

# Heuristic: classes of fewer examples on average are no classes, but numbers to be predicted.
_LEAST_A_CLASS = 2
_OWN = "Give the workload `split(seed)`, which returns the examples to train on and to validate on."


def on_split(workload: Workload, seed: int, joined: Joined) -> Workload:
    """The same workload with its examples divided anew: as many to train on as before.

    Its own `split(seed)` divides them where it has one. Else all are pooled and drawn at random, in
    proportion of the labels where there are labels: right only where examples are independent of
    each other. What is ordered in time or comes in groups needs a `split` of its own.

    Raises:
        WorkloadError: for data that cannot be pooled, or a `split` that gives no two sets of them.

    Source: A1.
    """
    if workload.split is not None:
        return _by_its_own(workload, seed)
    training, validation = workload.training, workload.validation
    if why := _apart(training, validation):
        raise WorkloadError(f"{workload.name}: {why} So they cannot be pooled. {_OWN}")
    both = [labels_of(data) for data in (training, validation)]
    labels = None if both[0] is None or both[1] is None else np.concatenate([both[0], both[1]])
    first, count = len(_main(training)), len(_main(training)) + len(_main(validation))
    rows = divided(count, count - first, seed, labels=labels)
    pool = _Pool(training, validation, first, joined)
    return replace(workload, training=pool.taken(rows[0]), validation=pool.taken(rows[1]))


def divided(
    count: int, validation: int, seed: int, *, labels: NDArray[Any] | None = None
) -> tuple[Rows, Rows]:
    """The examples to train on and those to validate on, by position, each in their order.

    With labels every class has its share of the validation set, within one example. The order of
    the draw is that of a generator's raw numbers, which no version of NumPy changes.

    >>> training, validation = divided(6, 2, seed=1, labels=np.array([0, 0, 0, 1, 1, 1]))
    >>> len(training), sorted(np.array([0, 0, 0, 1, 1, 1])[validation].tolist())
    (4, [0, 1])
    """
    stream = np.random.PCG64(derived_seed(seed, "split"))
    keys_N = stream.random_raw(count)
    classes_N = np.zeros(count, dtype=np.int64)
    if labels is not None and _are_classes(labels):
        classes_N = np.unique(labels, return_inverse=True)[1].reshape(-1)
    counts_C = np.bincount(classes_N)
    taken_C = _shares(counts_C, validation, stream.random_raw(len(counts_C)))
    # By class, then in the order of the draw; the place of each in its class.
    order_N = np.lexsort((keys_N, classes_N))
    begins_C = np.cumsum(counts_C) - counts_C
    place_N = np.arange(count) - begins_C[classes_N[order_N]]
    is_validation_N = np.empty(count, dtype=bool)
    is_validation_N[order_N] = place_N < taken_C[classes_N[order_N]]
    return np.flatnonzero(~is_validation_N), np.flatnonzero(is_validation_N)


def labels_of(data: Any) -> NDArray[Any] | None:
    """The labels of examples, one whole number or truth value each; None where there are none.

    The last part of a tuple, the part of a mapping or the attribute of a dataset that is called so.
    """
    if isinstance(data, tuple):
        parts = [data[-1]] if len(data) > 1 else []
    elif isinstance(data, Mapping):
        parts = [data[name] for name in LABELS if name in data]
    else:
        parts = [part for name in LABELS if (part := getattr(data, name, None)) is not None]
    for part in parts:
        if (labels := _whole_numbers(part, len(_main(data)))) is not None:
            return labels
    return None


def is_by_label(workload: Workload) -> bool:
    """Whether a new split keeps the proportions of labels."""
    both = [labels_of(data) for data in (workload.training, workload.validation)]
    return all(one is not None and _are_classes(one) for one in both)


def _shares(counts_C: Rows, taken: int, ties_C: NDArray[np.uint64]) -> Rows:
    """How many of each class are taken: the whole part of its share, then by largest remainder."""
    # In whole numbers, so that equal remainders are ties and no rounding decides them.
    whole_C, rest_C = np.divmod(counts_C * taken, max(int(counts_C.sum()), 1))
    missing = taken - int(whole_C.sum())
    whole_C[np.lexsort((ties_C, -rest_C))[:missing]] += 1
    return np.asarray(whole_C, dtype=np.int64)


def _are_classes(labels: NDArray[Any]) -> bool:
    return len(np.unique(labels)) * _LEAST_A_CLASS <= len(labels)


def _whole_numbers(part: Any, count: int) -> NDArray[Any] | None:
    """A part as an array of so many whole numbers or truth values; None where it is none."""
    if not hasattr(part, "__len__") or len(part) != count or getattr(part, "ndim", 1) != 1:
        return None
    listed = part.tolist() if hasattr(part, "tolist") else list(part)
    try:
        labels = np.asarray(listed)
    except ValueError:  # of unequal lengths
        return None
    return labels if labels.ndim == 1 and labels.dtype.kind in "iub" else None


# --- a split of its own


def _by_its_own(workload: Workload, seed: int) -> Workload:
    if not takes(workload.split, 1):
        raise WorkloadError(
            f"{workload.name}: `split` cannot be called as `split(seed)`. Give it this parameter, "
            "or give it another name, so that Etude divides the data."
        )
    divided_data = workload.split(seed)
    if not isinstance(divided_data, tuple | list) or len(divided_data) != 2:
        raise WorkloadError(
            f"{workload.name}: `split(seed)` returned {type(divided_data).__name__}. Return two: "
            "the examples to train on, and those to validate on."
        )
    return replace(workload, training=divided_data[0], validation=divided_data[1])


# --- what was apart, pooled


@final
@dataclass(frozen=True)
class _Pool:
    """Training and validation examples as one, those of training first."""

    training: Any
    validation: Any
    first: int
    joined: Joined

    def taken(self, rows: Rows) -> Any:
        """The examples in these rows, of the kind that both are."""
        if not _is_in_arrays(self.training):
            return _Subset(self.training, self.validation, self.first, tuple(rows.tolist()))
        names = list(self.training) if isinstance(self.training, Mapping) else []
        parts = [
            self.joined(one[rows[rows < self.first]], other[rows[rows >= self.first] - self.first])
            for one, other in zip(parts_of(self.training), parts_of(self.validation), strict=True)
        ]
        if names:
            return dict(zip(names, parts, strict=True))
        if isinstance(self.training, tuple):
            kind = type(self.training)
            return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)
        return parts[0]


@final
@dataclass(frozen=True)
class _Subset:
    """Some of two sets of whatever has a length and examples by position."""

    training: Any
    validation: Any
    first: int
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Any:
        row = self.rows[place]
        return self.training[row] if row < self.first else self.validation[row - self.first]


def _apart(training: Any, validation: Any) -> str:
    """How training and validation examples differ in kind, in a sentence; empty for no way."""
    one, other = _kinds(training), _kinds(validation)
    if one == other:
        return ""
    return f"`training` is {one} and `validation` is {other}."


def _kinds(data: Any) -> str:
    """What examples must have in common to be pooled, as text.

    A dataset's own transformations are a part of it: what is augmented for training must not be
    validated on.
    """
    if not _is_in_arrays(data):
        return _kind_of_dataset(data)
    names = list(data) if isinstance(data, Mapping) else [""] * len(parts_of(data))
    kinds = [
        f"{name} {_dtype(part)} of shape {tuple(part.shape[1:])}".strip()
        for name, part in zip(names, parts_of(data), strict=True)
    ]
    return " and ".join(kinds)


def _kind_of_dataset(data: Any) -> str:
    changes = [f"{name}={data_of}" for name, data_of in _transforms(data)]
    whose = f" over {_kind_of_dataset(data.dataset)}" if hasattr(data, "dataset") else ""
    return f"a {type(data).__name__}{whose}" + (f" with {', '.join(changes)}" if changes else "")


def _transforms(data: Any) -> list[tuple[str, str]]:
    names = ("transform", "target_transform", "transforms")
    known = [(name, getattr(data, name, None)) for name in names]
    return [(name, " ".join(repr(value).split())) for name, value in known if value is not None]


def _dtype(part: Any) -> str:
    return str(part.dtype).rpartition(".")[2]


def _is_in_arrays(data: Any) -> bool:
    return all(hasattr(part, "shape") and hasattr(part, "dtype") for part in parts_of(data))


def _main(data: Any) -> Any:
    """What has as many entries as there are examples."""
    parts = parts_of(data)
    return parts[0] if isinstance(data, Mapping | tuple) else data

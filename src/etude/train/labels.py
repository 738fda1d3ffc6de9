"""Labels: which part of a workload's examples is the class of each, and which are inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What the part of a mapping is called that holds labels.
LABELS = ("label", "labels", "target", "targets", "class", "classes", "y")
# Heuristic: more different whole numbers are counts or tokens, and no classes to tell apart.
MAX_CLASSES = 1000


def array(part: Any) -> NDArray[Any]:
    """A NumPy array of what any library holds, on whichever device.

    >>> array([1, 2]).tolist()
    [1, 2]
    """
    if hasattr(part, "detach"):  # PyTorch's; NumPy has no bfloat16
        part = part.detach().cpu()
        part = part.float() if str(part.dtype) == "torch.bfloat16" else part
    return np.asarray(part)


def label_part(batch: Any) -> Any:
    """The part of a batch, or of all examples, that holds labels: named so, or the last of several.

    None where no part does, as in a single array.

    >>> label_part({"image": 3, "label": 4}), label_part((3, 4)), label_part(3)
    (4, 4, None)
    """
    if isinstance(batch, Mapping):
        return next((batch[name] for name in LABELS if name in batch), None)
    return batch[-1] if isinstance(batch, tuple) and len(batch) > 1 else None


def input_parts(data: Any) -> dict[str, Any]:
    """The parts that are no labels, by name; those of a tuple by position.

    >>> input_parts(([1], [2], [3])), input_parts({"text": [1], "y": [2]}), input_parts([1])
    ({'0': [1], '1': [2]}, {'text': [1]}, {'0': [1]})
    """
    if isinstance(data, Mapping):
        named = [name for name in LABELS if name in data][:1]
        return {str(name): part for name, part in data.items() if name not in named}
    if isinstance(data, tuple):
        return {str(at): part for at, part in enumerate(data[:-1] if len(data) > 1 else data)}
    return {"0": data}


def in_sight(data: Any) -> Any:
    """The arrays that a dataset of PyTorch holds in memory, else the data as they are.

    A `TensorDataset` gives its examples as they stand in its tensors, and a `Subset` of it some of
    them. A class that inherits from either may do else with them.
    """
    kind = type(data)
    if kind.__module__ != "torch.utils.data.dataset":
        return data
    if kind.__name__ == "TensorDataset":
        return tuple(data.tensors)
    if kind.__name__ == "Subset" and is_in_arrays(whole := in_sight(data.dataset)):
        rows = array(data.indices)
        if isinstance(whole, Mapping):
            return {name: part[rows] for name, part in whole.items()}
        return tuple(part[rows] for part in whole) if isinstance(whole, tuple) else whole[rows]
    return data


def is_in_arrays(data: Any) -> bool:
    """Whether examples stand in arrays, so that looking at them reads no file and draws nothing."""
    if isinstance(data, Mapping):
        parts = list(data.values())
    else:
        parts = list(data) if isinstance(data, tuple) else [data]
    return bool(parts) and all(hasattr(one, "shape") and hasattr(one, "dtype") for one in parts)


def labels_of(data: Any) -> NDArray[Any] | None:
    """The labels of all examples, (N,); None where they are not seen without reading examples.

    A dataset shows them as `targets` or `labels`, as torchvision's do; a list of pairs by its
    pairs. Rows of zeros with a single one (one-hot) are the places of that one.
    """
    part = label_part(data) if is_in_arrays(data) else _shown(data)
    if part is None:
        return None
    labels = array(part)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif is_one_hot(labels):
        labels = labels.argmax(axis=1)
    return labels if labels.ndim == 1 and len(labels) == count_of(data) else None


def is_one_hot(labels: NDArray[Any]) -> bool:
    """Whether each row has a single one among zeros: a class in as many columns as there are.

    >>> is_one_hot(np.eye(3)), is_one_hot(np.array([[1, 1, 0], [1, 0, 0]]))
    (True, False)
    """
    return has_marks(labels) and bool((labels.sum(axis=1) == 1).all())


def has_marks(labels: NDArray[Any]) -> bool:
    """Whether the labels of an example are several columns of 0 and 1, one for each class."""
    is_table = labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "iufb"
    return is_table and bool(np.isin(labels, (0, 1)).all())


def marks_of(data: Any) -> NDArray[Any] | None:
    """Labels of which an example may have several, (N, K) of 0 and 1; None where there are none.

    Source: E5.
    """
    part = label_part(data) if is_in_arrays(data) else None
    labels = None if part is None else array(part)
    if labels is None or not len(labels) or not has_marks(labels) or is_one_hot(labels):
        return None
    return labels.astype(np.int64)


def classes_of(data: Any) -> NDArray[Any] | None:
    """The labels where they are classes, (N,): whole numbers or text, of few kinds.

    Numbers with a point are classes where they are 0 and 1 alone, as binary losses take them.
    """
    labels = labels_of(data)
    if labels is None or not len(labels):
        return None
    if labels.dtype.kind == "f":
        if not np.isin(labels, (0.0, 1.0)).all():
            return None
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iubUS":
        return None
    labels = labels.astype(np.int64) if labels.dtype.kind == "b" else labels
    return labels if len(np.unique(labels)) <= MAX_CLASSES else None


def count_of(data: Any) -> int:
    """How many examples there are."""
    if isinstance(data, Mapping):
        return len(next(iter(data.values())))
    return len(data[0]) if isinstance(data, tuple) else len(data)


def _shown(data: Any) -> Any:
    """The labels that a dataset shows without its examples being read."""
    if isinstance(data, list) and data and all(isinstance(one, tuple) for one in data):
        last = [one[-1] for one in data if one]
        is_plain = all(np.ndim(one) == 0 for one in last[:1])
        return [one.item() if hasattr(one, "item") else one for one in last] if is_plain else None
    shown = (getattr(data, name, None) for name in ("targets", "labels"))
    return next((one for one in shown if hasattr(one, "__len__")), None)

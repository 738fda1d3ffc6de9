"""The evaluation set beside the training data: skew, copies, rare classes, as values to log.

Axes: N validation examples, M training examples, F features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..playbook.metrics import (
    CHANCE_OF,
    COPIES,
    DISTANCE_OF,
    EXAMPLES,
    TRAINING_COPIES,
    TRAINING_EXAMPLES,
)
from ..trial import Trial
from .labels import (
    array,
    classes_of,
    count_of,
    has_marks,
    in_sight,
    input_parts,
    is_in_arrays,
    label_part,
    labels_of,
)
from .rare_classes import examples_of
from .skew import Skew, skew
from .workload import Workload

# Heuristic: a few seconds of hashing on any machine, once a process.
MAX_BYTES = 1 << 30
# Heuristic: so many rows tell a skew of a few percent, and are compared in a tenth of a second.
MAX_ROWS = 20_000
# Heuristic: more columns are pixels; of these each example's mean and spread are compared.
MAX_COLUMNS = 64


# Rows that are looked at together, and an odd number of random bits (splitmix64).
_CHUNK = 4096
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class Copies(NamedTuple):
    """Examples that are the same to the last bit, labels aside.

    Args:
        validation: Validation examples that are training examples.
        training: Training examples that are another training example too: as many as data repeat
            by themselves.
    """

    validation: int
    training: int


def log_facts(trial: Trial, step: int, known: Callable[[], Mapping[str, float]]) -> None:
    """Logs what is known of the data, once an experiment: at the first step of its first trial.

    Source: E4, E5, E6.
    """
    if step == 0 and trial.id == 0 and (values := known()):
        trial.log(step, values)


def known_facts(workload: Workload) -> dict[str, float]:
    """The facts of a workload's data; none where the data are nothing that can be looked at."""
    try:
        return facts(workload.validation, workload.training)
    except Exception:  # noqa: BLE001  # an aid; what is wrong with data, training says
        return {}


def facts(validation: Any, training: Any) -> dict[str, float]:
    """What checks ask of the data, as values to log once.

    For a loop of one's own, `trial.log(0, facts(VALID, TRAIN))`; workloads do so by themselves.
    Only data in arrays are looked at: reading a dataset of files once more costs a training's
    start.

    Args:
        validation: An array, or a tuple or a mapping of arrays with inputs and labels, or a
            `TensorDataset` of them or a `Subset` of that.
        training: The same.

    Source: E4, E5, E6.
    """
    validation, training = in_sight(validation), in_sight(training)
    known = {
        EXAMPLES: float(count_of(validation)),
        TRAINING_EXAMPLES: float(count_of(training)),
        **examples_of(validation, training),
    }
    for name, compared in skews(validation, training).items():
        first = compared.features[0]
        known |= {f"{DISTANCE_OF}{name}": first.distance, f"{CHANCE_OF}{name}": first.p_value}
    shared = copies(validation, training)
    if shared is not None:
        known |= {COPIES: float(shared.validation), TRAINING_COPIES: float(shared.training)}
    return known


def skews(validation: Any, training: Any) -> dict[str, Skew]:
    """How labels and inputs of validation data differ from those of the training data.

    Of inputs with few columns each column is compared, of others the mean and the spread of each
    example.

    Source: E4.
    """
    validation, training = in_sight(validation), in_sight(training)
    compared: dict[str, Skew] = {}
    labels = [classes_of(one) for one in (validation, training)]
    if any(one is None for one in labels):
        labels = [_numbers(labels_of(one)) for one in (validation, training)]
    pair = [one for one in labels if one is not None and len(one)]
    if len(pair) == 2:
        compared["labels"] = skew({"labels": pair[0]}, {"labels": pair[1]}, within=False)
    else:
        mine, theirs = _targets(validation), _targets(training)
        if mine and mine.keys() == theirs.keys():
            compared["labels"] = skew(mine, theirs, within=False)
    if is_in_arrays(validation) and is_in_arrays(training):
        mine, theirs = _features(validation), _features(training)
        if mine and mine.keys() == theirs.keys():
            compared["inputs"] = skew(mine, theirs, within=False)
    return compared


def copies(validation: Any, training: Any) -> Copies | None:
    """How many validation examples are training examples, by the bytes of their inputs.

    None where the examples are in no arrays, are of several shapes or kinds, or are too many.

    Source: E6.

    >>> copies(np.array([[1.0], [2.0]]), np.array([[2.0], [3.0], [3.0]]))
    Copies(validation=1, training=2)
    """
    validation, training = in_sight(validation), in_sight(training)
    if not (is_in_arrays(validation) and is_in_arrays(training)):
        return None
    parts = [_inputs(one) for one in (validation, training)]
    if not parts[0] or [one.shape[1] for one in parts[0]] != [one.shape[1] for one in parts[1]]:
        return None
    if sum(one.nbytes for inputs in parts for one in inputs) > MAX_BYTES:
        return None
    kinds = [np.result_type(*pair) for pair in zip(*parts, strict=True)]
    mine_N, theirs_M = (_digests(inputs, kinds) for inputs in parts)
    theirs_M.sort()
    same = theirs_M[1:] == theirs_M[:-1]
    places_N = np.searchsorted(theirs_M, mine_N).clip(max=len(theirs_M) - 1)
    return Copies(
        validation=int((theirs_M[places_N] == mine_N).sum()),
        training=int((np.append(same, [False]) | np.append([False], same)).sum()),
    )


def _inputs(data: Any) -> list[NDArray[Any]]:
    """The numbers of each example's inputs, a row each; nothing where some are no numbers."""
    parts = [array(part) for part in input_parts(data).values()]
    if any(part.dtype.kind not in "iufb" or not part.size for part in parts):
        return []
    return [part.reshape(len(part), -1) for part in parts]


def _digests(parts: Sequence[NDArray[Any]], kinds: Sequence[Any]) -> NDArray[np.uint64]:
    """64 bits of the bytes of each example: two in 10^19 pairs that differ have the same."""
    digests_N = np.zeros(len(parts[0]), dtype=np.uint64)
    for place, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
        width = -(-part.shape[1] * kind.itemsize // 8) * 8
        factors = np.random.default_rng(place).integers(1, 1 << 63, width // 8, dtype=np.uint64)
        for start in range(0, len(part), _CHUNK):
            rows = np.ascontiguousarray(part[start : start + _CHUNK], dtype=kind)
            padded = np.zeros((len(rows), width), dtype=np.uint8)
            padded[:, : rows.shape[1] * kind.itemsize] = rows.view(np.uint8).reshape(len(rows), -1)
            words = padded.view(np.uint64)
            # Upper bits into lower ones and back: the lower ones of most numbers are zero.
            words = (words ^ (words >> np.uint64(29))) * _MIX
            words ^= words >> np.uint64(32)
            digests_N[start : start + _CHUNK] += (words * factors).sum(axis=1, dtype=np.uint64)
    return digests_N


def _features(data: Any) -> dict[str, NDArray[Any]]:
    """One value an example of each feature; of long examples their mean and spread."""
    features: dict[str, NDArray[Any]] = {}
    for name, part in input_parts(data).items():
        rows = array(part[:: max(1, len(part) // MAX_ROWS)])
        if rows.dtype.kind not in "iufb" or not rows.size:
            continue
        flat_NxF = rows.reshape(len(rows), -1)
        if flat_NxF.shape[1] <= MAX_COLUMNS:
            features |= {f"{name}.{at}": column for at, column in enumerate(flat_NxF.T)}
        else:
            numbers = flat_NxF.astype(np.float64)
            features |= {f"{name}.mean": numbers.mean(1), f"{name}.spread": numbers.std(1)}
    return features


def _targets(data: Any) -> dict[str, NDArray[Any]]:
    """The columns of labels that are several numbers or marks an example; tokens are none."""
    part = label_part(data) if is_in_arrays(data) else None
    labels = None if part is None else array(part)
    if labels is None or labels.ndim != 2 or not 2 <= labels.shape[1] <= MAX_COLUMNS:
        return {}
    if not len(labels) or not (labels.dtype.kind == "f" or has_marks(labels)):
        return {}
    rows = labels[:: max(1, len(labels) // MAX_ROWS)]
    return {f"labels.{at}": column for at, column in enumerate(rows.T)}


def _numbers(labels: NDArray[Any] | None) -> NDArray[Any] | None:
    return labels if labels is not None and labels.dtype.kind in "iuf" else None

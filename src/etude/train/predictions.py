"""Predictions of chosen examples, saved beside a checkpoint: the same ones in every trial.

Axes: N examples, K classes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ..disk.file import write_whole
from ..errors import WorkloadError
from ..text.signs import storable
from ..wording import number
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
from .png import png
from .rare_classes import Seen, rare_classes
from .workload import Predict, Workload

FILE = "predictions.json"
# Heuristic: a table that is read whole; of rare classes two each, of four of them.
MOST, OF_RARE, RARE = 8, 2, 4
# Heuristic: so much of an input is read; and a file of more is not one of ours.
_MAX_TEXT = 200
MAX_BYTES = 1 << 20
# Numbers of an input that is no picture.
_NUMBERS = 8


@final
@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What a model made of one example.

    Args:
        example: Its position among the validation examples.
        label: The truth, as text; empty where there is none.
        prediction: What the model said.
        score: Of the predicted class, 0 to 1; None where there are no classes.
        text: The input as text, or its first numbers; empty for a picture.
        picture: The input as a PNG in base64; empty for what is none.
    """

    example: int
    label: str
    prediction: str
    score: float | None = None
    text: str = ""
    picture: str = ""


def chosen_examples(labels: Any, seed: int = 0, *, most: int = MOST) -> list[int]:
    """The positions of examples to look at, fixed by the seed, with two of each rare class.

    Args:
        labels: The class of each example; a whole number stands for as many without classes.
        seed: The same for all trials, so that they can be compared.
        most: So many beside those of rare classes.

    Source: E7, E5.

    >>> chosen_examples(5, most=3), chosen_examples([0] * 50 + [1, 1, 1] + [2] * 50, most=0)
    ([2, 3, 4], [50, 51])
    """
    count = labels if isinstance(labels, int) else len(labels)
    rng = np.random.default_rng(seed)
    chosen = set(rng.permutation(count)[:most].tolist())
    if not isinstance(labels, int):
        labels_N = array(labels)
        for label in rare_classes(labels_N, most=RARE):
            chosen |= set(np.flatnonzero(labels_N == label)[:OF_RARE].tolist())
    return sorted(chosen)


def save_predictions(
    folder: Path, outputs: Any, examples: Any, *, seed: int = 0, rows: Sequence[int] | None = None
) -> None:
    """Writes what a model made of a few validation examples into a folder, some kilobytes.

    Where that is a checkpoint's, the report shows those of the best checkpoint. For a loop of one's
    own, `trial.report(step, values, checkpoint=save)` with a `save` that calls this as well.

    Args:
        folder: That of the checkpoint.
        outputs: Of the model for every validation example: a score a class, or one value.
        examples: The validation examples, inputs and labels: arrays, or a dataset that holds some.
        seed: Chooses the examples, see `chosen_examples`.
        rows: Those to take in place of chosen ones.

    Raises:
        WorkloadError: where there is not one output an example, or examples are no arrays.

    Source: E7.
    """
    examples = in_sight(examples)
    outputs_N, count = array(outputs), count_of(examples)
    if len(outputs_N) != count:
        raise WorkloadError(
            f"There are {len(outputs_N)} outputs for {count} examples. Give one an example."
        )
    if rows is None:
        rows = chosen_of(examples, seed)
    inputs, (labels, are_amounts) = _input_arrays(examples), _truth(examples)
    _write(
        folder,
        [
            _predicted(
                row,
                None if labels is None else labels[row],
                outputs_N[row],
                inputs[0][row] if inputs else None,
                are_amounts=are_amounts,
            )
            for row in rows
        ],
    )


def chosen_of(examples: Any, seed: int = 0) -> list[int]:
    """The chosen examples of data, by their classes where they have any.

    Source: E7.
    """
    classes = classes_of(examples)
    return chosen_examples(count_of(examples) if classes is None else classes, seed)


def save_workload_predictions(
    folder: Path, workload: Workload, rows: Sequence[int], batch: Any, predict: Predict
) -> None:
    """Writes what a workload's model makes of chosen examples; nothing where that is not seen.

    What the model returned last as `metrics` called it counts as its output.

    Source: E7.
    """
    seen = Seen(predict)
    workload.metrics(seen, batch)
    outputs = [one for one in seen.outputs if len(getattr(one, "shape", ())) in (1, 2)]
    if not outputs or outputs[-1].shape[0] != len(rows):
        return
    outputs_N, (labels, are_amounts) = array(outputs[-1]), _truth(batch)
    inputs = [array(part) for part in input_parts(batch).values()]
    _write(
        folder,
        [
            _predicted(
                row,
                None if labels is None else labels[at],
                outputs_N[at],
                inputs[0][at],
                are_amounts=are_amounts,
            )
            for at, row in enumerate(rows)
        ],
    )


def without_failing(save: Callable[[], object]) -> None:
    """Calls what saves predictions: where that fails, a checkpoint is written all the same.

    Source: E7.
    """
    try:
        save()
    except Exception:  # noqa: BLE001  # a user's model may mind a small batch; an aid ends no trial
        return


def read_predictions(*folders: Path) -> list[Predicted]:
    """The predictions in the first of these folders that has some; none where they are not ours.

    Source: E7.
    """
    for folder in folders:
        path = folder / FILE
        try:
            if path.is_file() and path.stat().st_size <= MAX_BYTES:
                return [_read(one) for one in json.loads(path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return []


def _read(entry: Mapping[str, Any]) -> Predicted:
    text = {name: str(entry[name]) for name in ("label", "prediction", "text")}
    score = entry["score"]
    picture = base64.b64encode(base64.b64decode(str(entry["picture"]), validate=True)).decode()
    return Predicted(
        example=int(entry["example"]),
        score=None if score is None else float(score),
        picture=picture,
        **text,
    )


def _write(folder: Path, predicted: Sequence[Predicted]) -> None:
    text = json.dumps([asdict(one) for one in predicted], indent=1, allow_nan=False)
    write_whole(folder / FILE, f"{text}\n")


def _input_arrays(examples: Any) -> list[NDArray[Any]]:
    """The inputs by part, an entry an example.

    Raises:
        WorkloadError: for examples of which NumPy makes no array, such as pairs of unlike shapes.
    """
    try:
        inputs = [array(part) for part in input_parts(examples).values()]
    except (TypeError, ValueError, RuntimeError):
        inputs = [np.array(None)]
    if not all(part.ndim for part in inputs):
        raise WorkloadError(
            f"The examples are a {type(examples).__name__}, and no array is made of their inputs. "
            "Give a tuple or a mapping of arrays, inputs and labels."
        )
    return inputs


def _truth(examples: Any) -> tuple[NDArray[Any] | None, bool]:
    """The labels that are shown, and whether they are amounts: several outputs score no class."""
    labels = labels_of(examples)
    if labels is not None:
        is_fraction = labels.dtype.kind == "f" and bool((labels != np.round(labels)).any())
        return labels, is_fraction
    values = label_part(examples) if is_in_arrays(examples) else None
    if values is None or not _are_vectors(values_NxT := array(values)):
        return None, False
    return values_NxT, True


def _are_vectors(values: NDArray[Any]) -> bool:
    """Whether each label is several amounts: no marks of classes, and no share a class."""
    is_table = values.ndim == 2 and values.dtype.kind in "iuf"
    return is_table and not has_marks(values) and not all(map(_are_shares, values))


def _are_shares(values_K: NDArray[Any]) -> bool:
    return bool((values_K >= 0.0).all() and abs(values_K.sum() - 1.0) < 1e-3)


def _predicted(
    row: int, label: Any, output: NDArray[Any], given: Any, *, are_amounts: bool
) -> Predicted:
    said, score = _said(np.asarray(output, dtype=np.float64), are_amounts=are_amounts)
    picture = png(given) if given is not None else None
    return Predicted(
        example=int(row),
        label="" if label is None else _values_text(label) if np.ndim(label) else _text(label),
        prediction=said,
        score=score,
        text="" if picture or given is None else _values_text(given),
        picture=base64.b64encode(picture).decode() if picture else "",
    )


def _said(output_K: NDArray[np.float64], *, are_amounts: bool) -> tuple[str, float | None]:
    """The class with the highest score and how sure it is, or the values themselves."""
    if output_K.ndim != 1 or len(output_K) < 2:
        return number(float(output_K.reshape(-1)[0]), 3), None
    if are_amounts:
        return _values_text(output_K), None
    best = int(np.argmax(output_K))
    shares_K = output_K if _are_shares(output_K) else np.exp(output_K - output_K.max())
    share = float(shares_K[best] / shares_K.sum())
    return str(best), share if np.isfinite(share) else None


def _text(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") else value
    return storable(str(number(plain, 3) if isinstance(plain, float) else plain))[:_MAX_TEXT]


def _values_text(given: Any) -> str:
    values = np.asarray(given).reshape(-1)
    if values.dtype.kind in "US" or not values.size:
        return storable(" ".join(map(str, values.tolist())))[:_MAX_TEXT]
    first = ", ".join(_text(value) for value in values[:_NUMBERS])
    return f"{first}, ..." if len(values) > _NUMBERS else first

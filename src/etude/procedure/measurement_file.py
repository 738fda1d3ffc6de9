"""The file beside a store that keeps measurements of batch sizes, and whether they still hold."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from ..disk.file import write_whole
from ..errors import StoreError
from ..experiment import Experiment
from ..finding import Finding
from ..round.imported_files import imported_files
from ..wording import conjunction
from .batch.fingerprint import changes_since
from .batch.records import StoredMeasurement, as_json, from_json


@final
@dataclass(frozen=True)
class MeasurementFile:
    """`STORE.batch-sizes.json`: the last measurement of each experiment.

    Source: S7, K2.
    """

    path: Path

    def read(self, experiment: str) -> StoredMeasurement | None:
        """What is known of an experiment; None where nothing is.

        Raises:
            StoreError: for a file that is none of ours.
        """
        data = self._data().get(experiment)
        if data is None:
            return None
        try:
            return from_json(data)
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged() from error

    def write(self, experiment: str, measurement: StoredMeasurement) -> None:
        """Keeps a measurement in the place of an older one of the same experiment.

        Raises:
            StoreError: where it cannot be written.
        """
        data = {**self._data(), experiment: as_json(measurement)}
        try:
            write_whole(self.path, json.dumps(data))
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"`{self.path}` cannot be written ({why}).") from error

    def _data(self) -> dict[str, Any]:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        if not isinstance(data, dict):
            raise self._damaged()
        return data

    def _damaged(self) -> StoreError:
        return StoreError(
            f"`{self.path}` is not as it was written. Remove it: the batch sizes are measured anew."
        )


def code_of(reference: str, folder: Path) -> str:
    """A hash of what the training file does, and the files beside it that it imports.

    Comments and layout do not count. Empty where there is no such file, or none of Python's.

    Source: S7.
    """
    path = folder / reference.rpartition(":")[0]
    texts = []
    try:
        for file in sorted(imported_files([path], [folder])):
            texts.append(ast.dump(ast.parse(file.read_text(encoding="utf-8"))))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest() if texts else ""


def outdated(
    experiment: Experiment, folder: Path, file: MeasurementFile, command: str
) -> Finding | None:
    """That the batch sizes were measured of another model; None where they hold, or were not.

    Args:
        experiment: Of the user's file.
        folder: Where its paths begin.
        file: The measurements beside its store.
        command: That measures them again.

    Raises:
        StoreError: for a file that is none of ours.

    Source: S7.
    """
    stored = file.read(experiment.name)
    if stored is None or not stored.history.probes:
        return None
    code = code_of(experiment.train or "", folder)
    changed = changes_since(stored.fingerprint, experiment, code)
    if not changed:
        return None
    what = conjunction(list(changed[:3]))
    return Finding(
        rule="S7",
        check="batch_size",
        status="notice",
        subject={},
        headline="The batch sizes were measured of another training",
        message=f"Since the batch sizes were measured, {what}.",
        evidence={"changed": list(changed)},
        advice=f"Measure them again: `{command}`.",
    )

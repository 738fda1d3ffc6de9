"""Whether the batch sizes beside a store were measured of what a file trains now."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..finding import Finding


def outdated_measurement(
    experiment: Experiment, store: str | None, file: Path | None
) -> list[Finding]:
    """The finding that they were not (S7); none where they were, or were never measured."""
    from ..procedure.measurement_file import MeasurementFile, outdated
    from ..store import location
    from ..store.checkpoints import Files
    from .output import store_option

    place = location(store)
    if file is None or place == "memory":
        return []
    command = f"etude batch-size {shlex.quote(str(file))}{store_option(store)}"
    measurements = MeasurementFile(Files(Path(place)).batch_sizes)
    finding = outdated(experiment, file.absolute().parent, measurements, command)
    return [finding] if finding else []

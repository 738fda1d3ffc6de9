"""The setting of a job of Hydra, which stands in `.hydra` beside whatever the job logged."""

from __future__ import annotations

from pathlib import Path

from ...errors import ImportFileError
from ...space import Scalar
from . import files, scalars, yaml
from .folders import inside

CONFIG = Path(".hydra") / "config.yaml"
# `multirun/DATE/TIME/JOB`, or a sweep's folder above it.
_DEPTH = 4


def job_setting(source: Path, place: Path, left_out: list[str]) -> dict[str, Scalar]:
    """The setting of the job in which a place lies, no further up than the source; {} for none."""
    for folder in (place, *place.parents):
        if files.has_file(source, folder / CONFIG):
            try:
                return scalars.flat_setting(yaml.document(folder / CONFIG, left_out))
            except (ImportFileError, OSError) as error:
                left_out.append(f"{error} The run has no setting, therefore.")
                return {}
        if folder == source:
            break
    return {}


def is_multirun(source: Path) -> bool:
    """Whether a folder holds jobs of Hydra."""
    return any((folder / CONFIG).is_file() for folder in inside(source, depth=_DEPTH))

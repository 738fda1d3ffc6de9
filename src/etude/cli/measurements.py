"""Of measurements of batch sizes: what is typed of them, and whether they hold."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..finding import Finding
    from ..procedure.base import Known
    from ..procedure.batch.history import History

T = TypeVar("T")
# Heuristic: a pebibyte; the largest machines have a few percent of it.
_MOST_BYTES = 2**50
# Python alone takes more: it is a number whose unit was left out.
_LEAST_BYTES = 2**22


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


def memory_size(text: str) -> int:
    """The bytes of a size as people write it.

    Raises:
        RunError: for what is none.

    >>> memory_size("2GiB"), memory_size("500 MB")
    (2147483648, 500000000)
    """
    import re

    from ..errors import RunError

    units = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
    units |= {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
    match = re.fullmatch(r"([0-9.]+) ?([a-z]*?)b?", text.strip().lower())
    number = None if match is None or match[1].count(".") > 1 else float(match[1].strip(".") or 0)
    if match is None or match[2] not in units or not number:
        raise RunError(f"--memory takes a size, got `{text}`. For example 2GiB or 500MiB.")
    size = int(number * units[match[2]])
    if size < _LEAST_BYTES:
        raise RunError(
            f"--memory {text} is {size:,} bytes, less than Python itself takes. Give a unit, for "
            "example 2GiB or 500MiB."
        )
    if size > _MOST_BYTES:
        raise RunError(
            f"--memory {text} is more than any machine or device has, so it would be no limit. "
            "Leave it out for all that is there, or give a size such as 24GiB."
        )
    return size


def batch_size_name(known: Known) -> str:
    """What a file calls its batch size.

    Raises:
        RunError: where it has none, or where its value is no number of examples.
    """
    from ..errors import RunError
    from ..wording import conjunction

    name = known.name_of("batch_size")
    if name is None:
        listed = ", ".join(f"`{one}`" for one in sorted(known.setting)) or "nothing"
        raise RunError(
            f"No hyperparameter of `{known.base.name}` is known as a batch size; it has {listed}. "
            'Add batch_size to [fixed], or name yours: [names] my_name = "batch_size".'
        )
    names = known.names_of("batch_size")
    if len(names) > 1:
        listed = conjunction([f"`{one}`" for one in names])
        raise RunError(
            f"{listed} of `{known.base.name}` are all known as a batch size, and one is measured. "
            f'Say which are none: [names] {names[-1]} = "".'
        )
    size = known.setting[name]
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise RunError(
            f"`{name}` of `{known.base.name}` is {size!r}, and a batch has a whole number of "
            f"examples, at least 1. Write another, for example {name} = 32."
        )
    return name


def refusals_of(read: Callable[[T], object], typed: T | None) -> list[str]:
    """Why what was typed cannot be read; nothing where it can, or was not typed."""
    from ..errors import RunError

    try:
        if typed is not None:
            read(typed)
    except RunError as error:
        return [str(error)]
    return []


def refuse_failure(history: History) -> None:
    """Stops where the user's own code keeps every size from being trained.

    Raises:
        TrainError: with the user's own traceback.
    """
    from ..errors import TrainError
    from ..wording import conjunction

    failed = [probe for probe in history.probes if probe.outcome == "failed"]
    if failed and len(failed) == len(history.probes):
        tried = conjunction([f"{size:,}" for size in history.sizes])
        raise TrainError(
            f"No batch size could be trained; tried: {tried}.",
            user_traceback=failed[-1].detail,
        )

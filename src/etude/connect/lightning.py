"""The reader of Lightning's `CSVLogger`: a folder a run, with `metrics.csv` and `hparams.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import ImportFileError
from ..space import Scalar
from ..wording import join
from .base import MAX_NAMED, ReadRequest, Row, SourceStudy, SourceTrial
from .parsing import files, hydra, scalars, yaml
from .parsing.cells import whole_number
from .parsing.scalars import number_from_text
from .renaming import source_study
from .tables import sheet
from .tables.headers import is_own
from .tables.numbers import has_decimal_comma

METRICS, SETTING = "metrics.csv", "hparams.yaml"
# The columns that may count the steps, the best first; an epoch is a metric too.
_STEPS = ("step", "epoch")


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """The one study of a folder of runs; a trial's name is its folder inside the source.

    How a run ended stands nowhere, so its values judge it.

    Raises:
        ImportFileError: where no run logged a value.
    """
    folder = source if source.is_dir() else source.parent
    paths = files.regular_files(source, f"**/{METRICS}") if source.is_dir() else [source]
    left_out = files.outward_links(folder, f"**/{METRICS}", f"**/{SETTING}", "**/version_*")
    trials: list[SourceTrial] = []
    bare: list[str] = []
    for path in paths:
        try:
            trials.append(_trial(folder, path, left_out, bare))
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} So this run is left out.")
    left_out += _silent_runs(folder)
    if not trials:
        raise ImportFileError(
            f"`{source}` holds no run of Lightning's CSVLogger: a folder with `{METRICS}`. Give "
            f"the folder `lightning_logs`. {' '.join(left_out)}".rstrip()
        )
    if bare:
        left_out.append(
            f"{len(bare)} of {len(trials)} runs (`{bare[0]}`…) have no setting in `{SETTING}`: "
            "call `self.save_hyperparameters()` in the module."
        )
    return [source_study("", trials, left_out, request)]


def _silent_runs(folder: Path) -> Iterator[str]:
    """A sentence about runs that have a setting and logged nothing at all."""
    silent = [
        path.parent.name
        for path in files.regular_files(folder, f"**/{SETTING}")
        if not (path.parent / METRICS).exists() and not any(path.parent.glob("*tfevents*"))
    ]
    if silent:
        yield f"Runs without `{METRICS}`, which logged nothing: {len(silent)} (`{silent[0]}`…)."


def _trial(folder: Path, path: Path, left_out: list[str], bare: list[str]) -> SourceTrial:
    """The trial of a run; `bare` takes the name of one whose setting was never written."""
    place = path.parent.relative_to(folder)
    trial = SourceTrial(
        name=place.as_posix() if place.parts else folder.resolve().name,
        setting={},
        rows=tuple(dict.fromkeys(_rows(path, left_out))),
    )
    unread: list[str] = []
    setting = _setting(folder, path.parent, unread)
    left_out += unread
    if not setting and not unread:
        bare.append(trial.name)
    return replace(trial, setting=setting)


def _setting(folder: Path, place: Path, left_out: list[str]) -> dict[str, Scalar]:
    path = place / SETTING
    setting: dict[str, Scalar] = {}
    if files.has_file(folder, path):
        try:
            setting = scalars.flat_setting(yaml.document(path, left_out))
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} The run has no setting from it, therefore.")
    # Lightning's command line adds names of its own, such as `_instantiator`.
    own = {name: value for name, value in setting.items() if not name.startswith("_")}
    return own or hydra.job_setting(folder, place, left_out)


def _rows(path: Path, left_out: list[str]) -> Iterator[Row]:
    """Each value that was logged; a row has those of one call, and an empty cell is none."""
    table = sheet.rows(path)
    header = [files.clean(name.strip()) for name in next(table, (0, []))[1]]
    step = next((header.index(name) for name in _STEPS if name in header), None)
    if step is None:
        raise ImportFileError(f"`{path}` has no column `step`, so it is none of Lightning's.")
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    if twice:
        names = join([f"`{name}`" for name in twice], most=MAX_NAMED)
        raise ImportFileError(f"`{path}` has columns of the same name: {names}. Rename the others.")
    columns = [at for at, name in enumerate(header) if at != step and not is_own(name, wandb=False)]
    comma = sheet.separator(path) != ","
    passed_over = 0
    for _, row in table:
        cells = _with_points(row) if comma else row
        number = whole_number(cells[step].strip()) if len(cells) == len(header) else None
        if number is None:
            passed_over += 1
            continue
        found = list(_values(cells, columns))
        passed_over += sum(value is None for _, value in found)
        yield from ((number, header[at], value) for at, value in found if value is not None)
    if passed_over:
        left_out.append(f"`{path}`: passed over {passed_over:,} values without number or step.")


def _with_points(row: Sequence[str]) -> list[str]:
    """The cells of a table that was saved anew with decimal commas."""
    return [cell.replace(",", ".") if has_decimal_comma(cell) else cell for cell in row]


def _values(cells: Sequence[str], columns: Sequence[int]) -> Iterator[tuple[int, float | None]]:
    return ((at, number_from_text(cells[at])) for at in columns if cells[at].strip())

"""The trials of one table of text: a row is a trial, or a step of one."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import ImportFileError
from ...record import BY_HAND
from ...space import Scalar
from ...wording import join
from ..base import MAX_NAMED, ReadRequest, Row, SourceTrial
from ..parsing import files
from ..parsing.cells import column_values, seconds, whole_number
from ..parsing.scalars import number_from_text
from ..renaming import distinct_name
from . import dictionaries, headers, sheet
from .endings import ending
from .numbers import has_decimal_commas
from .refused_columns import MAX_MISTAKES, refuse_twins, refuse_words
from .roles import Assigned, Role, Sheet, assigned, is_unread_result
from .totals import totals

# From so many rows on, steps that rise are a curve.
_MIN_CURVE = 3
# A trial of steps has as many rows, typically.
_MIN_ROWS = 2
# Heuristic: a run that is resumed logs a few steps again; where each was trained twice, half of the
# rows repeat a step, and where rows are trials of a few epochs, most do.
_MAX_REPEATS = 0.25


def trials(
    path: Path, request: ReadRequest, *, wandb: bool = False
) -> tuple[list[SourceTrial], list[str]]:
    """The trials of a table, and sentences about what it lacks and how it was read.

    Args:
        path: The file.
        request: What the person asked for.
        wandb: Whether W&B wrote it; its own columns say so too.

    Raises:
        ImportFileError: with every row that does not fit the header, two columns of one name, or
            the curve of a single trial.
    """
    flat = _sheet(path, wandb=wandb)
    columns: list[Assigned] = []
    if any(headers.may_be_step(name) for name in flat.names):
        columns = assigned(replace(flat, steps=True), request)
    groups = _groups(columns)
    if groups is None:
        _refuse_curve(path, columns)
        columns = assigned(flat, request)
        found_groups = _single_rows(columns)
    else:
        columns, found_groups = _with_curves(columns, groups), groups
    refuse_twins(path, columns, request)
    refuse_words(path, columns, request)
    found = _source_trials(columns, found_groups, wandb=flat.wandb)
    notes = list(_notes(path, flat, columns, is_long=groups is not None))
    return found, [*notes, *_repeat_note(path, columns, groups or [], found)]


def _sheet(path: Path, *, wandb: bool) -> Sheet:
    """The whole table; columns and cells beyond the header that are empty are gone.

    Raises:
        ImportFileError: for every row that does not fit the header.
    """
    rows = sheet.rows(path)
    names = [files.clean(name.strip()) for name in next(rows, (0, []))[1]]
    table: list[list[str]] = []
    mistakes: list[str] = []
    for line, row in rows:
        cells = row[: len(names)] if not any(row[len(names) :]) else row
        if len(cells) != len(names):
            mistakes.append(
                f"`{path}`, line {line}, has {len(cells)} cells, and the header {len(names)}."
            )
        table.append(cells)
    if mistakes:
        raise ImportFileError("\n".join(mistakes[:MAX_MISTAKES]))
    if not table:
        raise ImportFileError(f"`{path}` holds no row below its header. Is it the right file?")
    names, columns = dictionaries.expanded(names, list(zip(*table, strict=True)))
    kept = [at for at, name in enumerate(names) if name or any(columns[at])]
    sign = sheet.separator(path)
    return Sheet(
        names=tuple(names[at] for at in kept),
        cells=tuple(columns[at] for at in kept),
        separator=sign,
        comma=has_decimal_commas(columns, sign),
        wandb=wandb or headers.is_wandb(names),
    )


def _single_rows(columns: Sequence[Assigned]) -> list[list[int]]:
    """Each row that is a trial."""
    left_out = set(totals(columns))
    return [[at] for at in range(len(columns[0].column.cells)) if at not in left_out]


def _of(columns: Sequence[Assigned], *roles: Role) -> list[Assigned]:
    return [one for one in columns if one.role in roles]


# --- rows that are steps


def _groups(columns: Sequence[Assigned]) -> list[list[int]] | None:
    """The rows of each trial, where a row is a step of one; None where a row is a trial.

    Rows of one trial have its name, or else its setting, and their steps all differ; only where
    trials have names may a few steps stand there again, as a run logs them that is resumed.
    """
    steps, ids = _of(columns, "step"), _of(columns, "id")
    settings = [one for one in _of(columns, "setting") if one.stated or not one.column.is_number]
    # A name may be that of a setting, with several seeds: then both tell a trial.
    tries = [ids, [*ids, *settings]] if ids else [settings]
    if not steps:
        return None
    repeats = [_repeats(columns, steps[0], one) for one in tries]
    fewest = min(repeats)
    if fewest > (_MAX_REPEATS * len(steps[0].column.cells) if ids else 0):
        return None
    # A step of one name that stands there with two settings is that of two trials, and no repeat.
    found = (
        _grouped(len(steps[0].column.cells), one)
        for one, count in zip(tries, repeats, strict=True)
        if count == fewest
    )
    return next((groups for groups in found if groups), None)


def _repeats(columns: Sequence[Assigned], step: Assigned, told_by: Sequence[Assigned]) -> int:
    """How many rows repeat a step of the same trial, if these columns tell trials apart."""
    keys = [one.column.cells for one in (*told_by, step)]
    count = len(step.column.cells)
    return count - len({(*(key[at] for key in keys), _filled(columns, at)) for at in range(count)})


def _grouped(count: int, told_by: Sequence[Assigned]) -> list[list[int]] | None:
    """The rows that are alike in these columns; None where that does not make trials of steps."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(count):
        groups[tuple(one.column.cells[at] for one in told_by)].append(at)
    are_steps = statistics.median(len(rows) for rows in groups.values()) >= _MIN_ROWS
    told_apart = len(groups) > 1 or bool(_of(told_by, "id"))
    return list(groups.values()) if are_steps and told_apart else None


def _with_curves(columns: Sequence[Assigned], groups: Sequence[Sequence[int]]) -> list[Assigned]:
    """The columns; what changes within a trial was no setting, but logged."""
    found = []
    for one in columns:
        cells = one.column.cells
        changes = any(len({cells[at] for at in rows}) > 1 for rows in groups)
        if one.role == "setting" and changes:
            found.append(replace(one, role="result" if one.column.is_number else "own"))
        else:
            found.append(one)
    return found


def _filled(columns: Sequence[Assigned], at: int) -> tuple[bool, ...]:
    """Which results a row has: some loggers write those of one step in several rows."""
    return tuple(bool(one.column.cells[at]) for one in _of(columns, "result"))


def _refuse_curve(path: Path, columns: Sequence[Assigned]) -> None:
    """Refuses a table of which each row is a step and no column a setting that varies."""
    steps = _of(columns, "step")
    if not steps or _of(columns, "id", "status"):
        return
    at = [int(float(cell)) for cell in steps[0].column.cells if cell.strip()]
    varied = [
        one
        for one in _of(columns, "setting")
        if len(set(one.column.cells)) > 1 and (one.stated or not one.column.is_number)
    ]
    if len(set(at)) >= _MIN_CURVE and at == sorted(at) and not varied:
        raise ImportFileError(
            f"`{path}` holds curves, a row a step, and no setting of a trial. Give the folder that "
            "the training wrote, or add a column `trial` and one for each hyperparameter."
        )


# --- trials


def _source_trials(
    columns: Sequence[Assigned], groups: Sequence[Sequence[int]], *, wandb: bool
) -> list[SourceTrial]:
    settings = {one.name: column_values(one.column.cells) for one in _of(columns, "setting")}
    counts: Counter[str] = Counter()
    found = []
    for number, rows in enumerate(groups):
        last = rows[-1]
        word = _cell(columns, "status", last)
        status, reason = ending(word)
        if reason == BY_HAND and _cell(columns, "own", last, headers.SWEEP).strip():
            reason = ""  # the sweep's schedule ended it
        rows_of_trial = tuple(_rows(columns, rows))
        said = f"W&B says `{word.lower()}`." if wandb else f"Its table says `{word}`."
        found.append(
            SourceTrial(
                name=distinct_name(_cell(columns, "id", last).strip() or str(number), counts),
                setting=_setting(settings, rows),
                rows=rows_of_trial,
                status=status,
                reason=reason,
                detail=said if word and status != "completed" else "",
                wall_s=_wall_s(_cell(columns, "wall", last)),
            )
        )
    return found


def _cell(columns: Sequence[Assigned], role: Role, at: int, name: str = "") -> str:
    found = (one for one in _of(columns, role) if name in ("", one.name))
    return next((one.column.cells[at] for one in found), "")


def _setting(settings: Mapping[str, list[Scalar | None]], rows: Sequence[int]) -> dict[str, Scalar]:
    """The setting of a trial: of each name the first value that its rows have."""
    setting: dict[str, Scalar] = {}
    for name, values in settings.items():
        value = next((values[at] for at in rows if values[at] is not None), None)
        if value is not None:
            setting[name] = value
    return setting


def _rows(columns: Sequence[Assigned], rows: Sequence[int]) -> Iterator[Row]:
    for at in rows:
        step = whole_number(_cell(columns, "step", at)) or 0
        for one in _of(columns, "result"):
            value = number_from_text(one.column.cells[at]) if one.column.cells[at] else None
            if value is not None:
                yield step, one.name, value


def _wall_s(cell: str) -> float:
    """The seconds of a cell, `0 days 00:01:30.5` and `1:30` too; 0 where it says none.

    >>> _wall_s("45"), _wall_s("0 days 00:01:30.5"), _wall_s("2.5min"), _wall_s("soon")
    (45.0, 90.5, 150.0, 0.0)
    """
    days, _, clock = cell.strip().rpartition(" days ")
    parts = clock.split(":")
    if len(parts) > 1 and all(seconds(part) or not part.strip("0.") for part in parts):
        of_day = sum(seconds(part) * 60.0**power for power, part in enumerate(reversed(parts)))
        return seconds(days) * 86_400 + of_day
    units = {"ms": 1e-3, "min": 60.0, "h": 3600.0, "s": 1.0}
    unit = next((unit for unit in units if clock.endswith(unit)), "")
    return seconds(clock.removesuffix(unit)) * units.get(unit, 1.0)


# --- what is said


def _notes(
    path: Path, table: Sheet, columns: Sequence[Assigned], *, is_long: bool
) -> Iterator[str]:
    kind = "a row a step" if is_long else "only the last value of each metric is known"
    results, settings = (_names(_of(columns, role)) for role in ("result", "setting"))
    yield (
        f"`{path}` is a table: {kind}. Read as metrics: {results}; as settings: {settings}. "
        "`--rename OLD=train/NEW` makes a metric of a column, `--rename OLD=params.NEW` a setting; "
        "`--ignore` leaves it out."
    )
    if rows := () if is_long else totals(columns):
        yield f"`{path}`: rows that sum up others are no trials, and left out: {len(rows)}."
    odd = [cell for one in _of(columns, "status") for cell in one.column.cells if cell.strip()]
    if odd := [f"`{word[:40]}`" for word in dict.fromkeys(odd) if ending(word)[0] == "unknown"]:
        said = join(odd, most=MAX_NAMED)
        yield (
            f"`{path}`: no word for an end that is known, so those trials are judged by their "
            f"values: {said}."
        )
    unread, own = _left_out(columns, wandb=table.wandb)
    if unread:
        examples = [f"`{one.name}` (`{files.clean(_first_cell(one))[:40]}`)" for one in unread]
        yield (
            f"`{path}`: results whose cells are no plain numbers, and left out: "
            f"{join(examples, most=MAX_NAMED)}."
        )
    if own:
        yield f"`{path}`: neither settings nor metrics, and left out: {_names(own)}."
    yield from form_notes(path, table.separator, [one.column.form for one in columns])


def _left_out(columns: Sequence[Assigned], *, wandb: bool) -> tuple[list[Assigned], list[Assigned]]:
    """The columns left out that are to be told: results with text, and others."""
    own = [one for one in _of(columns, "own") if not headers.is_tools_own(one.name, wandb=wandb)]
    unread = [one for one in own if is_unread_result(one.name, one.column)]
    return unread, [one for one in own if one not in unread]


def _first_cell(one: Assigned) -> str:
    return next(cell.strip() for cell in one.column.cells if cell.strip())


def _repeat_note(
    path: Path,
    columns: Sequence[Assigned],
    groups: Sequence[Sequence[int]],
    found: Sequence[SourceTrial],
) -> Iterator[str]:
    """A sentence about steps of a trial that stand there again: the later row counts."""
    counts = Counter(
        (trial.name, _cell(columns, "step", at), _filled(columns, at))
        for trial, rows in zip(found, groups, strict=False)
        for at in rows
    )
    repeats = [(name, step) for (name, step, _), count in counts.items() if count > 1]
    if repeats:
        name, step = repeats[0]
        yield (
            f"`{path}`: rows that repeat a trial and step, of which the last counts: "
            f"{counts.total() - len(counts):,}, the first in trial `{name}` at step `{step}`."
        )


def form_notes(path: Path, separator: str, forms: Sequence[str]) -> Iterator[str]:
    """A sentence about the signs of a table, where they are not Python's."""
    said = [f"cells parted by {sheet.SEPARATORS[separator]}"] if separator != "," else []
    said += list(dict.fromkeys(filter(None, forms)))
    if said:
        yield f"`{path}` has {join(said, most=MAX_NAMED)}, and was read so."


def _names(columns: Sequence[Assigned]) -> str:
    names = list(dict.fromkeys(f"`{one.name}`" for one in columns))
    return join(names, most=10 * MAX_NAMED, commas=True) if names else "none"

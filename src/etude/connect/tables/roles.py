"""The role of each column of a table: by its name, its tool's marks, its cells, and its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from ..base import ReadRequest
from ..renaming import local_name
from . import headers
from .endings import are_statuses
from .numbers import Column, column, holds_no_value

Role: TypeAlias = Literal["setting", "result", "id", "status", "step", "wall", "own", "ignored"]
# A date, with a time of day or without, is when something was written, and no setting.
_DATE = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:\d\d){1,2})(?:[ T_,]+\d{1,2}[:-]\d\d.{0,30})?"
)
# A sign, or one that says about or at most, may stand before the digits of a value.
_BEGINS_A_NUMBER = re.compile(r"[-+\u2212\u00b1~\u2248<>\u2264\u2265]?\s*[.,]?\d")
# So many settings before the first result, or in W&B's first run of sorted names, are an order
# that somebody meant.
_MIN_BEFORE = 2


@final
@dataclass(frozen=True, kw_only=True)
class Assigned:
    """A column with its role; a name without its tool's mark, unless the person wrote the mark."""

    name: str
    role: Role
    column: Column
    stated: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table, its columns as the file has them.

    Args:
        names: The names of the columns.
        cells: The cells of each column.
        separator: What parts the cells of a row.
        comma: Whether numbers have a decimal comma.
        wandb: Whether it is W&B's table of runs.
        steps: Whether a row is a step of a trial, and no trial.
    """

    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    separator: str = ","
    comma: bool = False
    wandb: bool = False
    steps: bool = False


def assigned(sheet: Sheet, request: ReadRequest) -> list[Assigned]:
    """Every column of a table with its role.

    What a person named is what they say. Then comes what a tool's marks say, then what the name
    says, then the order: W&B sorts the names of settings, and anew those of results; others write
    what was set before what came out. What is left is a setting.

    Source: R5 (what stands fixed or varies is what was set, and no result).
    """
    marks = headers.unmarked(sheet.names)
    marked = any(mark == "setting" for _, mark in marks)
    asked = {request.metric, *request.renames, *request.ignored_names}
    columns: list[Assigned] = []
    for full, (bare, mark), texts in zip(sheet.names, marks, sheet.cells, strict=True):
        name = full if full in asked else bare
        local = local_name(name, request)
        parsed = column(
            texts,
            separator=sheet.separator,
            comma=sheet.comma,
            results=mark == "result" or _is_measured(local, request),
        )
        if local is None:
            columns.append(Assigned(name=name, role="ignored", column=parsed, stated=True))
            continue
        asked_for = name in request.renames or local in {request.metric, *request.setting_names}
        own = None if asked_for else "own" if mark == "own" else _own_role(name, parsed, sheet)
        role, stated = (own, True) if own else _role(local, mark, parsed, request, marked=marked)
        columns.append(Assigned(name=name, role=role, column=parsed, stated=stated))
    columns = _with_one_step(_with_id(columns, sheet, marked=marked))
    return columns if marked or sheet.steps else _by_order(columns, wandb=sheet.wandb)


def _is_result(local: str | None, request: ReadRequest) -> bool:
    return local is not None and (local == request.metric or headers.is_result(local))


def _is_measured(local: str | None, request: ReadRequest) -> bool:
    """Whether the name is that of a result, a step or a duration, which are no lists."""
    return _is_result(local, request) or (
        local is not None and (headers.is_wall(local) or headers.may_be_step(local))
    )


def _role(
    local: str, mark: str, parsed: Column, request: ReadRequest, *, marked: bool
) -> tuple[Role, bool]:
    """The role of what was set or measured, and whether a name or a mark says so."""
    empty = not any(cell.strip() for cell in parsed.cells)
    said = local in request.setting_names or headers.unmarked([local])[0][1] == "setting"
    if mark == "setting" or said:
        return "setting", True
    is_number = parsed.is_number or empty
    if is_number and (mark == "result" or _is_result(local, request)):
        return "result", True
    if is_unread_result(local, parsed):
        return "own", True
    if headers.is_setting(local):
        return "setting", True
    if headers.id_rank(local) >= 0:
        return "setting", False  # unless it names the trials
    if marked or mark == "result":  # settings bear a mark, and this one does not
        return ("result" if is_number else "own"), True
    return "setting", False


def is_unread_result(name: str, parsed: Column) -> bool:
    """Whether a column has the name of a result, and cells that only begin as numbers do.

    A mean with its spread is such a cell, and so is a percent beside plain numbers. A choice is
    not: some of its cells begin with a letter.

    >>> is_unread_result("val_acc", column(["94%", "93.1"], results=True))
    True
    >>> is_unread_result("loss", column(["mse", "ce"], results=True))
    False
    """
    if parsed.is_number or not headers.is_result(name):
        return False
    said = [cell.strip() for cell in parsed.cells if not holds_no_value(cell)]
    return bool(said) and all(_BEGINS_A_NUMBER.match(cell) for cell in said)


def _own_role(name: str, parsed: Column, sheet: Sheet) -> Role | None:
    """The role of a column that is about a trial, and neither set nor measured."""
    filled = [cell for cell in parsed.cells if cell.strip()]
    if headers.is_status(name) and are_statuses(filled):
        return "status"
    if headers.is_wall(name):
        return "wall"
    steps = headers.STEP_NAMES + (headers.WEAK_STEP_NAMES if sheet.steps else ())
    if headers.plain(name) in steps and _are_steps(filled):
        return "step"
    is_date = bool(filled) and all(_DATE.fullmatch(cell.strip()[:50]) for cell in filled)
    return "own" if is_date or headers.is_own(name, wandb=sheet.wandb) else None


def _are_steps(cells: Sequence[str]) -> bool:
    return bool(cells) and all(cell.strip().removesuffix(".0").isdecimal() for cell in cells)


def _with_id(columns: Sequence[Assigned], sheet: Sheet, *, marked: bool) -> list[Assigned]:
    """The columns, one of which may name the trials; others like it are nobody's."""
    found = list(columns)
    chosen = False
    ranks = [(_id_rank(name, sheet), at) for at, name in enumerate(sheet.names)]
    for _, at in sorted((rank, at) for rank, at in ranks if rank >= 0):
        one = columns[at]
        filled = [cell for cell in one.column.cells if cell.strip()]
        if one.role in ("ignored", "result") or not filled:
            continue
        differ = len(set(filled)) == len(one.column.cells)
        sure = sheet.steps or headers.is_surely_id(sheet.names[at])
        if not chosen and (differ or sure or (sheet.wandb and sheet.names[at] in ("Name", "name"))):
            found[at] = replace(one, role="id", stated=True)
            chosen = True
        elif differ or marked or one.column.is_number:  # of a repeat, or another tool's id
            found[at] = replace(one, role="own", stated=True)
    return found


def _id_rank(name: str, sheet: Sheet) -> int:
    return 0 if sheet.wandb and name in ("Name", "name") else headers.id_rank(name)


def _with_one_step(columns: Sequence[Assigned]) -> list[Assigned]:
    """The columns, of which the likeliest says the step; an epoch beside it is a value."""
    order = headers.STEP_NAMES + headers.WEAK_STEP_NAMES
    steps = sorted(
        (at for at, one in enumerate(columns) if one.role == "step"),
        key=lambda at: order.index(headers.plain(columns[at].name)),
    )
    found = list(columns)
    for at in steps[1:]:
        role: Role = "result" if headers.is_result(columns[at].name) else "own"
        found[at] = replace(columns[at], role=role)
    return found


# --- by the order


def _by_order(columns: list[Assigned], *, wandb: bool) -> list[Assigned]:
    """The columns, where results begin in the order of a table and nothing else says it."""
    open_columns = [at for at, one in enumerate(columns) if one.role in ("setting", "result")]
    names = [columns[at].name for at in open_columns]
    begin = _second_run(names) if wandb else _first_result(columns, open_columns)
    before = [columns[at] for at in open_columns[:begin]]
    after = [columns[at] for at in open_columns[begin:]]
    if not _is_order(before, after) or (wandb and _is_by_hand(before, after)):
        return columns
    found = list(columns)
    for at in open_columns[begin:]:
        one = columns[at]
        if one.role == "setting" and one.column.is_number and (wandb or not one.stated):
            found[at] = replace(one, role="result")
        elif one.role == "setting" and wandb:
            found[at] = replace(one, role="own")
    return found


def _is_order(before: Sequence[Assigned], after: Sequence[Assigned]) -> bool:
    """Whether settings stand before, no result among them, and results behind."""
    enough = len(before) >= _MIN_BEFORE or any(one.stated for one in before)
    without = all(one.role != "result" for one in before)
    return enough and without and any(one.role == "result" for one in after)


def _is_by_hand(before: Sequence[Assigned], after: Sequence[Assigned]) -> bool:
    """Whether a person moved the columns of W&B: behind stands what is set and no result.

    A choice is, and so is a common hyperparameter that varies and has no namesake before, as the
    learning rate has that was set and that was logged.
    """
    namesakes = {headers.setting_name(one.name) for one in before}
    moved = [
        one
        for one in after
        if one.role == "setting" and one.stated and headers.setting_name(one.name) not in namesakes
    ]
    varied = [one for one in moved if len(set(one.column.cells)) > 1 or len(before) < _MIN_BEFORE]
    return bool(varied) or any(_repeats(one.column) for one in after)


def _repeats(texts: Column) -> bool:
    """Whether a text stands in several cells beside others, as a choice does."""
    filled = [cell for cell in texts.cells if cell.strip() and not texts.is_number]
    return 1 < len(set(filled)) <= len(filled) / 2


def _second_run(names: Sequence[str]) -> int:
    """Where the names of a sorted list begin anew; the end where they do not, or more than once."""
    for key in (str, str.casefold):
        descents = [at for at in range(1, len(names)) if key(names[at]) < key(names[at - 1])]
        if len(descents) == 1:
            return descents[0]
    return len(names)


def _first_result(columns: Sequence[Assigned], among: Sequence[int]) -> int:
    return next(
        (place for place, at in enumerate(among) if columns[at].role == "result"), len(among)
    )

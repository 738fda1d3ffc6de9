"""The transaction log of a W&B run, `run-ID.wandb`: frames of a LevelDB log, protobuf in them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...errors import ImportFileError
from ..base import Row
from ..parsing import files
from ..parsing.protobuf import data, fields, integer, text
from ..parsing.scalars import float_value, whole_step

HEADER = b":W&B\xe1\xbe\x00"
_BLOCK_BYTES = 32 << 10
_FRAME_BYTES = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# Heuristic: a record holds one call of `log`; a table or an image is a file beside it.
MAX_RECORD_BYTES = 64 << 20
_HISTORY, _CONFIG, _RUN, _EXIT = 2, 5, 17, 18
_CONFIG_OF_RUN = 4
# W&B's own values beside the user's, and those that Etude itself shows of a trial there.
OWN = ("_step", "_runtime", "_timestamp", "_wandb", "etude")


@final
@dataclass
class Log:
    """The content of a log: filled while it is read, so that a torn log gives what it has.

    Args:
        exit_code: The exit code of the process; None where the log does not have its end.
        passed_over: The number of logged values that are no numbers.
        broken: Where and why reading ended early; empty where it did not.
    """

    rows: list[Row] = field(default_factory=list)
    setting: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    wall_s: float = 0.0
    passed_over: int = 0
    broken: str = ""


def transaction_log(path: Path) -> Log:
    """The content of a transaction log, up to its end or to where it breaks."""
    log = Log()
    try:
        for offset, record in records(path):
            _read(record, offset, path, log)
    except (ImportFileError, OSError) as error:
        log.broken = f"{error}; what stands before it is read."
    return log


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Offset and data of each record.

    Raises:
        ImportFileError: at the first record that is torn or damaged, with file and offset.
    """
    record_start, size = 0, 0
    parts: list[bytes] = []
    for offset, kind, content in _frames(path):
        if kind in (_FULL, _FIRST):
            record_start, parts, size = offset, [], 0
        parts.append(content)
        size += len(content)
        if size > MAX_RECORD_BYTES:
            raise _damaged(path, record_start, f"its record is beyond {MAX_RECORD_BYTES >> 20} MB")
        if kind in (_FULL, _LAST):
            yield record_start, b"".join(parts)


def _frames(path: Path) -> Iterator[tuple[int, int, bytes]]:
    with files.opened(path) as file:
        if file.read(len(HEADER)) != HEADER:
            raise ImportFileError(f"`{path}` does not begin like a W&B transaction log")
        while True:
            offset = file.tell()
            if (bytes_left := _BLOCK_BYTES - offset % _BLOCK_BYTES) < _FRAME_BYTES:
                file.seek(bytes_left, 1)
                continue
            head = file.read(_FRAME_BYTES)
            if not head:
                return
            crc, length, kind = struct.unpack("<IHB", head.ljust(_FRAME_BYTES, b"\0"))
            content = file.read(length)
            if len(head) < _FRAME_BYTES or len(content) < length:
                raise ImportFileError(f"`{path}` ends inside the record at byte {offset}")
            if zlib.crc32(head[6:] + content) != crc:
                raise _damaged(path, offset, "a record fails its checksum")
            yield offset, kind, content


def _damaged(path: Path, offset: int, why: str) -> ImportFileError:
    return ImportFileError(f"`{path}` is damaged at byte {offset}: {why}")


def _read(record: bytes, offset: int, path: Path, log: Log) -> None:
    try:
        for number, content in fields(record):
            if number == _HISTORY:
                _read_history(data(content), log)
            elif number == _CONFIG:
                _read_setting(data(content), log)
            elif number == _RUN:
                _read_run(data(content), log)
            elif number == _EXIT:
                code = next((value for key, value in fields(data(content)) if key == 1), 0)
                log.exit_code = integer(code)
    except ImportFileError as error:
        raise _damaged(path, offset, str(error)) from None


def _read_run(message: bytes, log: Log) -> None:
    for number, content in fields(message):
        if number == _CONFIG_OF_RUN:
            _read_setting(data(content), log)


def _read_setting(message: bytes, log: Log) -> None:
    for number, content in fields(message):
        if number == 1:
            name, value = _item(data(content))
            log.setting[name] = value
        elif number == 2:
            log.setting.pop(_item(data(content))[0], None)


def _read_history(message: bytes, log: Log) -> None:
    parts = list(fields(message))
    items = dict(_item(data(content)) for number, content in parts if number == 1)
    steps = [dict(fields(data(content))).get(1, 0) for number, content in parts if number == 2]
    step = integer(steps[0]) if steps else step_of(items.get("_step"))
    log.wall_s = max(log.wall_s, metric_value(items.get("_runtime")) or 0.0)
    # The size and the place of a picture, a table or a histogram are numbers, but no metrics.
    media = {name.removesuffix("._type") for name in items if name.endswith("._type")}
    log.passed_over += len(media)
    for name, logged in items.items():
        if is_own(name) or any(name.startswith(f"{medium}.") for medium in media):
            continue
        if (number := metric_value(logged)) is None:
            log.passed_over += 1
        else:
            log.rows.append((step, name, number))


def is_own(name: str) -> bool:
    """Whether a name is W&B's own, or below one that is: its panels stand in `_wandb.visualize`.

    >>> is_own("_wandb.visualize.x"), is_own("_wandb/x"), is_own("wandb"), is_own("_width")
    (True, True, False, False)
    """
    return name.replace("/", ".").partition(".")[0] in OWN


def metric_value(logged: object) -> float | None:
    """A logged value as a number; W&B also writes words for those that are not finite."""
    if logged in ("NaN", "Infinity", "-Infinity"):
        return float(str(logged))
    return float_value(logged)


def step_of(logged: object) -> int:
    """The step that was logged; 0 for a value that can be no step."""
    return whole_step(metric_value(logged)) or 0


def _item(message: bytes) -> tuple[str, Any]:
    key, nested, value_json = "", [], "null"
    for number, content in fields(message):
        if number == 1:
            key = text(content)
        elif number == 2:
            nested.append(text(content))
        elif number == 16:
            value_json = text(content)
    try:
        return key or ".".join(nested), json.loads(value_json)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"the value of `{key}` is no JSON ({error})") from None

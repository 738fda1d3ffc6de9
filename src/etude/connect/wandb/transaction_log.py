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
from ..parsing.protobuf import data, fields, integer, text
from ..parsing.scalars import MAX_STEP

HEADER = b":W&B\xe1\xbe\x00"
_BLOCK_BYTES = 32 << 10
_FRAME_BYTES = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# Heuristic: a record holds one call of `log`; a table or an image is a file beside it.
MAX_RECORD_BYTES = 64 << 20
_HISTORY, _CONFIG, _RUN, _EXIT = 2, 5, 17, 18
_CONFIG_OF_RUN = 4
# W&B's own values beside the user's.
OWN = ("_step", "_runtime", "_timestamp", "_wandb")


@final
@dataclass
class Log:
    """What a log says: filled while it is read, so that a torn one gives what it has.

    Args:
        exit_code: How the process ended; None where the log does not know its end.
        passed_over: How many logged values are no numbers.
        broken: Where and why reading ended early; empty where it did not.
    """

    rows: list[Row] = field(default_factory=list)
    setting: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    wall_s: float = 0.0
    passed_over: int = 0
    broken: str = ""


def log(path: Path) -> Log:
    """What a transaction log says, up to its end or to where it breaks."""
    found = Log()
    try:
        for offset, record in records(path):
            _read(record, offset, path, found)
    except (ImportFileError, OSError) as error:
        found.broken = f"{error}; what stands before it is read."
    return found


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Offset and data of each record.

    Raises:
        ImportFileError: at the first one that is torn or damaged, with file and offset.
    """
    start, size = 0, 0
    parts: list[bytes] = []
    for offset, kind, content in _frames(path):
        if kind in (_FULL, _FIRST):
            start, parts, size = offset, [], 0
        parts.append(content)
        size += len(content)
        if size > MAX_RECORD_BYTES:
            raise _damaged(path, start, f"its record is beyond {MAX_RECORD_BYTES >> 20} MB")
        if kind in (_FULL, _LAST):
            yield start, b"".join(parts)


def _frames(path: Path) -> Iterator[tuple[int, int, bytes]]:
    with path.open("rb") as held:
        if held.read(len(HEADER)) != HEADER:
            raise ImportFileError(f"`{path}` does not begin like a W&B transaction log")
        while True:
            offset = held.tell()
            if (left := _BLOCK_BYTES - offset % _BLOCK_BYTES) < _FRAME_BYTES:
                held.seek(left, 1)
                continue
            head = held.read(_FRAME_BYTES)
            if not head:
                return
            crc, length, kind = struct.unpack("<IHB", head.ljust(_FRAME_BYTES, b"\0"))
            content = held.read(length)
            if len(head) < _FRAME_BYTES or len(content) < length:
                raise ImportFileError(f"`{path}` ends inside the record at byte {offset}")
            if zlib.crc32(head[6:] + content) != crc:
                raise _damaged(path, offset, "a record fails its checksum")
            yield offset, kind, content


def _damaged(path: Path, offset: int, why: str) -> ImportFileError:
    return ImportFileError(f"`{path}` is damaged at byte {offset}: {why}")


def _read(record: bytes, offset: int, path: Path, found: Log) -> None:
    try:
        for number, content in fields(record):
            if number == _HISTORY:
                _read_history(data(content), found)
            elif number == _CONFIG:
                _read_setting(data(content), found)
            elif number == _RUN:
                _read_run(data(content), found)
            elif number == _EXIT:
                code = next((one for n, one in fields(data(content)) if n == 1), 0)
                found.exit_code = integer(code)
    except ImportFileError as error:
        raise _damaged(path, offset, str(error)) from None


def _read_run(message: bytes, found: Log) -> None:
    for number, content in fields(message):
        if number == _CONFIG_OF_RUN:
            _read_setting(data(content), found)


def _read_setting(message: bytes, found: Log) -> None:
    for number, content in fields(message):
        if number == 1:
            name, value = _item(data(content))
            found.setting[name] = value
        elif number == 2:
            found.setting.pop(_item(data(content))[0], None)


def _read_history(message: bytes, found: Log) -> None:
    parts = list(fields(message))
    items = dict(_item(data(content)) for number, content in parts if number == 1)
    steps = [dict(fields(data(content))).get(1, 0) for number, content in parts if number == 2]
    step = integer(steps[0]) if steps else whole(items.get("_step"))
    found.wall_s = max(found.wall_s, value(items.get("_runtime")) or 0.0)
    # A picture, a table, a histogram: its size and its place are numbers, but no metrics.
    media = {name.removesuffix("._type") for name in items if name.endswith("._type")}
    found.passed_over += len(media)
    for name, held in items.items():
        if name.partition(".")[0] in OWN or any(name.startswith(f"{one}.") for one in media):
            continue
        if (read := value(held)) is None:
            found.passed_over += 1
        else:
            found.rows.append((step, name, read))


def value(held: object) -> float | None:
    """A logged value as a number; W&B writes those that are not finite as words, too."""
    if held in ("NaN", "Infinity", "-Infinity"):
        return float(str(held))
    if not isinstance(held, int | float) or isinstance(held, bool):
        return None
    try:
        return float(held)
    except OverflowError:
        return None


def whole(held: object) -> int:
    """A step; 0 for what can be none."""
    read = value(held)
    return int(read) if read is not None and abs(read) < MAX_STEP else 0


def _item(message: bytes) -> tuple[str, Any]:
    key, nested, written = "", [], "null"
    for number, content in fields(message):
        if number == 1:
            key = text(content)
        elif number == 2:
            nested.append(text(content))
        elif number == 16:
            written = text(content)
    try:
        return key or ".".join(nested), json.loads(written)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"the value of `{key}` is no JSON ({error})") from None

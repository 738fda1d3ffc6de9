"""TensorBoard event files: TFRecord frames, each with one event of scalars.

A frame is a length, its masked CRC-32C, the data, and the data's masked CRC-32C. The length's sum
is always checked, the data's where a scalar can be at stake.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np

from ...errors import ImportFileError
from ...space import Scalar
from ..base import Row
from ..parsing import files
from ..parsing.protobuf import (
    Field,
    data,
    double,
    fields,
    integer,
    numbers,
    single,
    text,
)

# Heuristic: scalars take some 60 bytes, a page of them some kB; what is larger is mostly an
# image or a graph, and Python sums 10 MB in a second.
MAX_SUMMED_BYTES = 64 << 10
# Heuristic: no event with scalars is larger; a larger one, a graph, is passed over.
MAX_EVENT_BYTES = 64 << 20
# A tensor of one number takes some 20 bytes, its shape and type included.
MAX_SCALAR_BYTES = 256
_MASK_DELTA = 0xA282EAD8
_SUMMARY = 5
_EVENT_KINDS = {4: "graphs", 8: "run metadata", 9: "graphs"}
_VALUE_KINDS = {4: "images", 5: "histograms", 6: "audio"}
# TensorProto: the data type of each repeated field that can hold a scalar, and how it is written.
_FLOAT, _DOUBLE, _HALF, _BFLOAT16 = 1, 2, 19, 14
_CONTENT_TYPES = {_FLOAT: "<f4", _DOUBLE: "<f8", _HALF: "<f2", 3: "<i4", 9: "<i8"}
_FIELD_TYPES = {5: "<f4", 6: "<f8"}
_FIELDS_OF_WHOLE_NUMBERS = (7, 10)
_HALF_FIELD, _CONTENT_FIELD = 13, 4


@final
@dataclass
class Events:
    """The content of an event file: filled while it is read, so that a torn file gives what it has.

    Args:
        passed_over: The number of values of each kind that are no scalars.
        session: The end as the hyperparameter plugin has it: "SUCCESS" or "FAILURE".
        broken: Where and why reading ended early; empty where it did not.
    """

    rows: list[Row] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    setting: dict[str, Scalar] = field(default_factory=dict)
    session: str = ""
    passed_over: Counter[str] = field(default_factory=Counter)
    broken: str = ""
    plugins: dict[str, str] = field(default_factory=dict)


def events(path: Path) -> Events:
    """The content of an event file, up to its end or to where it breaks."""
    content = Events()
    try:
        for offset, record in records(path):
            if record is None:
                content.passed_over["events beyond all measure"] += 1
            else:
                _read_event(record, offset, path, content)
    except (ImportFileError, OSError) as error:
        content.broken = str(error)
    return content


def records(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Offset and data of each record; None for one that is too large to be of scalars.

    Raises:
        ImportFileError: at the first record that is torn or damaged, with file and offset.
    """
    size = path.stat().st_size
    with files.opened(path) as file:
        while (offset := file.tell()) < size:
            length = _length(path, file.read(12), offset, size - offset)
            if length > MAX_EVENT_BYTES:
                file.seek(length + 4, 1)
                yield offset, None
                continue
            record, sum_of_data = file.read(length), int.from_bytes(file.read(4), "little")
            if length <= MAX_SUMMED_BYTES and masked_crc(record) != sum_of_data:
                raise _damaged(path, offset, "its data fails its checksum")
            yield offset, record


def _length(path: Path, head: bytes, offset: int, bytes_left: int) -> int:
    is_complete = len(head) == 12
    length, sum_of_length = struct.unpack("<QI", head) if is_complete else (0, 0)
    if is_complete and masked_crc(head[:8]) != sum_of_length:
        raise _damaged(path, offset, "its length fails its checksum")
    if not is_complete or length > bytes_left - 16:
        raise ImportFileError(
            f"`{path}` ends inside the record at byte {offset}; what stands before it is read."
        )
    return int(length)


def masked_crc(content: bytes) -> int:
    """The checksum of TFRecord files: CRC-32C, rotated and shifted."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def _crc_table() -> tuple[int, ...]:
    table = []
    for start in range(256):
        crc = start
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC_TABLE = _crc_table()


def _damaged(path: Path, offset: int, why: str) -> ImportFileError:
    before = "what stands before it is read" if offset else "nothing of it is read"
    return ImportFileError(f"`{path}` is damaged at byte {offset}: {why}; {before}.")


def _read_event(record: bytes, offset: int, path: Path, events: Events) -> None:
    try:
        parts = list(fields(record))
        step = next((integer(content) for number, content in parts if number == 2), 0)
        for number, content in parts:
            if number == 1:
                events.times_s.append(double(content))
            elif number == _SUMMARY:
                _read_summary(step, data(content), events)
            elif number in _EVENT_KINDS:
                events.passed_over[_EVENT_KINDS[number]] += 1
    except ImportFileError as error:
        raise _damaged(path, offset, str(error)) from None


def _read_summary(step: int, message: bytes, events: Events) -> None:
    for number, content in fields(message):
        if number == 1:
            _read_value(step, data(content), events)


def _read_value(step: int, message: bytes, events: Events) -> None:
    parts: dict[int, int | bytes] = dict(fields(message))
    tag = text(parts.get(1, b""))
    if 9 in parts:
        plugin, content = _plugin(data(parts[9]))
        # Writers of some versions describe a tag only once.
        events.plugins[tag] = plugin or events.plugins.get(tag, "")
        if plugin == "hparams":
            _read_session(content, events)
            return
    if 2 in parts:
        events.rows.append((step, tag, single(parts[2])))
        return
    plugin = events.plugins.get(tag, "")
    scalar = _tensor(data(parts[8])) if 8 in parts and plugin == "scalars" else None
    if scalar is not None:
        events.rows.append((step, tag, scalar))
        return
    kind = next((name for number, name in _VALUE_KINDS.items() if number in parts), plugin)
    events.passed_over[kind or "values of no known kind"] += 1


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    inner = next((data(content) for number, content in fields(metadata) if number == 1), b"")
    parts: dict[int, int | bytes] = dict(fields(inner))
    return text(parts.get(1, b"")), data(parts.get(2, b""))


def _tensor(message: bytes) -> float | None:
    """The number of a tensor with one; None for a tensor with several, none, or no numbers."""
    if len(message) > MAX_SCALAR_BYTES:
        return None
    parts = list(fields(message))
    kind = next((content for number, content in parts if number == 1), 0)
    values = np.concatenate([np.empty(0), *(_numbers(part, integer(kind)) for part in parts)])
    return float(values[0]) if len(values) == 1 else None


def _numbers(part: Field, kind: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    number, content = part
    if number in _FIELDS_OF_WHOLE_NUMBERS or number == _HALF_FIELD:
        integers = numbers(content)
        return np.array(
            [_half(bits, kind) for bits in integers] if number == _HALF_FIELD else integers
        )
    content_bytes = data(content)
    dtype = _CONTENT_TYPES.get(kind) if number == _CONTENT_FIELD else _FIELD_TYPES.get(number)
    if dtype is None or len(content_bytes) % np.dtype(dtype).itemsize:
        return np.empty(0)
    return np.frombuffer(content_bytes, dtype).astype(np.float64)


def _half(bits: int, kind: int) -> float:
    if kind == _BFLOAT16:
        return single(struct.pack("<I", (bits & 0xFFFF) << 16))
    return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])


def _read_session(content: bytes, events: Events) -> None:
    for number, part in fields(content):
        if number == 3:
            events.setting.update(_session_setting(data(part)))
        elif number == 4:
            status = dict(fields(data(part))).get(1, 0)
            events.session = {1: "SUCCESS", 2: "FAILURE"}.get(integer(status), "")


def _session_setting(message: bytes) -> Iterator[tuple[str, Scalar]]:
    for number, content in fields(message):
        entry = dict(fields(data(content))) if number == 1 else {}
        if (value := _setting(data(entry.get(2, b"")))) is not None:
            yield text(entry.get(1, b"")), value


def _setting(message: bytes) -> Scalar | None:
    """A `google.protobuf.Value`: its numbers are all doubles, so a whole one reads as such."""
    for number, content in fields(message):
        if number == 2:
            value = double(content)
            return int(value) if value.is_integer() else value if np.isfinite(value) else str(value)
        if number == 3:
            return text(content)
        if number == 4:
            return bool(content)
    return None

"""The protobuf wire format, read field by field: no objects, and nesting costs no stack."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

from ...errors import ImportFileError

# The field's number, and its content: a number for wire type 0, bytes for all others.
Field: TypeAlias = tuple[int, int | bytes]
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


def fields(message: bytes) -> Iterator[Field]:
    r"""The number and the content of each field of a message, in their order there.

    Raises:
        ImportFileError: for bytes that are no message.

    >>> list(fields(b"\x08\x96\x01\x12\x02hi"))
    [(1, 150), (2, b'hi')]
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        wire = key & 7
        if key < 8:
            raise ImportFileError("a field has the number 0")
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        size, at = _size(message, at, wire)
        if at + size > end:
            raise ImportFileError("a field is longer than its message")
        yield key >> 3, message[at : at + size]
        at += size


def text(content: int | bytes) -> str:
    """A string field; bytes that are no UTF-8 are replaced."""
    return data(content).decode("utf-8", "replace")


def data(content: int | bytes) -> bytes:
    """A field that should hold bytes: empty where it holds a number."""
    return content if isinstance(content, bytes) else b""


def integer(content: int | bytes) -> int:
    """An int64 field: 0 where it holds bytes."""
    value = content if isinstance(content, int) else 0
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(content: int | bytes) -> list[int]:
    """A repeated int64 field, packed or one by one."""
    if isinstance(content, int):
        return [integer(content)]
    integers, at = [], 0
    while at < len(content):
        value, at = _varint(content, at)
        integers.append(integer(value))
    return integers


def double(content: int | bytes) -> float:
    """A double field: 0 where it holds something else."""
    content_bytes = data(content)
    return float(struct.unpack("<d", content_bytes)[0]) if len(content_bytes) == 8 else 0.0


def single(content: int | bytes) -> float:
    """A float field: 0 where it holds something else."""
    content_bytes = data(content)
    return float(struct.unpack("<f", content_bytes)[0]) if len(content_bytes) == 4 else 0.0


def _size(message: bytes, at: int, wire: int) -> tuple[int, int]:
    if wire == _BYTES:
        return _varint(message, at)
    if wire in (_EIGHT_BYTES, _FOUR_BYTES):
        return 8 if wire == _EIGHT_BYTES else 4, at
    raise ImportFileError(f"a field has the wire type {wire}, which no tracker writes")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    if at < len(message) and message[at] < 0x80:
        return message[at], at + 1
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & (1 << 64) - 1, at + place + 1
    raise ImportFileError("a number has no end")

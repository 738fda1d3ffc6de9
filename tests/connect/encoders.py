"""Encoders of the files of TensorBoard and W&B, which share nothing with the readers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# --- protobuf


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    septets = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(septet | 0x80 for septet in septets[:-1]), septets[-1]])


def varint_field(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def bytes_field(field: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(data)) + data


def double_field(field: int, value: float) -> bytes:
    return varint(field << 3 | 1) + struct.pack("<d", value)


def float_field(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


# --- TensorBoard


def crc32c(content: bytes) -> int:
    """CRC-32C bit by bit, after RFC 3720."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def masked_crc(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def tfrecord(content: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<Q", len(content) if length is None else length)
    return head + masked_crc(head) + content + masked_crc(content)


def event(step: int, *values: bytes, wall_s: float = 0.0) -> bytes:
    summary = b"".join(bytes_field(1, value) for value in values)
    return tfrecord(double_field(1, wall_s) + varint_field(2, step) + bytes_field(5, summary))


def plugin_metadata(name: str, content: bytes = b"") -> bytes:
    return bytes_field(9, bytes_field(1, bytes_field(1, name) + bytes_field(2, content)))


def simple_value(tag: str, value: float) -> bytes:
    return bytes_field(1, tag) + float_field(2, value)


def tensor_value(tag: str, content: bytes, plugin_name: str = "scalars") -> bytes:
    return bytes_field(1, tag) + bytes_field(8, content) + plugin_metadata(plugin_name)


def hparams_session(setting: dict[str, bytes], status: int = 1) -> list[bytes]:
    """The values that the hyperparameter plugin writes at the start and at the end of a run."""
    start = b"".join(
        bytes_field(1, bytes_field(1, name) + bytes_field(2, value))
        for name, value in setting.items()
    )
    return [
        bytes_field(1, "_hparams_/session_start_info")
        + plugin_metadata("hparams", bytes_field(3, start)),
        bytes_field(1, "_hparams_/session_end_info")
        + plugin_metadata("hparams", bytes_field(4, varint_field(1, status))),
    ]


def event_file(path: Path, *parts: bytes, wall_s: float = 1.0) -> Path:
    """An event file: its first event names the version, as every writer's does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        tfrecord(double_field(1, wall_s) + bytes_field(3, "brain.Event:2")) + b"".join(parts)
    )
    return path


# --- W&B


def wandb_config(setting: dict[str, Any]) -> bytes:
    """A run record with a config."""
    items = (
        bytes_field(1, name) + bytes_field(16, json.dumps(value)) for name, value in setting.items()
    )
    return bytes_field(
        17, bytes_field(1, "abc") + bytes_field(4, b"".join(bytes_field(1, item) for item in items))
    )


def wandb_history(step: int, values: dict[str, str]) -> bytes:
    """The record of one call of `log`: values as JSON texts, nested names in parts."""
    items = (
        b"".join(bytes_field(2, part) for part in name.split(".")) + bytes_field(16, value)
        for name, value in values.items()
    )
    return bytes_field(
        2, b"".join(bytes_field(1, item) for item in items) + bytes_field(2, varint_field(1, step))
    )


def wandb_exit(code: int) -> bytes:
    return bytes_field(18, varint_field(1, code) if code else b"")


def wandb_log(path: Path, records: Iterable[bytes]) -> Path:
    """A transaction log: frames in blocks of 32 kB, records split where a block ends."""
    content = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        has_begun = False
        while record or not has_begun:
            if (bytes_left := 32768 - len(content) % 32768) < 7:
                content += bytes(bytes_left)
                bytes_left = 32768
            part, record = record[: bytes_left - 7], record[bytes_left - 7 :]
            kind = (4 if has_begun else 1) if not record else (3 if has_begun else 2)
            frame = bytes([kind]) + part
            content += struct.pack("<IH", zlib.crc32(frame), len(part)) + frame
            has_begun = True
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(content))
    return path

"""Files as TensorBoard and W&B write them, by an encoder that shares nothing with the readers."""

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


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def held(field: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(data)) + data


def double(field: int, value: float) -> bytes:
    return varint(field << 3 | 1) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
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


def masked(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(content: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<Q", len(content) if length is None else length)
    return head + masked(head) + content + masked(content)


def event(step: int, *values: bytes, wall_s: float = 0.0) -> bytes:
    summary = b"".join(held(1, value) for value in values)
    return record(double(1, wall_s) + number(2, step) + held(5, summary))


def plugin(name: str, content: bytes = b"") -> bytes:
    return held(9, held(1, held(1, name) + held(2, content)))


def simple(tag: str, value: float) -> bytes:
    return held(1, tag) + single(2, value)


def tensor(tag: str, content: bytes, plugin_name: str = "scalars") -> bytes:
    return held(1, tag) + held(8, content) + plugin(plugin_name)


def session(setting: dict[str, bytes], status: int = 1) -> list[bytes]:
    """What the hyperparameter plugin writes at the start and at the end of a run."""
    start = b"".join(held(1, held(1, name) + held(2, value)) for name, value in setting.items())
    return [
        held(1, "_hparams_/session_start_info") + plugin("hparams", held(3, start)),
        held(1, "_hparams_/session_end_info") + plugin("hparams", held(4, number(1, status))),
    ]


def events(path: Path, *parts: bytes, wall_s: float = 1.0) -> Path:
    """An event file: its first event names the version, as every writer's does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record(double(1, wall_s) + held(3, "brain.Event:2")) + b"".join(parts))
    return path


# --- W&B


def wandb_config(setting: dict[str, Any]) -> bytes:
    """A run record with a config."""
    items = (held(1, name) + held(16, json.dumps(value)) for name, value in setting.items())
    return held(17, held(1, "abc") + held(4, b"".join(held(1, item) for item in items)))


def wandb_history(step: int, values: dict[str, str]) -> bytes:
    """What one call of `log` leaves: values as JSON texts, nested names in parts."""
    items = (
        b"".join(held(2, part) for part in name.split(".")) + held(16, value)
        for name, value in values.items()
    )
    return held(2, b"".join(held(1, item) for item in items) + held(2, number(1, step)))


def wandb_exit(code: int) -> bytes:
    return held(18, number(1, code) if code else b"")


def wandb_log(path: Path, records: Iterable[bytes]) -> Path:
    """A transaction log: frames in blocks of 32 kB, records split where a block ends."""
    written = bytearray(b":W&B\xe1\xbe\x00")
    for content in records:
        begun = False
        while content or not begun:
            if (left := 32768 - len(written) % 32768) < 7:
                written += bytes(left)
                left = 32768
            part, content = content[: left - 7], content[left - 7 :]
            kind = (4 if begun else 1) if not content else (3 if begun else 2)
            frame = bytes([kind]) + part
            written += struct.pack("<IH", zlib.crc32(frame), len(part)) + frame
            begun = True
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(written))
    return path

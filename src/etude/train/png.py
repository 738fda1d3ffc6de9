"""Pictures: a small array as a PNG, for the eye beside a prediction.

Axes: H rows, W columns, C channels.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Heuristic: what is larger is thinned out; a picture is recognized at this size.
MAX_SIDE = 64
# Heuristic: fewer numbers are read as numbers, and a flat square of more is a picture.
_FLAT = 64


def png(example: Any) -> bytes | None:
    r"""The picture that an example is, as a PNG; None where it is none.

    (H, W), (H, W, C) or (C, H, W) with 1 or 3 channels, or a flat square such as 784 numbers with a
    point. Its least value is black and its largest white.

    >>> png(np.zeros((2, 2)))[:4], png(np.zeros(5))
    (b'\x89PNG', None)
    """
    picture = _pixels(np.asarray(example))
    if picture is None:
        return None
    stride = math.ceil(max(picture.shape[:2]) / MAX_SIDE)
    picture = np.nan_to_num(picture[::stride, ::stride].astype(np.float64))
    low, high = float(picture.min()), float(picture.max())
    gray_HxWxC = np.round(255.0 * (picture - low) / ((high - low) or 1.0)).astype(np.uint8)
    height, width, channels = gray_HxWxC.shape
    # Each row begins with its filter, none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), gray_HxWxC.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _pixels(example: NDArray[Any]) -> NDArray[Any] | None:
    """The example as (H, W, C); None where it is no picture."""
    if example.dtype.kind not in "iufb" or not example.size:
        return None
    if example.ndim == 3 and example.shape[0] in (1, 3) and example.shape[2] not in (1, 3):
        example = example.transpose(1, 2, 0)
    if example.ndim == 3:
        return example if example.shape[2] in (1, 3) else None
    if example.ndim == 2:
        return example[..., None] if min(example.shape) > 1 else None
    side = math.isqrt(example.size)
    is_flat_square = example.ndim == 1 and side * side == example.size >= _FLAT
    if is_flat_square and example.dtype.kind == "f":
        return example.reshape(side, side, 1)
    return None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

"""The same digits on every machine with AVX2: libraries use no newer instructions.

A training at the edge of stability doubles a difference in its last digit every few steps. Kernels
for newer processors round otherwise, and a page, whose reasons name such a training, would be true
on one kind of machine alone.

Libraries read these when they are loaded, so this comes before NumPy.
"""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from pathlib import Path

# By NumPy's name, a flag of the processor: NumPy warns where what is switched off is not there.
_NUMPY = {"X86_V4": "avx512f", "AVX512_ICL": "avx512_vbmi2", "AVX512_SPR": "avx512_fp16"}
_LIBRARIES = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def flags() -> AbstractSet[str]:
    """What the processor can do, as Linux tells it; nothing elsewhere."""
    place = Path("/proc/cpuinfo")
    lines = place.read_text().splitlines() if place.exists() else []
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def settle() -> None:
    """Sets what libraries read, for this process and those that it starts."""
    known = flags()
    if "avx2" not in known:
        return
    newer = [name for name, flag in _NUMPY.items() if flag in known]
    if newer:
        os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", " ".join(newer))
    for name, value in _LIBRARIES.items():
        os.environ.setdefault(name, value)

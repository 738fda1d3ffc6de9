"""What this machine offers to workers, found without loading any training library."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from ..experiment.resources import NOTHING_SAID, Resources
from .answers import answer
from .placement import Machine, Placement, placement
from .probe.memory import all_bytes

# The libraries that would each start a thread a core; one number for all of them.
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "PJRT_NPROC",  # JAX's, on processors
)

# glibc hands large tensors back to the system as soon as they are free, and takes them again, page
# by page, at the next step: half the time of a wide stack, measured. Other systems do not read it.
_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


def environments(place: Placement) -> list[dict[str, str]]:
    """What to set in the environment of each worker of a placement.

    How freed memory is kept for the next step stays as the user set it, and so do all numbers of
    threads where the user set one of them: they share out the cores else, and another number
    changes the last digits of what is computed.
    """
    is_set = any(name in os.environ for name in _THREADS)
    threads = {} if is_set else thread_environment(place.threads)
    common = {**threads, **{name: os.environ.get(name, value) for name, value in _MEMORY.items()}}
    return [
        {**common, **({"CUDA_VISIBLE_DEVICES": place.gpus[slot]} if place.gpus else {})}
        for slot in range(place.workers)
    ]


def placed(workers: int | None = None, resources: Resources = NOTHING_SAID) -> Placement:
    """The placement of so many workers on this machine, else of as many as it has resources for.

    Raises:
        RunError: where one trial takes more than there is, or so many workers do.
    """
    return placement(resources, this_machine(), workers)


def this_machine() -> Machine:
    """What this machine offers to this process."""
    memory = all_bytes()
    return Machine(
        cores=cores(),
        gpus=tuple(visible_gpus(os.environ)),
        memory_gb=None if memory is None else memory / 2**30,
    )


def thread_environment(threads: int) -> dict[str, str]:
    """The variables by which libraries have so many threads; those of the user where he set any."""
    own = {name: os.environ[name] for name in _THREADS if name in os.environ}
    return own or dict.fromkeys(_THREADS, str(threads))


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """CUDA's names of the visible GPUs: `CUDA_VISIBLE_DEVICES`, else all there are."""
    listed = environment.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        visible = [name.strip() for name in listed.split(",") if name.strip()]
        return [] if "-1" in visible or "NoDevFiles" in visible else visible
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    return answer(command).decode(errors="replace").split()

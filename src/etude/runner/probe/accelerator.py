"""The devices that a training uses, through the library that it has loaded itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def synchronize() -> None:
    """Waits until all that was dispatched is done, on every device that is in use."""
    torch, jax = cuda_torch(), sys.modules.get("jax")
    if torch is not None:
        torch.cuda.synchronize()
    if jax is not None and hasattr(jax, "live_arrays"):
        # An array that was donated meanwhile is nobody's to wait for.
        with suppress(RuntimeError):
            jax.block_until_ready(jax.live_arrays())


def device() -> str:
    """Where this process trains: `cuda` for PyTorch's, `gpu` or `tpu` for JAX's, else `cpu`."""
    if cuda_torch() is not None:
        return "cuda"
    jax = sys.modules.get("jax")
    if jax is None or not hasattr(jax, "default_backend"):
        return "cpu"
    return str(jax.default_backend())


def is_asynchronous() -> bool:
    """Whether steps may be dispatched before the last one is done."""
    return cuda_torch() is not None or "jax" in sys.modules


def limit(most_bytes: int) -> None:
    """Lets PyTorch hold no more of the first device than this."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(most_bytes / total, 1.0))


def peak_bytes() -> int | None:
    """The most that was held on the devices at once; None without any."""
    if (torch := cuda_torch()) is not None:
        return int(torch.cuda.max_memory_reserved())
    jax = sys.modules.get("jax")
    if jax is None or device() == "cpu":
        return None
    stats = jax.local_devices()[0].memory_stats() or {}
    return stats.get("peak_bytes_in_use")


def cuda_torch() -> Any:
    """PyTorch, where this process computes on a GPU with it; else None."""
    torch = sys.modules.get("torch")
    in_use = torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized()
    return torch if in_use else None


def profiler(torch: Any) -> Any:
    """PyTorch's profiler of the host and the device, not yet begun."""
    activity = torch.profiler.ProfilerActivity
    return torch.profiler.profile(activities=[activity.CPU, activity.CUDA])


def profiled_shares(profile: Any, wall_s: float) -> tuple[float, float]:
    """The shares of the time that copies to the device took, and waits of the host for it."""
    events = profile.key_averages()
    copied_us = _summed(events, "HtoD", lambda event: event.self_device_time_total)
    waited_us = _summed(events, "Synchronize", lambda event: event.self_cpu_time_total)
    return min(copied_us / 1e6 / wall_s, 1.0), min(waited_us / 1e6 / wall_s, 1.0)


def _summed(events: Any, word: str, time_us: Callable[[Any], float]) -> float:
    return sum(time_us(event) for event in events if word in event.key)

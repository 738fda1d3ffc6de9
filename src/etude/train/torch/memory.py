"""Memory: how much a stack takes, by its recorded operators, and how much a worker has."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.fx.passes.shape_prop import TensorMetadata

from .graph import roots

_MEMINFO = Path("/proc/meminfo")
_STATM = Path("/proc/self/statm")
_GROUP = Path("/sys/fs/cgroup")


def peak_bytes(recording: GraphModule) -> int:
    """The most that is held at once while the recorded operators run, their inputs included.

    A tensor is freed after the last operator that reads it; a view holds what it views.
    """
    nodes = list(recording.graph.nodes)
    at = roots(nodes)
    last = _last_uses(nodes, at)
    size = peak = 0
    for node in nodes:
        size += _bytes(node) if at[node] is node else 0
        peak = max(peak, size)
        size -= sum(_bytes(read) for read in last.get(node, ()) if read.op != "placeholder")
    return peak


def available_bytes(device: torch.device, *, workers: int) -> float:
    """The memory that one of so many workers of a machine may count on; a GPU is its own."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return min(_limits(), default=float("inf")) / workers


def _last_uses(nodes: Sequence[Node], at: Mapping[Node, Node]) -> dict[Node, list[Node]]:
    """For each operator, the tensors that nobody reads after it."""
    users = {at[read]: node for node in nodes for read in (node, *node.all_input_nodes)}
    last: dict[Node, list[Node]] = {}
    for root, user in users.items():
        last.setdefault(user, []).append(root)
    return last


def _bytes(node: Node) -> int:
    return sum(part.shape.numel() * part.dtype.itemsize for part in _parts(node.meta))


def _parts(meta: dict[str, Any]) -> Iterator[TensorMetadata | Tensor]:
    described = meta.get("tensor_meta")
    several = (
        [described] if isinstance(described, TensorMetadata) else described or meta.get("val") or ()
    )
    several = several if isinstance(several, tuple | list) else [several]
    return (part for part in several if isinstance(part, TensorMetadata | Tensor))


def _limits() -> Iterator[float]:
    """Bytes left by each limit of this machine: memory, control group, address space."""
    if _MEMINFO.is_file():
        rows = (line.split() for line in _MEMINFO.read_text().splitlines())
        yield from (1024.0 * int(row[1]) for row in rows if row[0] == "MemAvailable:")
    limit, used = _GROUP / "memory.max", _GROUP / "memory.current"
    if limit.is_file() and used.is_file() and limit.read_text().strip().isdigit():
        yield float(limit.read_text()) - float(used.read_text())
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY and _STATM.is_file():
        yield float(allowed - int(_STATM.read_text().split()[0]) * resource.getpagesize())

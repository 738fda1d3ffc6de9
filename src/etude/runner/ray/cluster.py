"""The cluster: how a run comes to it, and how many trials it has room for."""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

import ray

from ...errors import RunError
from ...experiment.resources import Resources
from ...wording import quantity
from .shipping import Parcel

ANY = "ray"
# Heuristic: who does not answer in this time is not there.
_ANSWER_S = 5.0
_CLIENT = "ray://"


@final
class Cluster:
    """A connection to a cluster, which is closed again where it was opened here.

    Args:
        address: `ray` for one that is there, else a local one; or `host:port`.
        parcel: What is shipped to its nodes; nothing where this process has a connection already.

    Raises:
        RunError: for a cluster that does not answer or is of another version.
    """

    def __init__(self, address: str, parcel: Parcel | None) -> None:
        """Connects."""
        self.ships = parcel is not None and not ray.is_initialized()
        self._is_own = not ray.is_initialized()
        if not self._is_own:
            _refuse_another(address)
            return
        place = parcel.laid_out() if parcel is not None else None
        if parcel is not None:
            sys.stderr.write(f"{parcel.line()}\n")
        try:
            _connect(address, {"working_dir": str(place)} if place else {})
        finally:
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)

    def nodes(self) -> list[Mapping[str, float]]:
        """What each node that is alive has in all, by resource."""
        state: Any = ray  # which has no types for this
        return [node["Resources"] for node in state.nodes() if node["Alive"]]

    def close(self) -> None:
        """Leaves a cluster that was come to here; a local one ends."""
        if self._is_own and ray.is_initialized():
            ray.shutdown()
        self._is_own = False


def options_of(resources: Resources, nodes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What an actor asks for: what the experiment says, else a GPU where there are any, and a core.

    >>> options_of(Resources(cpus=2, memory_gb=1), [{"CPU": 4}])
    {'num_cpus': 2.0, 'num_gpus': 0.0, 'memory': 1073741824}
    """
    has_gpus = any(node.get("GPU", 0.0) >= 1.0 for node in nodes)
    gpus = resources.gpus if resources.gpus is not None else float(has_gpus)
    options = {"num_cpus": 1.0 if resources.cpus is None else resources.cpus, "num_gpus": gpus}
    if resources.memory_gb is not None:
        options["memory"] = int(resources.memory_gb * 1024**3)
    return options


def room(options: Mapping[str, float], nodes: Sequence[Mapping[str, float]]) -> int:
    """How many actors the nodes have room for, were nobody else there.

    >>> room({"num_cpus": 1, "num_gpus": 0.5}, [{"CPU": 4, "GPU": 1}, {"CPU": 4}])
    2
    """
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    needs = [(names[key], need) for key, need in options.items() if need > 0.0]
    # A part of a GPU is of one GPU: two thirds leave a third that nobody can take.
    return sum(
        min((_times(node.get(name, 0.0), need) for name, need in needs), default=0)
        for node in nodes
    )


def _times(has: float, need: float) -> int:
    per_unit = math.floor(1.0 / need + 1e-9) if need < 1.0 else 0
    return math.floor(has) * per_unit if per_unit else math.floor(has / need + 1e-9)


def no_room_message(options: Mapping[str, float], nodes: Sequence[Mapping[str, float]]) -> str:
    """That no node has what one trial takes, and what there is."""
    asked = _resources_text(
        {"CPU": options["num_cpus"], "GPU": options["num_gpus"], "memory": options.get("memory", 0)}
    )
    kinds = sorted({_resources_text(node) for node in nodes})
    there = "; ".join(f"`{kind}`" for kind in kinds[:4]) or "nothing"
    return (
        f"One trial takes {asked} ([resources]), and no node of the cluster has that: "
        f"{quantity(len(nodes), 'node')} with {there}. Ask for less, or add such a node, and type "
        "the same command again."
    )


def _resources_text(resources: Mapping[str, float]) -> str:
    parts = []
    if cpus := resources.get("CPU"):
        parts.append(f"{cpus:g} CPU{'s' * (cpus != 1)}")
    if gpus := resources.get("GPU"):
        parts.append(f"{gpus:g} GPU{'s' * (gpus != 1)}")
    if memory := resources.get("memory"):
        parts.append(f"{memory / 1024**3:.3g} GiB")
    return ", ".join(parts) or "nothing to train with"


def _connect(address: str, runtime_env: Mapping[str, Any]) -> None:
    given = "" if address == ANY else address
    place = given or os.environ.get("RAY_ADDRESS", "")
    _refuse_address(place)
    options: dict[str, Any] = {"address": place} if place else {}
    if not place:
        options["include_dashboard"] = False
    try:
        with _own_signals(), _quiet():
            ray.init(
                **options,
                runtime_env=dict(runtime_env),
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # of a node that did not start, Ray has it bare
        words = " ".join(str(error).split())
        where = f"the Ray cluster at `{place}`" if place else "a Ray cluster"
        raise RunError(
            f"Cannot use {where}: {words} Mend that, or train on this machine alone with "
            "--runner auto."
        ) from error


def _refuse_address(place: str) -> None:
    """Refuses an address that Ray would try for a minute, or one of a client.

    Raises:
        RunError: that says so.
    """
    if place.startswith(_CLIENT):
        raise RunError(
            f"`{place}` is an address of the Ray Client, which carries no stream of events. Type "
            "the command on a node of the cluster with --runner ray, or send it there: "
            "`ray job submit -- etude run FILE --runner ray`."
        )
    host, _, port = place.rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise RunError(
            f"No Ray cluster answers at `{place}` ({error}). Start one with `ray start --head`, or "
            "name the address that it printed: --runner HOST:PORT."
        ) from error


def _refuse_another(address: str) -> None:
    """Refuses an address that is not that of the cluster that this process is connected to.

    Raises:
        RunError: that says so.
    """
    connected = ray.get_runtime_context().gcs_address
    if address not in (ANY, connected):
        raise RunError(
            f"This process is connected to the Ray cluster at `{connected}`, not `{address}`. "
            "Call `ray.shutdown()` first, or use --runner ray."
        )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keeps what this process does at SIGTERM, which Ray would replace."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to itself what Ray would say of its own future versions."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

"""A Ray cluster for tests: two nodes on this machine, or the one that RAY_ADDRESS names."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.cluster_utils import Cluster


@contextmanager
def cluster(*, nodes: int = 1) -> Iterator[Any]:
    """A cluster with one core a node; nobody is connected to it."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            made.add_node(num_cpus=1)
        yield made
    finally:
        made.shutdown()


@contextmanager
def connected() -> Iterator[None]:
    """This process, connected to a cluster: its runners ship nothing, for all files are here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sockets of Ray's that it leaves to the collector
        given = os.environ.get("RAY_ADDRESS")
        if given:
            _connect(given)
            yield
            ray.shutdown()
            return
        with cluster() as made:
            _connect(made.address)
            yield
            ray.shutdown()


def _connect(address: str) -> None:
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)

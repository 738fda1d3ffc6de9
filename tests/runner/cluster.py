"""A Ray cluster for tests: two nodes on this machine, or the one that RAY_ADDRESS names."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

import ray
from ray.cluster_utils import Cluster

# Ray gives a node half a minute to start, which a busy machine may need more than once.
_TRIES = 4


@final
@dataclass(frozen=True)
class Given:
    """A cluster that was there before the tests."""

    address: str


@contextmanager
def cluster(*, nodes: int = 1) -> Iterator[Cluster | Given]:
    """A cluster with one core a node, or the one that RAY_ADDRESS names; nobody is connected."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Ray leaves to the collector
        if given := os.environ.get("RAY_ADDRESS"):
            yield Given(given)
            return
        made = _started(nodes)
        try:
            yield made
        finally:
            made.shutdown()


@contextmanager
def connected() -> Iterator[None]:
    """This process, connected to a cluster: its runners ship nothing, for all files are here."""
    with cluster() as made:
        ray.init(address=made.address, log_to_driver=False, logging_level=logging.ERROR)
        yield
        ray.shutdown()


def _started(nodes: int) -> Cluster:
    head = {"num_cpus": 1, "include_dashboard": False}
    for number in range(_TRIES):
        made = Cluster()
        try:
            made.add_node(**head)
            for _ in range(nodes - 1):
                made.add_node(num_cpus=1)
        except Exception:  # as Ray has it
            made.shutdown()
            if number == _TRIES - 1:
                raise
        else:
            return made
    raise AssertionError

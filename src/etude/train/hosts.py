"""Several hosts: seeds of a rank, and its shard of the examples and of the data files.

A rank is one of several processes that train one model together, `ranks` how many there are:
`torch.distributed.get_rank()`, `jax.process_index()`, or `RANK` and `WORLD_SIZE` under torchrun.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..errors import RunError
from ..study import derived_seed

P = TypeVar("P", str, Path)


class Seeds(NamedTuple):
    """The seeds of one rank.

    Args:
        initialization: The same on all ranks, so that they begin with one model.
        order: Of the shuffling of its shard, another on each rank.
        preprocessing: Of augmentation and dropout, another on each rank.
    """

    initialization: int
    order: int
    preprocessing: int


def seeds(seed: int, rank: int) -> Seeds:
    """The seeds of a rank, from the seed of the trial.

    Source: B4.

    >>> first, second = seeds(7, rank=0), seeds(7, rank=1)
    >>> first.initialization == second.initialization, first.order == second.order
    (True, False)
    """
    _refuse(rank, rank + 1)
    return Seeds(
        derived_seed(seed, "initialization"),
        derived_seed(seed, "order", "rank", rank),
        derived_seed(seed, "preprocessing", "rank", rank),
    )


def shard(examples: int, rank: int, ranks: int) -> range:
    """The positions of a rank's examples: each of them on one rank, as evenly as can be.

    Every `ranks`-th, so that the first batches of all ranks together are the first examples.

    Source: B4.

    >>> [list(shard(5, rank, ranks=2)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3]]
    """
    _refuse(rank, ranks)
    if examples < ranks:
        raise RunError(
            f"{ranks} ranks share {examples} examples, so that some have none. Use fewer ranks."
        )
    return range(rank, examples, ranks)


def shard_of_files(files: Iterable[P], rank: int, ranks: int) -> list[P]:
    """The files that a rank reads: each of them on one rank, by name, in whatever order they come.

    Files differ in length, and so do shards: `etude.train.torch.hosts.in_step` lets ranks end
    together.

    Source: B4.

    >>> shard_of_files(["b.npz", "a.npz", "c.npz"], rank=0, ranks=2)
    ['a.npz', 'c.npz']
    """
    _refuse(rank, ranks)
    ordered = sorted(files)
    if len(ordered) < ranks:
        raise RunError(
            f"{ranks} ranks share {len(ordered)} files, so that some have none. Write more files, "
            "or share the examples: `shard`."
        )
    if doubles := sorted({str(one) for one in ordered if ordered.count(one) > 1}):
        raise RunError(f"The file `{doubles[0]}` is listed twice. List each file once.")
    return ordered[rank::ranks]


def _refuse(rank: int, ranks: int) -> None:
    """Refuses a rank that there is not."""
    if not 0 <= rank < ranks:
        raise RunError(
            f"Ranks count from 0 to ranks - 1, got rank {rank} of {ranks}. Pass those that "
            "`torch.distributed` or `jax` gives."
        )

"""What a probe is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, final

from ...assignment import Assignment

Outcome: TypeAlias = Literal["measured", "out_of_memory", "too_few_examples", "failed", "slow"]
# The size of each axis of what a step holds, by the name of its variable.
Shapes: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]


@final
@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a probe is to train, and for how long.

    Args:
        reference: `file.py:name`, as the experiment names it.
        folder: Where its path begins.
        path: The `sys.path` of the process that asks.
        assignment: The trial that it trains a few steps of.
        batch_name: The name of the batch size in its setting.
        warm_s: Time of steps that are done first and not counted, or ten of them.
        timed_s: Time of the steps that are counted.
        watched_s: Time for which it is looked where the loop is, after that; 0 for none.
        memory_bytes: The most that it may hold; None for no limit.
        threads: That compute side by side.
        lists_libraries: Whether to say which libraries it loaded.
    """

    reference: str
    folder: Path
    path: tuple[str, ...]
    assignment: Assignment
    batch_name: str
    warm_s: float = 0.5
    timed_s: float = 1.0
    watched_s: float = 0.0
    memory_bytes: int | None = None
    threads: int = 1
    lists_libraries: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class Shares:
    """Where a step spends its time, each as a share of it.

    Args:
        input: Making or waiting for the examples of a batch, and nothing else goes on meanwhile.
        copies: Copying to a device; None where nobody can see it.
        synchronization: Lost to waiting for a device before the next step is sent.
        idle: Nobody in the process computes, whatever it waits for.
        place: The line of the user's code that most of the largest share was spent in.
        unclear: What could not be looked at, in a clause; empty for nothing.
    """

    input: float = 0.0
    copies: float | None = None
    synchronization: float = 0.0
    idle: float = 0.0
    place: str = ""
    unclear: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Probed:
    """What a probe showed.

    Args:
        outcome: `measured`, or why not.
        blocks: Of each stretch its steps, its seconds, and those of them in which it had no turn on
            a processor; what was dispatched is done at its end.
        steps: All that were done, those that warm up among them.
        memory_bytes: The most that was held at once; None where that is not known.
        device: Where it was trained: `cpu`, `cuda`, `gpu`.
        is_read: Whether the batch size was asked for.
        is_own_loop: Whether Etude's own loop trained it.
        shapes: Of what a step holds; empty where nothing was seen.
        examples: To train on; None where that is not known.
        shares: Where its time goes; None where nobody looked.
        detail: Why it failed, in the user's own traceback where there is one.
        wall_s: All that it took, its start included.
        libraries: The modules of libraries that it loaded, where it was asked for them.
        has_died: Whether its process ended without an answer, and not of memory.
    """

    outcome: Outcome
    blocks: tuple[tuple[int, float, float], ...] = ()
    steps: int = 0
    memory_bytes: int | None = None
    device: str = "cpu"
    is_read: bool = True
    is_own_loop: bool = False
    shapes: Shapes = ()
    examples: int | None = None
    shares: Shares | None = None
    detail: str = ""
    wall_s: float = 0.0
    libraries: tuple[str, ...] = ()
    has_died: bool = False

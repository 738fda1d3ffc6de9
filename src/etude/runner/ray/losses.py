"""What Ray raises where a worker is gone, as the loss of a trial with Ray's own words."""

from __future__ import annotations

import re

from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    NodeDiedError,
    OutOfMemoryError,
)

from ...event import Lost

# Heuristic: nodes go away, but the same trial's node so many times in a row is the trial's doing.
MAX_INNOCENT = 5
# Lines of Ray's that say who the actor is, and not what became of it.
_NAMES = re.compile(r"^\s*(class_name|actor_id|namespace|pid|name): .*$", re.MULTILINE)


def words_of(error: BaseException) -> str:
    """What Ray says, in one line, without the names that it gives to actors."""
    return " ".join(_NAMES.sub("", str(error)).split())


def is_of_memory(error: BaseException) -> bool:
    """Whether the node ran out of memory, in which the trial may have had a part."""
    return isinstance(error, OutOfMemoryError) or "OutOfMemory" in str(error)


def is_of_node(error: BaseException) -> bool:
    """Whether the node went or cannot be reached, rather than the worker on it.

    Of an actor that died with its node Ray says so in words alone.
    """
    if isinstance(error, NodeDiedError | ActorUnavailableError):
        return True
    return isinstance(error, ActorDiedError) and "its node has died" in str(error)


def lost(trial_id: int, error: BaseException, *, times: int) -> Lost:
    """The loss of a trial, for the so-manieth time; a node that went is no fault of its setting."""
    is_blamed = is_of_memory(error) or times > MAX_INNOCENT
    return Lost(trial_id, words_of(error), is_blamed=is_blamed)

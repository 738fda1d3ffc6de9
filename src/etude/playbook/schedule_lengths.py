"""Names that speak of how long a schedule takes: what a longer training would leave behind."""

from __future__ import annotations

from .catalogue import NO_NAMES, Names, known
from .words import word_lists, words

# Entries that are lengths of a decay, or of the whole training as a loop of one's own has it.
_LENGTHS = frozenset({"constant_steps", "decay_steps", "epochs", "max_steps"})


def is_schedule_length(name: str, names: Names = NO_NAMES) -> bool:
    """Whether a number under this name says when a decay begins, ends or steps, or all of it does.

    As `names` say, else by the catalogue, else by its words. A warmup is none: it keeps its length
    in a longer training (T9); a share follows by itself.

    Source: T10.

    >>> [is_schedule_length(name) for name in ("lr_decay_steps", "scheduler.T_max", "epochs")]
    [True, True, True]
    >>> [is_schedule_length(name) for name in ("warmup_steps", "decay_fraction", "weight_decay")]
    [False, False, False]
    >>> is_schedule_length("tau", {"tau": "decay_steps"}), is_schedule_length("tau")
    (True, False)
    """
    entry = known(name, names)
    if entry is not None or name in names:
        return entry is not None and entry.name in _LENGTHS
    lists = word_lists("schedule_length")
    segments = words(name)
    around = {word for segment in segments for word in segment}
    if around & lists["never_beside"]:
        return False
    last = "".join(segments[-1])
    is_alone = bool({last, last.rstrip("0123456789")} & lists["alone"])
    pairs = [(one, other) for one in around for other in around if one != other]
    return is_alone or any(
        one in lists["schedules"] and other in lists["units"] for one, other in pairs
    )

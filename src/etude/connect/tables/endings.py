"""How other tools say in a word that a trial ended, and what that says of its setting."""

from __future__ import annotations

from collections.abc import Iterable

from ...record import BY_HAND, PREEMPTED
from ..base import SourceStatus

# A word there, its status here, and the reason. A person who stops a trial says nothing of its
# setting, nor does a machine that was taken away; a process that was lost may have been the
# setting's fault (memory), so its end is infeasible and its reason unstated.
_WORDS: dict[str, tuple[SourceStatus, str]] = {
    **dict.fromkeys(
        ("completed", "complete", "finished", "done", "success", "succeeded", "terminated", "ok"),
        ("completed", ""),
    ),
    **dict.fromkeys(("stopped", "pruned", "early_stopped", "early-stopped"), ("stopped", "")),
    **dict.fromkeys(
        ("killed", "cancelled", "canceled", "aborted", "interrupted", "abandoned"),
        ("stopped", BY_HAND),
    ),
    "preempted": ("stopped", PREEMPTED),
    **dict.fromkeys(("failed", "fail", "failure", "error", "errored"), ("failed", "")),
    **dict.fromkeys(("crashed", "infeasible", "invalid"), ("infeasible", "")),
    **dict.fromkeys(("diverged", "nan"), ("infeasible", "nan")),
    **dict.fromkeys(
        (
            *("running", "pending", "scheduled", "waiting", "queued", "idle", "preempting"),
            *("paused", "candidate", "staged"),
        ),
        ("running", ""),
    ),
}


def ending(word: str) -> tuple[SourceStatus, str]:
    """The status and the reason that a word stands for; `unknown` for any other.

    >>> ending("FINISHED"), ending("killed"), ending("?")
    (('completed', ''), ('stopped', 'by hand'), ('unknown', ''))
    """
    return _WORDS.get(word.strip().casefold().removeprefix("trialstate."), ("unknown", ""))


def are_statuses(words: Iterable[str]) -> bool:
    """Whether each of these words, at least one, says how a trial ended."""
    statuses = [ending(word)[0] for word in words]
    return bool(statuses) and "unknown" not in statuses

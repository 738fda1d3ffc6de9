"""How other tools say in a word that a trial ended, and what that says of its setting."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...record import BY_HAND, PREEMPTED
from ..base import SourceStatus

# Slurm says who: `CANCELLED by 1000`. A longer text is no word.
_BY = re.compile(r"(?<=cancelled)\s+by\s+\S+$|\+$", re.IGNORECASE)
_LONGEST = 60
# A word there, its status here, and the reason. A person who stops a trial says nothing of its
# setting, nor does a machine that was taken away; a process that was lost may have been the
# setting's fault (memory), so its end is infeasible and its reason unstated.
_WORDS: dict[str, tuple[SourceStatus, str]] = {
    **dict.fromkeys(
        (
            *("completed", "complete", "finished", "done", "success", "succeeded", "terminated"),
            *("successful", "ended", "closed", "published", "ok"),
        ),
        ("completed", ""),
    ),
    **dict.fromkeys(("stopped", "pruned", "early_stopped", "earlystopped"), ("stopped", "")),
    **dict.fromkeys(
        (
            *("killed", "cancelled", "canceled", "aborted", "interrupted", "abandoned", "stop"),
            *("user_cancelled", "user_canceled", "user_stopped", "stopped_by_user"),
        ),
        ("stopped", BY_HAND),
    ),
    **dict.fromkeys(
        ("preempted", "node_fail", "boot_fail", "sys_cancelled", "sys_canceled", "revoked"),
        ("stopped", PREEMPTED),
    ),
    **dict.fromkeys(
        ("timeout", "timed_out", "time_out", "time_limit", "deadline"), ("stopped", "time_limit")
    ),
    **dict.fromkeys(("failed", "fail", "failure", "error", "errored"), ("failed", "")),
    **dict.fromkeys(
        (
            *("crashed", "infeasible", "invalid", "metricsunavailable", "metrics_unavailable"),
            *("out_of_memory", "oom", "oom_killed", "oomkilled", "memoryout"),
        ),
        ("infeasible", ""),
    ),
    **dict.fromkeys(("diverged", "nan"), ("infeasible", "nan")),
    **dict.fromkeys(
        (
            *("running", "pending", "scheduled", "waiting", "queued", "idle", "preempting"),
            *("paused", "candidate", "staged", "active", "requested", "stopping", "created"),
            *("in_progress", "inprogress", "not_started", "notstarted", "starting", "preparing"),
            *("configuring", "completing", "suspended", "finalizing"),
        ),
        ("running", ""),
    ),
}


def ending(word: str) -> tuple[SourceStatus, str]:
    """The status and the reason that a word stands for; `unknown` for any other.

    >>> ending("FINISHED"), ending("killed"), ending("?")
    (('completed', ''), ('stopped', 'by hand'), ('unknown', ''))
    """
    bare = _BY.sub("", word.strip()[:_LONGEST]).casefold().removeprefix("trialstate.")
    return _WORDS.get(re.sub(r"[\s_-]+", "_", bare), ("unknown", ""))


def are_statuses(words: Iterable[str]) -> bool:
    """Whether most of these words, at least one, say how a trial ended: every tool has its own."""
    statuses = [ending(word)[0] for word in words]
    return bool(statuses) and statuses.count("unknown") < len(statuses) / 2

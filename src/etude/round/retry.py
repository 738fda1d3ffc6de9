"""Trials that the code or the machine ended: said at the end of a run, and trained again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..analyze.checks.infeasible import THRESHOLDS
from ..errors import TrainError
from ..event import Reopened
from ..playbook.error_kinds import counted_sites, error_site, errors_text, sites_text
from ..record import Record, is_code_failure
from ..store.base import Store
from ..wording import conjunction, join, quantity, study_text
from .result import Result

# Of so many kinds the traceback is shown, one each.
_MOST_TRACEBACKS = 3
# Trials, and ways in which they ended, that a line names.
MOST_LISTED = 3


def reopen(store: Store, name: str) -> None:
    """Makes the trials pending again that the code or the machine ended, of an open experiment.

    Those whose workers died are among them, whatever ended their workers.

    Source: C3.
    """
    records = store.records(name)
    failed = [record for record in records if is_code_failure(record) or _is_killed(record)]
    store.append(name, [Reopened(record.id) for record in failed])


def refuse_code_failures(result: Result, *, again: str) -> None:
    """Says that the user's code stopped most of a study, where it did.

    Args:
        result: Of the run that is over.
        again: How its trials are trained again.

    Raises:
        TrainError: with a traceback of each kind of failure, the most frequent first.

    Source: C3.
    """
    stopped: list[tuple[str, Sequence[Record], int]] = []
    for study in result.studies:
        ended = result.records.of_study(study.name).ended()
        failed = [record for record in ended if is_code_failure(record)]
        if len(failed) > THRESHOLDS.max_code_fraction * len(ended):
            stopped.append((study.name, failed, len(ended)))
    if stopped:
        raise _code_error(stopped, again)


def killed_line(result: Result) -> str:
    """Which trials ended with their workers, and how; empty where none did.

    Source: C3.
    """
    killed = [record for record in result.records if _is_killed(record)]
    if not killed:
        return ""
    ends = Counter(error_site(record.detail) for record in killed)
    listed = join([str(record.id) for record in killed], most=MOST_LISTED)
    how = ", ".join(ends) if len(ends) <= MOST_LISTED else f"mostly {ends.most_common(1)[0][0]}"
    one = len(killed) == 1
    return (
        f"{'Trial' if one else 'Trials'} {listed}: {'its worker' if one else 'the workers'} died "
        f"each time ({how}). To train {'it' if one else 'them'} again: --retry-errors."
    )


def _is_killed(record: Record) -> bool:
    return record.status == "infeasible" and record.reason == "killed"


def _code_error(stopped: Sequence[tuple[str, Sequence[Record], int]], again: str) -> TrainError:
    every = [record for _, failed, _ in stopped for record in failed]
    first: dict[str, str] = {}
    for record in every:
        first.setdefault(error_site(record.detail), record.detail)
    sites = counted_sites(record.detail for record in every)
    shares = [_share(*study) for study in stopped]
    return TrainError(
        f"{conjunction(shares)} ended by {errors_text(sites)} nothing of their settings. "
        f"Mend that, then train them again: {again}",
        user_traceback="\n\n".join([first[site] for site in sites][:_MOST_TRACEBACKS]),
        trial_ids=tuple(record.id for record in every),
    )


def _share(study: str, failed: Sequence[Record], ended: int) -> str:
    """How many trials of a study failed, by which errors."""
    sites = sites_text(counted_sites(record.detail for record in failed))
    return f"{len(failed)} of {quantity(ended, 'trial')} of {study_text(study)} ({sites})"

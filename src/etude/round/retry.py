"""Trials that the code or the machine ended: said at the end of a run, and trained again."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.checks.infeasible import THRESHOLDS
from ..errors import TrainError
from ..event import Reopened
from ..playbook.error_kinds import counted_sites, error_site, errors_text, sites_text
from ..record import Record, is_code_failure
from ..store.base import Store
from ..wording import conjunction, quantity, study_text
from .result import Result

# Of so many kinds the traceback is shown, one each.
_MOST_TRACEBACKS = 3


def reopen(store: Store, name: str) -> None:
    """Makes the trials pending again that the code or the machine ended, of an open experiment.

    Source: C3.
    """
    failed = [record for record in store.records(name) if is_code_failure(record)]
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

"""Runs of MLflow that hold other runs: which of them are trials of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..base import ReadRequest
from ..renaming import local_name
from .runs import Experiment, Run


def trial_runs(experiment: Experiment, request: ReadRequest) -> tuple[list[Run], list[str]]:
    """The runs that are trials, and sentences about those that are none.

    A run that holds others is none where it has no value of the metric and they have, or where it
    logs again what one of them logged. A run with values of its own is one, and so is one that
    failed before it had any where only runs that hold others are judged, as the mean over folds is.
    """
    children: dict[str, list[Run]] = defaultdict(list)
    for run in experiment.runs:
        if run.parent not in ("", run.name):
            children[run.parent].append(run)
    parents = [run for run in experiment.runs if run.name in children]
    held = [child for runs in children.values() for child in runs]
    are_judged = any(_last_value(child, request) is not None for child in held)
    empty = [
        run for run in parents if _last_value(run, request) is None and (are_judged or not run.rows)
    ]
    repeats = [
        run
        for run in parents
        if any(_is_repeated(run, child, request) for child in children[run.name])
    ]
    _meet_names([*empty, *repeats], request)
    left_out = {id(run) for run in (*empty, *repeats)}
    runs = [run for run in experiment.runs if id(run) not in left_out]
    return runs, list(_messages(experiment, request.metric, empty, repeats))


def _messages(
    experiment: Experiment, metric: str, empty: Sequence[Run], repeats: Sequence[Run]
) -> Iterator[str]:
    what_they_are = {
        f"hold other runs and have no value of `{metric}` are no trials": empty,
        "repeat the setting and the last value of a run that they hold are no further "
        "trials": repeats,
    }
    for what, runs in what_they_are.items():
        if runs:
            yield f"Runs of `{experiment.name}` that {what}: {len(runs)} (`{runs[0].name}`…)."


def _is_repeated(parent: Run, child: Run, request: ReadRequest) -> bool:
    """Whether a run logs again the last value of one that it holds, and no other setting.

    Parameters that only one of the two has, such as `best_lr`, say nothing.
    """
    value, theirs = _last_value(parent, request), dict(child.params)
    # A fold without parameters of its own has no setting that could be the same.
    is_same_setting = bool(theirs) and all(
        theirs.get(name, text) == text for name, text in parent.params
    )
    return value is not None and value == _last_value(child, request) and is_same_setting


def _last_value(run: Run, request: ReadRequest) -> float | None:
    """The last value of the metric, under its name here; None where the run has none."""
    return next(
        (
            value
            for _, name, value in reversed(run.rows)
            if local_name(name, request) == request.metric
        ),
        None,
    )


def _meet_names(runs: Sequence[Run], request: ReadRequest) -> None:
    """Notes the names to be ignored that these runs have: such a name is in the source."""
    for run in runs:
        for name in {*dict(run.params), *(name for _, name, _ in run.rows)}:
            local_name(name, request)

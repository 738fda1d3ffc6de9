"""The same trials judged by another metric that they recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..playbook.metrics import is_test_metric
from . import provenance
from .hidden_metrics import record_look, recorded_metric

if TYPE_CHECKING:
    from .result import Result


def judged(result: Result, metric: str, *, maximize: bool) -> Result:
    """The result as another metric judges it; a look at one of test data is written down.

    Raises:
        RunError: where no trial has a value of it.

    Source: Q2, X3.
    """
    chosen = recorded_metric(metric, result.experiment, result.recorded)
    trained = result.trained or result.experiment
    examples = trained.validation_examples if chosen.startswith("valid/") else None
    # Chance is of one metric, and known of no other.
    chance = trained.chance if chosen == trained.metric else None
    experiment = replace(result.experiment, metric=chosen, maximize=maximize)
    experiment = replace(experiment, validation_examples=examples, chance=chance)
    if is_test_metric(chosen, experiment.names) and not result.shows_test:
        record_look(result.store.files.test_looks, experiment.name, provenance.command())
    entry = replace(result.entry, experiment=experiment)
    # Where training broke before stands, whatever it is judged by.
    before = tuple(
        (replace(one, metric=chosen, maximize=maximize), records) for one, records in result.before
    )
    return replace(result, entry=entry, trained=trained, prior={}, before=before)

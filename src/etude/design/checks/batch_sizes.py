"""Batch sizes compared at equal steps or equal epochs: which of both, and what that favours."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...space import is_number
from ...study import Study
from ..catalogued import catalogued, literal, path_of, subject_of, written


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What is said where the batch size varies, and the length of the trainings does not.

    Equal epochs leave a larger batch fewer steps: where it needs as many, beyond the critical size,
    it looks worse than it is, and only perfect scaling is seen. Equal steps show it more examples.
    Where the length is searched too, trainings are equal in neither (T4 speaks of it).

    Source: S8, S3.
    """
    searched = catalogued(experiment, ("scientific", "nuisance"))
    if any(entry.name in ("epochs", "max_steps") for _, entry in searched):
        return []
    epochs = _fixed_epochs(experiment)
    return [
        _finding(experiment, studies, size, epochs)
        for size, entry in searched
        if entry.name == "batch_size"
    ]


def _fixed_epochs(experiment: Experiment) -> Hyperparameter | None:
    """The number of epochs that all trainings have, where the file fixes it."""
    hits = [
        one
        for one, entry in catalogued(experiment, ("fixed",))
        if entry.name == "epochs" and is_number(one.value)
    ]
    return hits[0] if hits else None


def _finding(
    experiment: Experiment,
    studies: Sequence[Study],
    size: Hyperparameter,
    epochs: Hyperparameter | None,
) -> Finding:
    if epochs is None:
        kind, length = "equal steps", f"{experiment.max_steps:,}"
        effect = "a larger batch sees more examples in as many steps"
    else:
        kind, length = "equal epochs", literal(epochs)
        effect = "a larger batch takes fewer steps, so nothing but perfect scaling can show"
    return Finding(
        rule="S8",
        check="batch_sizes",
        status="notice",
        subject=subject_of(size, studies),
        headline=f"Batch sizes are compared at {kind}, {length} each",
        message=(
            f"Every training of {written(size)} has {kind}, {length} each: {effect}. Neither says "
            "which batch size reaches a goal soonest."
        ),
        evidence={
            "path": path_of(size, experiment),
            "equal": "steps" if epochs is None else "epochs",
            "length": experiment.max_steps if epochs is None else epochs.value,
        },
        advice=(
            "Compare batch sizes by the time to a target, each with a learning rate of its own: "
            "`etude batch-size FILE --target METRIC=VALUE`."
        ),
    )

"""Values that a smaller model was tuned to, held in a round with a larger one."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...playbook.catalogue import known
from ...space import Integer, Real
from ...study import Study
from ...wording import conjunction, number
from ..catalogued import catalogued, hyperparameters, strengths, subject_of

# What depends on the size of a model: that of the optimizer, of its schedule, and regularization.
_TUNED = ("optimizer", "schedule", "regularization")


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    """A model that is larger than the parent's, where what that searched is held.

    What a small model shows to matter is searched again on the larger one.

    Source: S17, R6.
    """
    if parent is None:
        return []
    searched = {one.name for one in hyperparameters(parent) if one.role != "fixed"}
    carried = [
        one.name
        for one, entry in catalogued(experiment, ("fixed",))
        if entry.kind in _TUNED and entry.role == "nuisance" and one.name in searched
    ]
    sizes = {one.name: largest for one, largest in _sizes(parent)}
    return [
        _finding(size, sizes[size.name], largest, carried, (parent.name, studies))
        for size, largest in _sizes(experiment)
        if carried and size.name in sizes and largest > sizes[size.name]
    ]


def _sizes(experiment: Experiment) -> list[tuple[Hyperparameter, float]]:
    """What sets the size of the model, each with its largest value; no text has one."""
    sizes = []
    for one in hyperparameters(experiment):
        entry = known(one.name, experiment.names)
        values = [one.value.high] if isinstance(one.value, Real | Integer) else strengths(one.value)
        if entry is not None and entry.size and values:
            sizes.append((one, max(values)))
    return sizes


def _finding(
    size: Hyperparameter,
    before: float,
    now: float,
    carried: Sequence[str],
    beside: tuple[str, Sequence[Study]],
) -> Finding:
    parent, studies = beside
    was, becomes = number(before), number(now)
    listed = conjunction([f"`{name}`" for name in carried])
    are = "it is" if len(carried) == 1 else "they are"
    return Finding(
        rule="S17",
        check="larger_model",
        status="notice",
        subject=subject_of(size, studies),
        headline=f"`{size.name}` grew from {was} to {becomes}, with values of the smaller model",
        message=(
            f"`{size.name}` reaches {becomes} here and {was} in `{parent}`, which searched "
            f"{listed}: here {are} held. A small model shows which hyperparameters "
            "matter; their values are tuned again on the larger one."
        ),
        evidence={"parent": parent, "before": before, "now": now, "held": list(carried)},
        advice=f"Search {listed} again, or see by `etude extend --model` whether they move.",
    )

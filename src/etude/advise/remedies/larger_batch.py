"""A larger batch: the regularization ranges of a file, extended upward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...design.batch_size import largest_batch_size
from ...design.catalogued import catalogued, is_listed
from ...experiment import Experiment
from ...experiment.change import Change
from ...finding import Recommendation
from ...space import Integer, Real, is_number
from ...wording import number
from ..context import Context, Remedy
from .regularize import regularize
from .widen import before_walls, wider_bound


def extend_regularization(context: Context) -> list[Remedy]:
    """Every regularization range reaches higher after a round that raised the batch size.

    Once: a range that reaches higher than in the round before was extended already, and what
    overfitting asks for is not asked for twice.

    Source: S14, C6.
    """
    if not context.analysis.before:
        return []
    experiment, parent = context.experiment, context.analysis.before[-1].experiment
    before, now = largest_batch_size(parent), largest_batch_size(experiment)
    if not 0 < before < now or parent.name != experiment.parent:
        return []
    because = f"a batch of {number(now)}, not {number(before)}, has less noise: may overfit more."
    taken = {edit.path for one in regularize(context) for edit in one.edits}
    bounds = _upper_bounds(parent)
    edits = [
        _before_walls(context, edit)
        for edit in extended_regularization(experiment, because)
        if edit.path not in taken and bounds.get(edit.path) == edit.old
    ]
    return [Remedy(rule="S14", edits=(edit,)) for edit in edits if edit.change.new != edit.old]


def _before_walls(context: Context, edit: Recommendation) -> Recommendation:
    """The same, no further than to where training broke in earlier rounds."""
    owner = next(one for one in context.experiment.hyperparameters if one.path == edit.path)
    assert is_number(edit.change.new), "A bound is a number. This is a bug."
    new = before_walls(context, owner, edit.change.new, "high")
    return replace(edit, change=replace(edit.change, new=new))


def extended_regularization(experiment: Experiment, because: str) -> Iterator[Recommendation]:
    """The upper bounds of the regularization's ranges, each moved outward.

    A larger batch has less noise in its gradient, which regularized too. A strength that is fixed
    stays: S10's finding asks a person to draw a range for it.

    Args:
        experiment: Whose ranges they are.
        because: Why, as a sentence of the file.

    Source: S14.
    """
    for one, entry in catalogued(experiment, ("nuisance",)):
        domain = one.value
        if entry.kind != "regularization" or is_listed(one, experiment):
            continue
        if isinstance(domain, Real | Integer):
            high = wider_bound(entry.name, domain, "high")
            change = Change(one.keys, "high", high)
            if high > domain.high:
                yield Recommendation(rule="S14", change=change, old=domain.high, because=because)


def _upper_bounds(experiment: Experiment) -> dict[str, float]:
    return {
        one.path: one.value.high
        for one in experiment.hyperparameters
        if isinstance(one.value, Real | Integer)
    }

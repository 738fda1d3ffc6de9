"""A best trial that overfits asks for more regularization before studies are compared."""

from __future__ import annotations

from ...design.catalogued import catalogued, optimizer_of
from ...experiment.hyperparameter import Hyperparameter
from ...playbook.catalogue import Entry, known, known_switch
from ...space import Integer, Real, is_number
from ...study import Study
from ..context import Context, Remedy, claim, manual_remedy, value_edits, with_bounds
from .widen import before_walls, wider_bound

# As C6 names them; what else the catalogue knows of regularizers comes behind.
_ORDER = ("dropout", "label_smoothing", "weight_decay")


def regularize(context: Context) -> list[Remedy]:
    """One regularizer that is held becomes a range, in the order of C6; else one reaches higher.

    Not where regularization is itself the question. Where the experiment has none, words: a file
    cannot teach the train function a new name.

    Source: C6, C7, R9, R3.
    """
    causes = [
        *context.of("overfitting", "C6", "problem"),
        *context.of("overfitting", "C7", "notice"),
    ]
    if not causes or _is_the_question(context):
        return []
    cause = causes[0]
    study = context.study(cause)
    for regularizer, entry in _regularizers(context):
        stronger = _stronger_range(context, regularizer, entry, study)
        if stronger is not None and regularizer.exists(study.scientific):
            because = f"{claim(cause)}: search more {entry.name.replace('_', ' ')}."
            edits = value_edits(regularizer, stronger, cause.rule, because)
            return [Remedy(rule=cause.rule, edits=tuple(edits))]
    return [manual_remedy("C6", cause)]


def _is_the_question(context: Context) -> bool:
    """Whether a scientific hyperparameter regularizes, or switches a regularizer."""
    hyperparameters = context.experiment.hyperparameters
    names = [one.name for one in hyperparameters if one.role == "scientific"]
    own = context.experiment.names
    entries = [known(name, own) or known_switch(name, own) for name in names]
    return any(
        entry is not None and (entry.kind == "regularization" or entry.switch) for entry in entries
    )


def _regularizers(context: Context) -> list[tuple[Hyperparameter, Entry]]:
    """Those that are held before those that are searched, each in the order of C6."""
    regularizers = [
        (hyperparameter, entry)
        for hyperparameter, entry in catalogued(context.experiment, ("nuisance", "fixed"))
        if entry.kind == "regularization" and entry.off is not None
    ]
    return sorted(regularizers, key=lambda pair: (pair[0].role == "nuisance", _place(pair[1])))


def _place(entry: Entry) -> int:
    return _ORDER.index(entry.name) if entry.name in _ORDER else len(_ORDER)


def _stronger_range(
    context: Context, regularizer: Hyperparameter, entry: Entry, study: Study
) -> Real | Integer | None:
    """A range of higher strengths; None where there is none to draw, or training breaks there."""
    value = regularizer.value
    if isinstance(value, Real | Integer):
        high = before_walls(context, regularizer, wider_bound(entry.name, value, "high"), "high")
        return with_bounds(value, high=high) if high > value.high else None
    start = entry.start_for(optimizer_of(study))
    if not is_number(value) or not isinstance(start, Real | Integer):
        return None
    # What is held already is not given up for less; one that is stronger than where one begins is
    # for a person to draw a range for.
    least = max(value, start.low)
    return with_bounds(start, low=least) if least < start.high else None

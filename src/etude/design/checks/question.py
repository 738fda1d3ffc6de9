"""One question a round, and what it takes over from the round before."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...space import Choice, Integer, Real, value_text
from ...study import Study
from ..catalogued import catalogued, literal, strengths, subject_of


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    """More than one question at once, and a batch size that is not the parent's.

    Source: R3, S10, S14.
    """
    return [*_questions(experiment, studies), *_batch_size(experiment, studies, parent)]


def _questions(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What is scientific without a condition; what stands below one belongs to its bundle."""
    asked = [one for one in experiment.hyperparameters if one.role == "scientific" and not one.when]
    if len(asked) < 2:
        return []
    listed = " and ".join(f"`{one.name}` ({literal(one)})" for one in asked)
    trials = sum(study.max_trials for study in studies)
    return [
        Finding(
            rule="R3",
            check="question",
            status="notice",
            subject={},
            message=(
                f"This round asks {len(asked)} questions at once, {listed}, with {trials} trials "
                "in all: one narrow goal a round is easier to answer, and to learn from (R3)."
            ),
            evidence={
                "scientific": [one.name for one in asked],
                "studies": len(studies),
                "trials": trials,
            },
            advice=(
                "Ask one now and fix the others for this round; or acknowledge R3 where their "
                "interaction is the question."
            ),
        )
    ]


def _batch_size(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    before, now = _batch_sizes(parent), _batch_sizes(experiment)
    if parent is None and experiment.parent and now:
        return [_unknown_parent(experiment.parent)]
    if parent is None or not before or not now or before == now:
        return []
    size = _of_batch_size(experiment)[0]
    was, becomes = ", ".join(before), ", ".join(now)
    fixed = [
        other.name
        for other, entry in catalogued(experiment, ("fixed",))
        if (entry.kind == "optimizer" and entry.role == "nuisance")
        or entry.kind == "regularization"
    ]
    still = f" Still fixed here: {', '.join(f'`{name}`' for name in fixed)}." if fixed else ""
    more = " A larger batch may overfit more: extend regularization upward (S14)."
    return [
        Finding(
            rule="S10",
            check="question",
            status="notice",
            subject=subject_of(size, studies),
            message=(
                f"`{size.name}` is {becomes} here and was {was} in `{parent.name}`: with another "
                "batch size nearly every hyperparameter needs to be tuned anew, those of the "
                "optimizer and the regularization first, and perhaps the number of steps (S10)."
                f"{still}"
            ),
            evidence={"parent": parent.name, "before": before, "now": now, "fixed": fixed},
            advice=(
                "Keep the batch size of the round before, or tune the others anew and carry none "
                f"of its conclusions over.{more if _is_raised(parent, experiment) else ''}"
            ),
        )
    ]


def _unknown_parent(name: str) -> Finding:
    return Finding(
        rule="S10",
        check="question",
        status="unclear",
        subject={},
        message=(
            f"Whether the batch size is that of the round before is unclear: this store has no "
            f"experiment `{name}`, which is named as the parent (S10)."
        ),
        evidence={"parent": name},
        advice="Mend `parent`, or name the store that has it with --store.",
    )


def _batch_sizes(experiment: Experiment | None) -> list[str]:
    """Every batch size that an experiment may use, as text."""
    if experiment is None:
        return []
    sizes: set[str] = set()
    for hyperparameter in _of_batch_size(experiment):
        if isinstance(hyperparameter.value, Choice):
            sizes.update(map(value_text, hyperparameter.value.values))
        else:
            sizes.add(literal(hyperparameter))
    return sorted(sizes, key=lambda text: (len(text), text))


def _of_batch_size(experiment: Experiment) -> list[Hyperparameter]:
    return [one for one, entry in catalogued(experiment) if entry.name == "batch_size"]


def _is_raised(parent: Experiment, experiment: Experiment) -> bool:
    return _largest(experiment) > _largest(parent)


def _largest(experiment: Experiment) -> float:
    sizes = [
        one.value.high if isinstance(one.value, Real | Integer) else max(strengths(one.value))
        for one in _of_batch_size(experiment)
        if isinstance(one.value, Real | Integer) or strengths(one.value)
    ]
    return max(sizes, default=0.0)

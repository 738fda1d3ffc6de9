"""One question a round, and what it takes over from the round before."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...study import Study
from ...wording import conjunction, join
from ..batch_size import accumulated, batch_sizes, largest_batch_size, of_batch_size
from ..catalogued import catalogued, hyperparameters, role_phrase, subject_of, written


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    """More than one question at once, a batch size that is not the parent's, a chosen seed.

    Source: R3, S10, S14, W7, A1, R1.
    """
    return [
        *_questions(experiment, studies),
        *_batch_size(experiment, studies, parent),
        *_seed(experiment, studies, parent),
    ]


def _questions(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What is scientific without a condition; what stands below one belongs to its bundle."""
    seeds = _seeds(experiment, ("scientific",))
    asked = [
        one
        for one in experiment.hyperparameters
        if one.role == "scientific" and not one.when and one not in seeds
    ]
    if len(asked) < 2:
        return []
    listed = conjunction([written(one) for one in asked])
    trials = sum(study.max_trials for study in studies)
    return [
        Finding(
            rule="R3",
            check="question",
            status="notice",
            subject={},
            headline=f"{len(asked)} questions at once, with {trials} trials in all",
            message=(
                f"This round asks {len(asked)} questions at once, {listed}, with {trials} trials "
                "in all. One narrow goal a round is easier to answer, and to learn from."
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
    before, now = batch_sizes(parent), batch_sizes(experiment)
    if parent is None and experiment.parent and now:
        return [_unknown_parent(experiment.parent)]
    if parent is None or not before or not now or before == now:
        return []
    size = of_batch_size(experiment)[0]
    was, becomes = join(before, most=2), join(now, most=2)
    if accumulated(size, experiment) != 1:
        becomes += ", accumulated,"
    fixed = [
        other.name
        for other, entry in catalogued(experiment, ("fixed",))
        if (entry.kind == "optimizer" and entry.role == "nuisance")
        or entry.kind == "regularization"
    ]
    still = f" Still fixed here: {', '.join(f'`{name}`' for name in fixed)}." if fixed else ""
    upward = ", with regularization extended upward since a larger batch may overfit more (S14)"
    return [
        Finding(
            rule="S10",
            check="question",
            status="notice",
            subject=subject_of(size, studies),
            headline=f"`{size.name}` is {becomes} here, {was} in `{parent.name}`",
            message=(
                f"`{size.name}` is {becomes} here and was {was} in `{parent.name}`: nearly all "
                "else needs tuning anew, the optimizer's and the regularization's first, perhaps "
                f"the number of steps.{still}"
            ),
            evidence={"parent": parent.name, "before": before, "now": now, "fixed": fixed},
            advice=(
                "Keep the batch size of the round before, or carry none of its conclusions over "
                f"and tune anew{upward if _is_raised(parent, experiment) else ''}."
            ),
        )
    ]


def _unknown_parent(name: str) -> Finding:
    return Finding(
        rule="S10",
        check="question",
        status="unclear",
        subject={},
        headline=f"Batch size of the round before is not known: no `{name}` in this store",
        message=(
            "Whether the batch size is that of the round before is unclear: this store has no "
            f"experiment `{name}`, which is named as the parent."
        ),
        evidence={"parent": name},
        advice="Mend `parent`, or name the store that has it with --store.",
    )


def _seed(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    """A seed that is searched, or fixed where the round before tried many."""
    searched = _seeds(experiment, ("scientific", "nuisance"))
    fixed = _seeds(experiment, ("fixed",)) if parent and _has_many_seeds(parent) else []
    stops = ", and stops early (K1)" if experiment.schedule == "asha" else ""
    return [
        Finding(
            rule="W7",
            check="question",
            status="notice",
            subject=subject_of(seed, studies),
            headline=f"`{seed.name}` is {'searched' if seed in searched else 'the best of before'}:"
            " luck is kept",
            message=(
                f"{written(seed)} {_chosen(seed, experiment, is_searched=seed in searched)}, as a "
                f"known walk-through does{stops}: its best value is the luckiest training (A1). To "
                "launch needs more than one lucky run (R1)."
            ),
            evidence={"role": seed.role, "against": ["A1", "R1", *(["K1"] if stops else [])]},
            advice=(
                f"Leave `{seed.name}` out of the file, since each trial has a seed of its own, and "
                "train the best setting again with others."
            ),
        )
        for seed in (*searched, *fixed)
    ]


def _chosen(seed: Hyperparameter, experiment: Experiment, *, is_searched: bool) -> str:
    return role_phrase(seed, experiment) if is_searched else "is what the round before chose"


def _has_many_seeds(parent: Experiment) -> bool:
    """Whether it searched a seed, or trained one setting with several."""
    searched = [one for one in hyperparameters(parent) if one.role != "fixed"]
    return not searched or bool(_seeds(parent, ("scientific", "nuisance")))


def _seeds(experiment: Experiment, roles: Collection[str]) -> list[Hyperparameter]:
    return [one for one, entry in catalogued(experiment, roles) if entry.name == "seed"]


def _is_raised(parent: Experiment, experiment: Experiment) -> bool:
    return largest_batch_size(experiment) > largest_batch_size(parent)

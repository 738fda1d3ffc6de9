"""The schedule that a population found, as an experiment that trains it again from the start."""

from __future__ import annotations

from ..analyze.lineage import Lineage
from ..errors import RunError
from ..experiment import Experiment
from ..study import Study


def replayed(
    experiment: Experiment, study: Study, found: Lineage, *, repeats: int = 1
) -> Experiment:
    """An experiment whose trials begin as the best line began, and change as it changed.

    A population's best member was chosen among many, each with luck of its own: only trained again
    with other seeds does a schedule show what it is worth.

    Args:
        experiment: The round in which the population was trained.
        study: The population's.
        found: Its families.
        repeats: How many trials, each with a seed of its own.

    Raises:
        RunError: where no trial has a value that counts.

    Source: L2, L4, A1, A2, W4.
    """
    if not found.schedule:
        raise RunError(f"No trial of `{study.name}` has a value that counts, so there is no best.")
    first, *later = found.schedule
    changes = [{"step": one.updates, **one.values} for one in later]
    return Experiment(
        metric=experiment.metric,
        max_steps=experiment.max_steps,
        name=f"{experiment.name}-replay",
        question=f"What is the schedule worth that {experiment.name} found?",
        maximize=experiment.maximize,
        evaluations=experiment.evaluations,
        train=experiment.train,
        seed=experiment.seed,
        validation_examples=experiment.validation_examples,
        max_trial_s=experiment.max_trial_s,
        diverged_above=experiment.diverged_above,
        keep_checkpoints=experiment.keep_checkpoints,
        parent=experiment.name,
        fixed={**study.fixed, **study.scientific},
        configurations=tuple(first.values for _ in range(repeats)),
        schedule="replay" if changes else None,
        schedule_options={"changes": changes} if changes else {},
    )

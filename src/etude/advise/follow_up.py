"""Experiments that train again: settings, to compare or to prune them; a population's schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..analyze.summaries.lineage import Lineage
from ..errors import RunError
from ..experiment import Experiment
from ..playbook.metrics import METRICS
from ..space import Choice, Scalar
from ..space.values import value_text
from ..study import Study, derived_seed

# The playbook's N (A2).
SEEDS = 5


def retraining_experiment(
    experiment: Experiment,
    settings: Sequence[Mapping[str, Scalar]],
    *,
    name: str,
    seeds: int = SEEDS,
) -> Experiment:
    """An experiment that trains each setting with so many seeds, in turn.

    What all settings share is fixed. Every trial has a seed of its own, and none that a trial of
    the experiment has: there its value was picked for being good (A1). A hyperparameter that only
    some of the settings have cannot be listed beside the others. What is fixed was tuned before.

    Source: A1, A2, R12.
    """
    shared = dict(
        sorted(
            (key, value)
            for key, value in settings[0].items()
            if all(key in setting and setting[key] == value for setting in settings)
        )
    )
    rows = [
        {key: value for key, value in setting.items() if key not in shared} for setting in settings
    ]
    varies = any(rows)
    return replace(
        _of_its_own(experiment, set().union(*settings)),
        name=name,
        parent=experiment.name,
        question=_question(len(settings)),
        notes="Trained again before a change is adopted (A2).",
        scientific={},
        nuisance={},
        fixed=shared,
        seed=derived_seed(experiment.seed, name),
        trials=0 if varies else seeds,
        configurations=tuple(rows * seeds) if varies else (),
        search="listed" if varies else "quasi_random",
        search_options={},
        # Trained to their end: what a schedule would stop says nothing of the setting.
        schedule=None,
        schedule_options={},
        studies="split",
        observed=(),
        constraints=(),
        acknowledge=("R6", "R7", "R9"),
    )


def _of_its_own(experiment: Experiment, there: Collection[str]) -> Experiment:
    """The same of whole settings: what a baseline or [names] has beside them is no part of it."""
    return replace(experiment, baseline=None, names=_names_of(experiment, there))


def _names_of(experiment: Experiment, there: Collection[str]) -> dict[str, str]:
    """What [names] says of metrics, and of the hyperparameters that are there still."""
    return {
        name: known
        for name, known in experiment.names.items()
        if not known or known in METRICS or name in there or known in there
    }


def _question(settings: int) -> str:
    if settings == 1:
        return "How good is this setting with other seeds?"
    return f"How good are {settings} settings with other seeds?"


def seeds_experiment(
    experiment: Experiment, best: Sequence[tuple[Study, Mapping[str, Scalar]]], *, seeds: int
) -> Experiment:
    """An experiment that trains the best setting of each study with so many seeds, and no more.

    Two leaders stay two studies, which tune nothing: their means are compared. Where they differ in
    several scientific hyperparameters, or are parts of one merged study, the leader alone is
    trained again.

    Args:
        experiment: The round.
        best: The studies with their best settings, the leader first, at least one.
        seeds: How many trainings of each.

    Source: A2, R13.
    """
    (_, leader), *_ = best
    scientific = compared_by(experiment, [study for study, _ in best])
    if not scientific:
        return retraining_experiment(
            experiment, [leader], name=f"{experiment.name}-seeds", seeds=seeds
        )
    values = [study.scientific[scientific] for study, _ in best]
    settings = [{key: one[key] for key in one if key != scientific} for _, one in best]
    shared = {
        key: value
        for key, value in settings[0].items()
        if all(key in other and other[key] == value for other in settings)
    }
    own = {
        value_text(value): {key: one[key] for key in one if key not in shared}
        for value, one in zip(values, settings, strict=True)
    }
    when = {"when": {scientific: {text: rest for text, rest in own.items() if rest}}}
    plain = retraining_experiment(experiment, [leader], name=f"{experiment.name}-seeds")
    return replace(
        plain,
        question="Does the lead hold with other seeds?",
        scientific={scientific: Choice(values)},
        names=_names_of(experiment, set().union(*(one for _, one in best))),
        fixed={**shared, **(when if any(own.values()) else {})},
        trials=seeds,
    )


def compared_by(experiment: Experiment, studies: Sequence[Study]) -> str:
    """The one scientific hyperparameter in which two studies differ; empty where they are no such.

    Source: R13.
    """
    if len(studies) != 2 or experiment.studies == "merged":
        return ""
    first, second = (study.scientific for study in studies)
    if first.keys() != second.keys():
        return ""
    names = [name for name in first if first[name] != second[name]]
    return names[0] if len(names) == 1 else ""


def prunings(
    before: Mapping[str, Scalar], after: Mapping[str, Scalar]
) -> list[Mapping[str, Scalar]]:
    """The changed setting, then for each of its changes the same without that change.

    Only of changes to what both have: what one of them lacks cannot be put back by a value.

    Source: A4, R2.
    """
    changed = sorted(name for name in after if name in before and before[name] != after[name])
    whole = dict(after)
    if len(changed) < 2:
        return [whole]
    return [whole, *({**whole, name: before[name]} for name in changed)]


def replay_experiment(
    experiment: Experiment, study: Study, lineage: Lineage, *, repeats: int = 1
) -> Experiment:
    """An experiment whose trials begin as the best line began, and change as it changed.

    A population's best member was chosen among many, each with luck of its own: only trained again
    with other seeds does a schedule show what it is worth.

    Args:
        experiment: The round in which the population was trained.
        study: The population's.
        lineage: Its families.
        repeats: How many trials, each with a seed of its own.

    Raises:
        RunError: where no trial has a value that counts.

    Source: L2, L4, A1, A2, W4.
    """
    if not lineage.schedule:
        raise RunError(f"No trial of `{study.name}` has a value that counts, so there is no best.")
    first, *later = lineage.schedule
    changes = [{"step": change.updates, **change.values} for change in later]
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
        chance=experiment.chance,
        max_trial_s=experiment.max_trial_s,
        diverged_above=experiment.diverged_above,
        keep_checkpoints=experiment.keep_checkpoints,
        evaluate_training=experiment.evaluate_training,
        parent=experiment.name,
        fixed={**study.fixed, **study.scientific},
        names=_names_of(experiment, {*study.fixed, *study.scientific, *first.values}),
        configurations=tuple(first.values for _ in range(repeats)),
        schedule="replay" if changes else None,
        schedule_options={"changes": changes} if changes else {},
        resources=experiment.resources,
        track=experiment.track,
    )

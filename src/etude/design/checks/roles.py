"""Roles that a hyperparameter should not have: what no score may judge, what must not be fixed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding, Severity
from ...playbook.catalogue import Entry
from ...space import is_number
from ...study import Study
from ...wording import conjunction, number
from ..catalogued import (
    catalogued,
    is_listed,
    literal,
    optimizer_of,
    path_of,
    role_phrase,
    studies_with,
    subject_of,
    tuning_advice,
    written,
)

_HELD_OUT = {"valid", "validation", "val", "test", "eval", "evaluation", "dev", "holdout"}
_TRAINING = {"train", "training"}
_LENGTHS = ("max_steps", "epochs")
# What is accumulated is a batch all the same.
_BATCHES = ("batch_size", "gradient_accumulation")
# `warmup.steps` is the length of a part of a training, not of all of it.
_PART_OF_TRAINING = re.compile(r"warm_?up|decay|cool_?down|sched", re.IGNORECASE)


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What speaks against the roles of batch size, length, optimizer, weight decay, architecture.

    Source: S3, T4, W2, W3, W4, R6, R7, R8, R10, Q11, S2.
    """
    return [
        *_batch_size(experiment, studies),
        *_length(experiment, studies),
        *_optimizer_fixed(experiment, studies),
        *_weight_decay_fixed(experiment, studies),
        *_optimizer_searched(experiment, studies),
        *_architecture_searched(experiment, studies),
    ]


def _batch_size(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    metric = experiment.metric
    first = re.split(r"[^a-z]", metric.casefold())[0]
    if first in _TRAINING:
        return []
    status: Severity = "problem" if first in _HELD_OUT else "unclear"
    judge = f"`{metric}`{'' if status == 'problem' else ', perhaps a validation score'}"
    return [
        Finding(
            rule="S3",
            check="roles",
            status=status,
            subject=subject_of(size, studies),
            headline=f"`{size.name}` {_varies(size)} and is judged by {judge}",
            message=(
                f"{written(size)} {role_phrase(size, experiment)} and is judged by {judge}: it "
                "sets the speed of training. With all else tuned for each size, and steps enough, "
                f"the best score should not depend on it{_walked(experiment)}."
            ),
            evidence={
                "path": path_of(size, experiment),
                "role": size.role,
                "metric": metric,
            },
            advice=f"Choose `{size.name}` by throughput and training time, and move it to [fixed].",
        )
        for size, entry in catalogued(experiment, ("scientific", "nuisance"))
        if entry.name in _BATCHES
    ]


def _length(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    findings = []
    for length, entry in catalogued(experiment, ("scientific", "nuisance")):
        # What [names] says of it is no guess by its words.
        is_part = length.name not in experiment.names and _PART_OF_TRAINING.search(length.name)
        if entry.name not in _LENGTHS or is_part:
            continue
        is_inside = any(length.name in study.space.domains for study in studies)
        effect = (
            "the trials of a study then differ in length, and longer ones are likely to win"
            if is_inside
            else "each study has one length, but the longest is likely to win"
        )
        winner = "the longer trials are" if is_inside else "the longest study is"
        finding = Finding(
            rule="T4",
            check="roles",
            status="problem" if is_inside else "notice",
            subject=subject_of(length, studies),
            headline=f"`{length.name}` {_varies(length)}: {winner} likely to win",
            message=(
                f"{written(length)} {role_phrase(length, experiment)}: {effect}"
                f"{_walked(experiment)}."
            ),
            evidence={
                "path": path_of(length, experiment),
                "max_steps": experiment.max_steps,
            },
            advice=(
                f"Take one length for all trials, `max_steps`, move `{length.name}` out of the "
                "search, and look afterwards at where the best step fell."
            ),
        )
        findings.append(finding)
    return findings


def _optimizer_fixed(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """Those with a value of their own in a study that has them and trials enough to tune them."""
    findings = []
    for fixed, entry in catalogued(experiment, ("fixed",)):
        is_tunable = entry.kind in ("optimizer", "schedule") and entry.role == "nuisance"
        if not is_tunable or not is_number(fixed.value) or fixed.value == entry.off:
            continue
        affording = [
            study
            for study in studies_with(fixed, studies)
            if entry.belongs_to(optimizer_of(study)) and study.max_trials >= entry.tuned_from
        ]
        if affording:
            findings.append(_fixed_finding(experiment, fixed, entry, affording))
    return findings


def _fixed_finding(
    experiment: Experiment, fixed: Hyperparameter, entry: Entry, studies: Sequence[Study]
) -> Finding:
    compared = any(one.role == "scientific" for one in experiment.hyperparameters)
    trials = max(study.max_trials for study in studies)
    change = tuning_advice(fixed, entry, experiment, optimizer_of(studies[0]))
    evidence = {"path": path_of(fixed, experiment), "value": fixed.value, "trials": trials}
    return Finding(
        rule="R7",
        check="roles",
        status="problem" if compared and entry.name == "learning_rate" else "notice",
        subject=subject_of(fixed, studies),
        headline=f"{_held(fixed)}, though {trials} trials a study could tune it",
        message=_fixed_message(fixed, trials, compared=compared),
        evidence={**evidence, "tuned_from": entry.tuned_from},
        advice=(
            f"{change}; or acknowledge R7 where strong evidence says that it does not interact "
            "with the question."
        ),
    )


def _fixed_message(fixed: Hyperparameter, trials: int, *, compared: bool) -> str:
    risk = (
        "a fixed value may favour some of the settings compared"
        if compared
        else "the best of the others may be the best at this value alone"
    )
    return (
        f"{_held(fixed)}, though {trials} trials a study could tune it. Optimizer "
        f"hyperparameters tend to interact with other changes, so {risk}."
    )


def _held(fixed: Hyperparameter) -> str:
    value = fixed.value
    shown = number(value) if isinstance(value, float) else literal(fixed)
    return f"`{fixed.name}` is fixed at `{shown}`"


def _varies(hyperparameter: Hyperparameter) -> str:
    return "is compared" if hyperparameter.role == "scientific" else "is searched"


def _walked(experiment: Experiment) -> str:
    """What to add where batch size and length are searched, as a known walk-through does.

    Source: W2, W3, W4, K1.
    """
    searched = {entry.name for _, entry in catalogued(experiment, ("scientific", "nuisance"))}
    if "batch_size" not in searched or not searched & set(_LENGTHS):
        return ""
    more = "and stops early (K1)" if experiment.schedule == "asha" else "all the same"
    return f"; a known walk-through searches it {more}"


def _weight_decay_fixed(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    sizes = [one for one, entry in catalogued(experiment, ("scientific",)) if entry.size]
    if not sizes:
        return []
    compared = conjunction([written(size) for size in sizes])
    names = conjunction([f"`{size.name}`" for size in sizes])
    return [
        Finding(
            rule="R6",
            check="roles",
            status="problem",
            subject=subject_of(decay, studies),
            headline=f"{_held(decay)} while {names} is compared",
            message=(
                f"{_held(decay)} while {compared} is compared. Its best strength "
                "usually depends on the size of the model, so one strength says little about sizes."
            ),
            evidence={
                "path": path_of(decay, experiment),
                "value": decay.value,
                "compared": [size.name for size in sizes],
            },
            advice=f"{tuning_advice(decay, entry, experiment)}.",
        )
        for decay, entry in catalogued(experiment, ("fixed",))
        if entry.name == "weight_decay" and is_number(decay.value) and decay.value != entry.off
    ]


def _optimizer_searched(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """The choice of optimizer as a nuisance; what makes another one of it is such a choice too."""
    return [
        Finding(
            rule="R8",
            check="roles",
            status="notice",
            subject=subject_of(choice, studies),
            headline=f"`{choice.name}` {_as_nuisance(choice, experiment)}: make it scientific, or "
            "fix it",
            message=(
                f"{written(choice)} {_as_nuisance(choice, experiment)}. The choice of optimizer is "
                "scientific or fixed: the other hyperparameters need ranges of their own for each."
            ),
            evidence={"path": path_of(choice, experiment), "value": literal(choice)},
            advice=(
                f"Move `{choice.name}` to [scientific], or to [fixed] where it is known not to "
                "matter for the question."
            ),
        )
        for choice, entry in catalogued(experiment, ("nuisance",))
        if entry.kind == "optimizer" and entry.role == "scientific"
    ]


def _architecture_searched(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What changes the cost of the model as a nuisance; an activation costs next to nothing."""
    return [
        Finding(
            rule="R10",
            check="roles",
            status="notice",
            subject=subject_of(part, studies),
            headline=f"`{part.name}` {_as_nuisance(part, experiment)}, and sets the cost of the "
            "model",
            message=(
                f"{written(part)} {_as_nuisance(part, experiment)}. It changes what training and "
                "serving cost, so it is usually scientific or fixed: the best score alone may pick "
                "a model that is too slow."
            ),
            evidence={"path": path_of(part, experiment), "value": literal(part)},
            advice=(
                f"Move `{part.name}` to [scientific] or to [fixed]; or acknowledge R10 where its "
                "cost does not matter."
            ),
        )
        for part, entry in catalogued(experiment, ("nuisance",))
        if entry.kind == "architecture" and (entry.size or entry.costs)
    ]


def _as_nuisance(hyperparameter: Hyperparameter, experiment: Experiment) -> str:
    listed = is_listed(hyperparameter, experiment)
    return role_phrase(hyperparameter, experiment) if listed else "is searched as a nuisance"

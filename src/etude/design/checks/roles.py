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
from ..catalogued import (
    about,
    freed,
    named,
    optimizer_of,
    part,
    path_of,
    shown,
    there,
)

_UNSEEN = {"valid", "validation", "val", "test", "eval", "evaluation", "dev", "holdout"}
_SEEN = {"train", "training"}
_LENGTHS = ("max_steps", "epochs")
# `warmup.steps` is the length of a part of a training, not of all of it.
_WITHIN = re.compile(r"warm_?up|decay|cool_?down|sched", re.IGNORECASE)


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """What speaks against the roles of batch size, length, optimizer and weight decay.

    Source: S3, T4, R6, R7, Q11, S2.
    """
    return [
        *_batch_size(experiment, studies),
        *_length(experiment, studies),
        *_optimizer_fixed(experiment, studies),
        *_weight_decay_fixed(experiment, studies),
    ]


def _batch_size(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    metric = experiment.metric
    first = re.split(r"[^a-z]", metric.casefold())[0]
    if first in _SEEN:
        return []
    status: Severity = "problem" if first in _UNSEEN else "unclear"
    judge = metric if status == "problem" else f"{metric}, perhaps a validation score"
    return [
        Finding(
            rule="S3",
            check="roles",
            status=status,
            subject=about(one, studies),
            message=(
                f"`{one.name}` ({shown(one)}) {part(one, experiment)} and is judged by {judge}: "
                "it sets the speed of training, and with all else tuned for each size, and steps "
                "enough, the best score should not depend on it (S3)."
            ),
            evidence={
                "path": path_of(one, experiment),
                "role": one.role,
                "metric": metric,
            },
            advice="Choose it by throughput and training time (S4, S8), and move it to [fixed].",
        )
        for one, entry in named(experiment, ("scientific", "nuisance"))
        if entry.name == "batch_size"
    ]


def _length(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    found = []
    for one, entry in named(experiment, ("scientific", "nuisance")):
        if entry.name not in _LENGTHS or _WITHIN.search(one.name):
            continue
        inside = any(one.name in study.space.domains for study in studies)
        said = (
            "the trials of a study then differ in length, and longer ones are likely to win (T4)"
            if inside
            else "each study has one length, as T4 asks, but the longest is likely to win"
        )
        finding = Finding(
            rule="T4",
            check="roles",
            status="problem" if inside else "notice",
            subject=about(one, studies),
            message=f"`{one.name}` {part(one, experiment)} ({shown(one)}): {said}.",
            evidence={
                "path": path_of(one, experiment),
                "max_steps": experiment.max_steps,
            },
            advice=(
                f"Take one length for all trials, `max_steps` in [experiment], move `{one.name}` "
                "out of the search, and look afterwards at where the best step fell (T5)."
            ),
        )
        found.append(finding)
    return found


def _optimizer_fixed(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """Those with a value of their own in a study that has them and trials enough to tune them."""
    found = []
    for one, entry in named(experiment, ("fixed",)):
        tunable = entry.kind in ("optimizer", "schedule") and entry.role == "nuisance"
        if not tunable or not is_number(one.value) or one.value == entry.off:
            continue
        here = [each for each in there(one, studies) if entry.belongs_to(optimizer_of(each))]
        paid = [each for each in here if each.max_trials >= entry.tuned_from]
        if paid:
            found.append(_fixed(experiment, one, entry, paid))
    return found


def _fixed(
    experiment: Experiment, one: Hyperparameter, entry: Entry, studies: Sequence[Study]
) -> Finding:
    compared = any(each.role == "scientific" for each in experiment.hyperparameters)
    trials = max(study.max_trials for study in studies)
    change = freed(one, entry, experiment, optimizer_of(studies[0]))
    evidence = {"path": path_of(one, experiment), "value": one.value, "trials": trials}
    return Finding(
        rule="R7",
        check="roles",
        status="problem" if compared and entry.name == "learning_rate" else "notice",
        subject=about(one, studies),
        message=_held(one, trials, compared=compared),
        evidence={**evidence, "tuned_from": entry.tuned_from},
        advice=(
            f"{change}; or acknowledge R7 where there is strong evidence that it does not interact "
            "with the question."
        ),
    )


def _held(one: Hyperparameter, trials: int, *, compared: bool) -> str:
    risk = (
        "so a fixed value may favour some of the settings compared"
        if compared
        else "so the best of the others is the best at this value alone"
    )
    return (
        f"`{one.name}` is fixed at {shown(one)}, though {trials} trials a study could tune it: "
        f"optimizer hyperparameters interact with most other changes, {risk} (R7)."
    )


def _weight_decay_fixed(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    sizes = [one for one, entry in named(experiment, ("scientific",)) if entry.size]
    if not sizes:
        return []
    compared = ", ".join(f"`{one.name}` ({shown(one)})" for one in sizes)
    return [
        Finding(
            rule="R6",
            check="roles",
            status="problem",
            subject=about(one, studies),
            message=(
                f"`{one.name}` is fixed at {shown(one)} while {compared} is compared: its best "
                "strength usually depends on the size of the model, so a comparison at one "
                "strength says little about the sizes (R6)."
            ),
            evidence={
                "path": path_of(one, experiment),
                "value": one.value,
                "compared": [size.name for size in sizes],
            },
            advice=f"{freed(one, entry, experiment)}.",
        )
        for one, entry in named(experiment, ("fixed",))
        if entry.name == "weight_decay" and is_number(one.value) and one.value != entry.off
    ]

"""The settings that density is judged by: each once, and whether they were sampled at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from ...space import Choice, Domain, Integer, Scalar
from ...study import Study
from ...wording import plural
from ..thresholds import CoverageThresholds
from ..views.outcomes import Outcome
from ..views.repeats import repeats


def settings_once(ended: Sequence[Outcome]) -> list[Outcome]:
    """One outcome a setting, under its first trial: the mean of its repeats that have a value.

    Another training of a setting samples nothing more of the space.

    Source: C2, A2.
    """
    return [_mean(group) for group in repeats(ended)]


def _mean(group: Sequence[Outcome]) -> Outcome:
    values = [(one.loss, one.value) for one in group if one.value is not None]
    first = next((one for one in group if one.feasible), group[0])
    if len(values) < 2:
        return first
    loss, value = (fmean(each) for each in zip(*values, strict=True))
    return replace(first, loss=loss, value=value)


def no_question(study: Study, settings: Sequence[Outcome], thresholds: CoverageThresholds) -> str:
    """Why density is no question; empty where it is one.

    Either nearly all settings that the space has were tried, or each is a change of one thing.

    Source: C2.
    """
    tried = plural(len(settings), "setting")
    # Floats: of hundreds of names the number is none that a float holds, and infinite then.
    size = math.prod(float(_size(study, name, settings)) for name in study.space.domains)
    if settings and len(settings) >= thresholds.min_tried * size:
        part = "" if len(settings) >= size else f"{len(settings)} of "
        return f"{part}all {plural(int(size), 'setting')} were tried"
    if _changes_of_one(settings):
        return f"each of {tried} changes one thing of a baseline"
    return ""


def is_listed(study: Study, name: str, values: int, settings: int) -> bool:
    """Whether only so many values exist: those of a choice, or of few that an import knows.

    Where each value stands twice on average, values were listed, not drawn.

    Source: C2.
    """
    domain = study.space.domains[name]
    if isinstance(domain, Choice):
        return True
    if values <= MOST_LISTED and (isinstance(domain, Integer) or name in study.observed):
        return True
    return name in study.observed and 2 * values <= settings


# Heuristic: two or three whole numbers are a list of sizes.
MOST_LISTED = 3


def _size(study: Study, name: str, settings: Sequence[Outcome]) -> float:
    """How many values there are of it."""
    domain: Domain = study.space.domains[name]
    if isinstance(domain, Choice):
        return len(domain.values)
    values = len({outcome.record.setting[name] for outcome in settings})
    if name in study.observed and 2 * values <= len(settings):
        return values
    if isinstance(domain, Integer):
        return int(domain.value(1.0)) - int(domain.value(0.0)) + 1
    return math.inf


def _changes_of_one(settings: Sequence[Outcome]) -> bool:
    """Whether all settings differ from one of them in one hyperparameter, and not all in one."""
    chosen = [outcome.record.setting for outcome in settings]
    for base in chosen:
        if all(len(_changed(base, one)) <= 1 for one in chosen):
            return len({name for one in chosen for name in _changed(base, one)}) > 1
    return False


def _changed(base: Mapping[str, Scalar], other: Mapping[str, Scalar]) -> list[str]:
    return [name for name in base if other.get(name) != base[name]]

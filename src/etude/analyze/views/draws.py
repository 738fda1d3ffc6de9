"""Draws: whether the trials of a study are independent draws of a search, as luck asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import scipy

from ...experiment.methods import SEARCHES, schedule_method
from ...space import Real
from ...study import Study
from ...wording import quantity
from ..thresholds import BoundaryThresholds
from .equal_lengths import equal_lengths
from .outcomes import Outcome, placed
from .repeats import repeats

# Heuristic: with fewer axes, drawn trials too may differ from one of them on a single one.
_MIN_ABLATED = 3
# A trial that repeats another tells of its seed alone: of drawn settings hardly any come twice.
_MOST_REPEATED = 0.5
_UNEVEN = "its trials are not evenly spread"


def why_not_drawn(study: Study, ended: Sequence[Outcome]) -> str:
    """Why trials are no independent draws of a search, in few words; empty where they may be.

    Source: Q10, R12, T8, X1.
    """
    cut = equal_lengths(study, ended, needed=len(ended)).cut
    if cut:
        return f"{quantity(cut, 'trial was', 'trials were')} cut short"
    if not study.space.dimensions:
        return ""
    search = SEARCHES[study.search]
    if search.adaptive or schedule_method(study.schedule).adaptive:
        return "the search follows its results"
    if study.listed:
        return "its settings were listed by hand"
    if not search.samples_space:
        return "its settings lie on a grid"
    return _why_not_drawn_elsewhere(study, ended) if search.trained_elsewhere else ""


def follows_results(study: Study, ended: Sequence[Outcome]) -> bool:
    """Whether its trials crowd where earlier ones were good: a luck that permutations do not know.

    Trials of a grid, of a list, or cut short at rungs crowd nowhere: they may count as draws.

    Source: Q10, X1, W4.
    """
    if not study.space.dimensions:
        return False
    search = SEARCHES[study.search]
    if search.trained_elsewhere:
        return _why_not_drawn_elsewhere(study, ended) == _UNEVEN
    return search.adaptive or schedule_method(study.schedule).population


def uneven(
    domains: Mapping[str, Any], units: Mapping[str, Iterable[float]], *, max_chance: float
) -> bool:
    """Whether trials lie on some continuous axis as even draws hardly would.

    Source: C1.
    """
    chances = [
        float(scipy.stats.kstest(list(units[name]), "uniform").pvalue)
        for name, domain in domains.items()
        if isinstance(domain, Real)
    ]
    return min(chances, default=1.0) * len(chances) < max_chance


def _why_not_drawn_elsewhere(study: Study, ended: Sequence[Outcome]) -> str:
    """By the settings alone: repeated, one factor at a time, on a grid, or where others were good.

    How another tool found its settings is not known.
    """
    whole = placed(study, ended)
    groups = [group for group in repeats(whole) if group]
    settings = [group[0].record.setting for group in groups]
    if groups and len(settings) <= _MOST_REPEATED * sum(map(len, groups)):
        return f"only {quantity(len(settings), 'setting was', 'settings were')} tried"
    domains = study.space.domains
    if _is_ablation([[setting[name] for name in domains] for setting in settings]):
        return "its settings were chosen one change at a time"
    values = {name: [one.record.setting[name] for one in whole] for name in domains}
    numbers = {name: domain for name, domain in domains.items() if isinstance(domain, Real)}
    few = [len(set(values[name])) <= _MOST_REPEATED * len(whole) for name in numbers]
    if few and all(few):
        return "its settings lie on a grid"
    units = {
        name: [domain.unit(value) for value in values[name]] for name, domain in numbers.items()
    }
    if uneven(numbers, units, max_chance=BoundaryThresholds().max_uneven_chance):
        return _UNEVEN
    return ""


def _is_ablation(settings: Sequence[Sequence[object]]) -> bool:
    """Whether all settings differ from one of them in a single value at most."""
    if len(settings) < _MIN_ABLATED or len(settings[0]) < _MIN_ABLATED:
        return False
    return any(
        all(sum(a != b for a, b in zip(base, other, strict=True)) <= 1 for other in settings)
        for base in settings
    )

"""What explains little is fixed, what is clearly behind is dropped, what is good is searched.

Axes: T trials of the good region, best first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...analyze.checks.boundary_side import CLIFF
from ...analyze.checks.coverage import coverage
from ...analyze.checks.trial_noise import trial_noise
from ...analyze.views.outcomes import Outcome
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter, Keys
from ...finding import Finding, Recommendation
from ...space import Choice, Integer, Real, Scalar
from ...space.rounding import ten_digits, two_digits
from ...study import Study
from ...wording import join, number, plural
from ..context import Context, Remedy, value_edits

# Heuristic: the best quarter still tells where the good region ends; of ten, a tenth is one.
GOOD_SHARE = 0.25
# Heuristic: with fewer, their spread is luck.
MIN_GOOD = 5
# Heuristic: beyond the outermost good trial, about one of ten evenly spread ones lies so far.
MARGIN = 0.1
# Heuristic: a range that stays above two thirds is not worth another round.
MAX_KEPT = 2 / 3


def drop_behind(context: Context) -> list[Remedy]:
    """Scientific values clearly behind the leader leave, where two or more others remain open.

    Only of a single scientific hyperparameter, so that a study is a value.

    Source: R2, A4, C14.
    """
    experiment = context.experiment
    asked = [one for one in experiment.hyperparameters if one.role == "scientific"]
    behind = [lead.over for lead in context.verdict.leads if lead.holds]
    if len(asked) != 1 or context.has_problem or not behind or experiment.studies == "merged":
        return []
    (scientific,) = asked
    dropped = {
        study.scientific[scientific.name] for study in context.studies if study.name in behind
    }
    assert isinstance(scientific.value, Choice), "Split studies have listed values. This is a bug."
    open_values = [value for value in scientific.value.values if value not in dropped]
    if len(open_values) < 2:
        return []
    because = (
        f"{join([f'`{name}`' for name in behind])} {'is' if len(behind) == 1 else 'are'} behind "
        f"the leader beyond luck; the trials go to the {len(open_values)} that are open."
    )
    values = Recommendation(
        rule="R2",
        change=Change(scientific.keys, "values", open_values),
        old=scientific.value.values,
        because=because,
    )
    conditional = _conditional_edits(context, scientific, dropped, because)
    return [Remedy(rule="R2", edits=(values, *conditional))]


def _conditional_edits(
    context: Context, scientific: Hyperparameter, dropped: set[Scalar], because: str
) -> Iterator[Recommendation]:
    """What exists only for the values that are dropped goes with them, and what is said of it."""
    by_text = {str(study.scientific[scientific.name]): study for study in context.studies}
    texts = {
        text for text, study in by_text.items() if study.scientific[scientific.name] in dropped
    }
    experiment = context.experiment
    gone = [
        one
        for one in experiment.hyperparameters
        if any(name == scientific.name and text in texts for name, text in one.when)
    ]
    stay = {one.name for one in experiment.hyperparameters if one not in gone}
    unused = {one.name for one in gone} & experiment.names.keys() - stay
    leaving: list[tuple[Keys, Any]] = [
        *((one.keys, one.value) for one in gone),
        *((("names", name), experiment.names[name]) for name in sorted(unused)),
    ]
    for keys, old in leaving:
        yield Recommendation(rule="R2", change=Change(keys, "", None), old=old, because=because)


def fix_idle(context: Context) -> list[Remedy]:
    """What surely explains little in each of its studies is held where the best trial has it.

    Never the last one of a study, and nothing where nothing at all was seen to matter. What is only
    unclear stays: to hold it for the sake of density is a person's choice, and has its price.

    Source: R2, R6.
    """
    if context.has_problem:
        return []
    remedies = []
    searched = {study.name: study.space.dimensions for study in context.studies}
    for hyperparameter in context.experiment.hyperparameters:
        studies = context.studies_with(hyperparameter)
        notices = _idle_notices(context, hyperparameter)
        silent = {study.name for study in studies} - {one.subject["study"] for one in notices}
        if hyperparameter.role != "nuisance" or not notices or silent:
            continue
        if not all(searched[one.name] > 1 and _shows_effects(context, one) for one in studies):
            continue
        for study in studies:
            searched[study.name] -= 1
        value, where = _value_to_hold(context, hyperparameter, studies)
        because = f"{notices[0].message} Held at {where}."
        edits = [
            replace(edit, brief=notices[0].headline)
            for edit in value_edits(hyperparameter, value, "R2", because)
        ]
        remedies.append(Remedy(rule="R2", edits=tuple(edits)))
    return remedies


def _idle_notices(context: Context, hyperparameter: Hyperparameter) -> list[Finding]:
    """The findings that it does not matter, one for each study in which it does not."""
    notices = context.of("importance", "R2", "notice")
    return [one for one in notices if one.subject.get("hyperparameter") == hyperparameter.name]


def _shows_effects(context: Context, study: Study) -> bool:
    """Whether the study has a best trial, and anything was seen to matter in it."""
    return bool(context.best_first(study)) and any(
        finding.check == "importance"
        and finding.status == "ok"
        and finding.subject.get("study") == study.name
        and "hyperparameter" in finding.subject
        for finding in context.findings
    )


def _value_to_hold(
    context: Context, hyperparameter: Hyperparameter, studies: Sequence[Study]
) -> tuple[Scalar, str]:
    """As in the best trial. Not left out: none lies at the end of a range, where it may cost most.

    Over random searches, held there where it was not free to be fixed it cost 0.1 to 0.4 standard
    deviations of retraining, held at none 2 to 5.
    """
    best_of_each = [context.best_first(study)[0] for study in studies]
    best = min(best_of_each, key=lambda outcome: outcome.loss)
    value = best.record.setting[hyperparameter.name]
    return value, f"the value of the best trial, {best.trial}"


def narrow_to_good(context: Context) -> list[Remedy]:
    """Ranges drawn around the good region, where that was sampled densely and lies well inside.

    The good region of an axis is where the best quarter of the trials lie, of every study that
    shares it, and a tenth of the range on either side. No more is to be gained where that quarter
    is already within the noise of retraining.

    Source: R2, C1, C2, X1.
    """
    if context.has_problem or not _is_dense(context) or context.verdict.status == "unclear":
        return []
    if all(_is_within_noise(context, study) for study in context.studies):
        return []
    hyperparameters = context.experiment.hyperparameters
    nuisance = [one for one in hyperparameters if one.role == "nuisance"]
    edits = [edit for one in nuisance for edit in _narrower_bounds(context, one)]
    return [Remedy(rule="R2", edits=tuple(edits))] if edits else []


def _good_trials(context: Context, study: Study) -> list[Outcome]:
    """The best quarter of its feasible trials; none where they are too few."""
    best_first = context.best_first(study)
    count = max(MIN_GOOD, math.ceil(GOOD_SHARE * len(best_first)))
    return best_first[:count] if count <= len(best_first) / 2 else []


def _is_within_noise(context: Context, study: Study) -> bool:
    """Whether the good trials differ by less than trainings of one setting do (A2)."""
    good, noise = _good_trials(context, study), context.analysis.result(study, trial_noise)
    return bool(good) and noise.known and good[-1].loss - good[0].loss <= noise.sd


def _narrower_bounds(context: Context, hyperparameter: Hyperparameter) -> Iterator[Recommendation]:
    domain = hyperparameter.value
    if not isinstance(domain, Real | Integer):
        return
    by_study = [_good_trials(context, study) for study in context.studies_with(hyperparameter)]
    good = [outcome for outcomes in by_study for outcome in outcomes]
    if not good or not all(by_study):
        return
    units_T = [domain.unit(outcome.record.setting[hyperparameter.name]) for outcome in good]
    low, high = max(0.0, min(units_T) - MARGIN), min(1.0, max(units_T) + MARGIN)
    new_low, new_high = _rounded_outward(domain, low, high)
    kept = domain.unit(new_high) - domain.unit(new_low)
    if not 0 < kept <= MAX_KEPT:
        return
    because = (
        f"the best {plural(len(good), 'trial')} lie from {number(domain.value(min(units_T)))} to "
        f"{number(domain.value(max(units_T)))}, well inside, and densely enough (C2)."
    )
    for part, old, new in (("low", domain.low, new_low), ("high", domain.high, new_high)):
        if new != old:
            change = Change(hyperparameter.keys, part, new)
            yield Recommendation(rule="R2", change=change, old=old, because=because)


def _rounded_outward(domain: Real | Integer, low: float, high: float) -> tuple[float, float]:
    """Both bounds as numbers that read well, never beyond the old ones."""
    bounds = []
    for unit, up in ((low, False), (high, True)):
        value = domain.value(unit)
        if domain.scale == "one_minus_log":
            value = ten_digits(1.0 - two_digits(1.0 - float(value), up=not up))
        elif isinstance(domain, Real):
            value = two_digits(float(value), up=up)
        bounds.append(value)
    return max(bounds[0], domain.low), min(bounds[1], domain.high)


def is_refined(context: Context) -> bool:
    """Whether the space is drawn well: dense in every study, no side and no check against it.

    A side where training breaks is drawn as well as it can be.

    Source: X1, C1.
    """
    sides = context.sides
    is_inside = bool(sides) and all(side.status == "ok" or side.kind == CLIFF for side in sides)
    return is_inside and _is_dense(context) and not context.has_problem


def _is_dense(context: Context) -> bool:
    """Whether every study was sampled densely."""
    dense = {
        finding.subject["study"]
        for finding in context.of("coverage", "C2", "ok")
        # A list of settings is no region.
        if not context.result(finding, coverage).reason
    }
    return len(dense) >= len(context.studies)

"""R2: what does not matter is fixed, what is clearly behind is dropped, what is good is searched.

Axes: T trials of the good region, best first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ...analyze.checks.trial_noise import trial_noise
from ...analyze.views.outcomes import Outcome
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding, Recommendation
from ...playbook.catalogue import known
from ...space import Choice, Integer, Real, Scalar
from ...space.rounding import ten_digits, two_digits
from ...study import Study
from ...wording import join, number, plural
from ..context import Context, Remedy, ranges
from .stabilize import moved

# Heuristic: the best quarter still tells where the good region ends; of ten, a tenth is one.
GOOD_SHARE = 0.25
# Heuristic: with fewer, their spread is luck.
MIN_GOOD = 5
# Heuristic: beyond the outermost good trial, about one of ten evenly spread ones lies so far.
MARGIN = 0.1
# Heuristic: a range that stays above two thirds is not worth another round.
MAX_KEPT = 2 / 3


def drop(case: Context) -> list[Remedy]:
    """Scientific values clearly behind the leader leave, where two or more others remain open.

    Only of a single scientific hyperparameter, so that a study is a value.

    Source: R2, A4, C14.
    """
    asked = [one for one in case.experiment.hyperparameters if one.role == "scientific"]
    behind = _behind(case)
    if len(asked) != 1 or case.troubled or not behind or case.experiment.studies == "merged":
        return []
    (one,) = asked
    gone = {study.scientific[one.name] for study in case.studies if study.name in behind}
    assert isinstance(one.value, Choice), "Split studies have listed values. This is a bug."
    kept = [value for value in one.value.values if value not in gone]
    if len(kept) < 2:
        return []
    because = (
        f"{join([f'`{name}`' for name in behind])} {'is' if len(behind) == 1 else 'are'} behind "
        f"the leader beyond luck; the trials go to the {len(kept)} that are open."
    )
    edits = [
        Recommendation(
            rule="R2",
            change=Change(one.keys, "values", kept),
            old=one.value.values,
            because=because,
        ),
        *_conditions(case, one, gone, because),
    ]
    return [Remedy(rule="R2", edits=tuple(edits))]


def _behind(case: Context) -> list[str]:
    return [lead.over for lead in case.verdict.leads if lead.holds]


def _conditions(
    case: Context, asked: Hyperparameter, gone: set[Scalar], because: str
) -> Iterator[Recommendation]:
    """What exists only for the values that leave goes with them."""
    texts = {str(study.scientific[asked.name]): study for study in case.studies}
    names = {text for text, study in texts.items() if study.scientific[asked.name] in gone}
    for one in case.experiment.hyperparameters:
        if any(name == asked.name and text in names for name, text in one.when):
            yield Recommendation(
                rule="R2", change=Change(one.keys, "", None), old=one.value, because=because
            )


def fix(case: Context) -> list[Remedy]:
    """What matters in none of its studies is held: where the best trial has it, or not there.

    Never the last one of a study, and nothing where nothing at all was seen to matter.

    Source: R2, A4.
    """
    if case.troubled:
        return []
    notices = [one for one in case.of("importance", "R2", "notice") if _about_one(one)]
    remedies = []
    left = {study.name: study.space.dimensions for study in case.studies}
    for one in case.experiment.hyperparameters:
        studies = case.sharing(one)
        said = [each for each in notices if each.subject["hyperparameter"] == one.name]
        silent = {study.name for study in studies} - {each.subject["study"] for each in said}
        if one.role != "nuisance" or not said or silent:
            continue
        if not all(left[each.name] > 1 and _worth(case, each) for each in studies):
            continue
        for study in studies:
            left[study.name] -= 1
        value, where = _value(case, one, studies)
        because = f"{said[0].message} Held at {where}."
        remedies.append(Remedy(rule="R2", edits=tuple(moved(one, value, "R2", because))))
    return remedies


def _about_one(finding: Finding) -> bool:
    return "hyperparameter" in finding.subject


def _worth(case: Context, study: Study) -> bool:
    """Whether the study has a best trial, and anything was seen to matter in it."""
    return bool(case.best_first(study)) and any(
        each.check == "importance"
        and each.status == "ok"
        and each.subject.get("study") == study.name
        and _about_one(each)
        for each in case.findings
    )


def _value(case: Context, one: Hyperparameter, studies: Sequence[Study]) -> tuple[Scalar, str]:
    """Nothing where that was searched, for it is simpler (A4); else as in the best trial."""
    entry = known(one.name)
    domain = one.value
    off = entry.off if entry is not None else None
    if off is not None and isinstance(domain, Real | Integer) and domain.low == off:
        return off, f"{number(off)}, which is none: the simplest (A4)"
    best = min((case.best_first(study)[0] for study in studies), key=lambda each: each.loss)
    return best.record.setting[one.name], f"the value of the best trial, {best.trial}"


def narrow(case: Context) -> list[Remedy]:
    """Ranges drawn around the good region, where that was sampled densely and lies well inside.

    The good region of an axis is where the best quarter of the trials lie, of every study that
    shares it, and a tenth of the range on either side. No more is to be gained where that quarter
    is already within the noise of retraining.

    Source: R2, C1, C2, X1.
    """
    dense = {one.subject["study"] for one in case.of("coverage", "C2", "ok")}
    if case.troubled or len(dense) < len(case.studies) or case.verdict.status == "unclear":
        return []
    if all(within_noise(case, study) for study in case.studies):
        return []
    edits = [edit for one in ranges(case) for edit in _narrowed(case, one)]
    return [Remedy(rule="R2", edits=tuple(edits))] if edits else []


def good(case: Context, study: Study) -> list[Outcome]:
    """The best quarter of its feasible trials; none where they are too few.

    Source: R2.
    """
    best_first = case.best_first(study)
    count = max(MIN_GOOD, math.ceil(GOOD_SHARE * len(best_first)))
    return best_first[:count] if count <= len(best_first) / 2 else []


def within_noise(case: Context, study: Study) -> bool:
    """Whether the good trials differ by less than trainings of one setting do.

    Source: R2, A2.
    """
    mine, noise = good(case, study), case.analysis.result(study, trial_noise)
    return bool(mine) and noise.known and mine[-1].loss - mine[0].loss <= noise.sd


def _narrowed(case: Context, one: Hyperparameter) -> Iterator[Recommendation]:
    domain = one.value
    if not isinstance(domain, Real | Integer):
        return
    mine = [each for study in case.sharing(one) for each in good(case, study)]
    if not mine or not all(good(case, study) for study in case.sharing(one)):
        return
    units_T = [domain.unit(each.record.setting[one.name]) for each in mine]
    low, high = max(0.0, min(units_T) - MARGIN), min(1.0, max(units_T) + MARGIN)
    new_low, new_high = _outward(domain, low, high)
    kept = domain.unit(new_high) - domain.unit(new_low)
    if not 0 < kept <= MAX_KEPT:
        return
    because = (
        f"the best {plural(len(mine), 'trial')} lie from {number(domain.value(min(units_T)))} to "
        f"{number(domain.value(max(units_T)))}, well inside, and densely enough (C2)."
    )
    for part, old, new in (("low", domain.low, new_low), ("high", domain.high, new_high)):
        if new != old:
            yield Recommendation(
                rule="R2", change=Change(one.keys, part, new), old=old, because=because
            )


def _outward(domain: Real | Integer, low: float, high: float) -> tuple[float, float]:
    """Both bounds as numbers that read well, never beyond the old ones."""
    ends = []
    for unit, up in ((low, False), (high, True)):
        value = domain.value(unit)
        if domain.scale == "one_minus_log":
            value = ten_digits(1.0 - two_digits(1.0 - float(value), up=not up))
        elif isinstance(domain, Real):
            value = two_digits(float(value), up=up)
        ends.append(value)
    return max(ends[0], domain.low), min(ends[1], domain.high)


def refined(case: Context) -> bool:
    """Whether the space is drawn well: dense in every study, no side and no check against it.

    Source: X1.
    """
    dense = {one.subject["study"] for one in case.of("coverage", "C2", "ok")}
    sides = [one for one in case.findings if one.check == "boundary" and one.rule == "C1"]
    inside = bool(sides) and all(one.status == "ok" for one in sides)
    return inside and len(dense) == len(case.studies) and not case.troubled

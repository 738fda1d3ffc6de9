"""D6: optimization trouble of the best trials is met by warmup, then by clipping."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...analyze.checks.gradient_norm import gradient_norm
from ...analyze.checks.stability import StabilityTrial, stability
from ...experiment.change import Change
from ...experiment.hyperparameter import Hyperparameter, Role, table_keys
from ...finding import Finding, Recommendation
from ...playbook.catalogue import known
from ...space import Choice, Domain, Integer, Real, Scalar, is_number
from ...space.rounding import two_digits
from ...wording import number
from ..context import Context, Remedy, bounded

# D7: warmups above a tenth of the steps are dropped.
MAX_WARMUP = 0.1
_LENGTHS = ("warmup_steps", "warmup_fraction")


def stabilize(case: Context) -> list[Remedy]:
    """Warmup for what breaks early or holds the best rate down, clipping for what breaks later.

    An edit where the experiment has such a hyperparameter: what is fixed becomes a range, a range
    reaches further. Else words, since a file cannot teach the train function a new name. Only the
    best trials count: every workload breaks at some rate (D1).

    Source: C4, D1, D3, D6, D7, D9, D11.
    """
    remedies: list[Remedy] = []
    for finding in _early(case):
        remedies += _by(case, finding, _LENGTHS)
    for finding in _later(case):
        remedies += _by(case, finding, ("gradient_clip",))
    distinct: dict[object, Remedy] = {}
    for one in remedies:
        distinct.setdefault(one.edits[0].path if one.edits else one.words, one)
    return list(distinct.values())


def _early(case: Context) -> list[Finding]:
    broke = [one for one in case.of("stability", "D1", "problem") if _judged(case, one).early]
    return [*broke, *case.of("stability", "D3", "notice")]


def _later(case: Context) -> list[Finding]:
    broke = [
        one
        for one in case.of("stability", "D1", "problem")
        if not _judged(case, one).early and one.kind != "never_learned"
    ]
    spikes = [one for one in case.of("gradient_norm", "D9", "notice", "problem") if _single(one)]
    return [*broke, *spikes]


def _judged(case: Context, finding: Finding) -> StabilityTrial:
    """What the check computed of the trial that a finding is about."""
    trials = case.result(finding, stability).trials
    return next(trial for trial in trials if trial.trial == finding.subject["trial"])


def _single(finding: Finding) -> bool:
    return "trial" in finding.subject


def _by(case: Context, finding: Finding, names: tuple[str, ...]) -> Iterator[Remedy]:
    """The first of these hyperparameters that can be changed; words where there is none."""
    study = case.study(finding)
    rule = "D9" if names == ("gradient_clip",) else "D6"
    for one in case.experiment.hyperparameters:
        entry = known(one.name)
        if entry is None or entry.name not in names or not one.exists(study.scientific):
            continue
        new = _clipped(case, finding, one) if rule == "D9" else _warmed(case, one)
        if new is not None:
            yield Remedy(rule=rule, edits=tuple(_changed(one, new, rule, finding)))
            return
    yield Remedy(rule=rule, words=f"{finding.rule}: {finding.message} {finding.advice}")


def _warmed(case: Context, one: Hyperparameter) -> Domain | None:
    """A range of lengths up to a tenth of the steps; None where it reaches there already."""
    entry, whole = known(one.name), case.experiment.max_steps
    assert entry is not None, "Only what is known comes here. This is a bug."
    share = entry.name == "warmup_fraction"
    most: float = MAX_WARMUP if share else math.floor(MAX_WARMUP * whole)
    if isinstance(one.value, Real | Integer):
        low, high = one.value.low, one.value.high
        return bounded(one.value, high=most) if low < most and high < most else None
    least = entry.start.low if isinstance(entry.start, Real | Integer) else most
    if is_number(one.value) and one.value > 0:
        least = one.value
    if not (is_number(one.value) and least < most):
        return None
    return Real(least, most, log=True) if share else Integer(int(least), int(most), log=True)


def _clipped(case: Context, finding: Finding, one: Hyperparameter) -> Domain | float | None:
    """The 90th percentile of the logged norms; a first range where a zero switches it off."""
    usual = case.result(finding, gradient_norm).threshold
    begin = two_digits(usual, up=True) if usual else None
    if isinstance(one.value, Real | Integer):
        if begin is None or begin >= one.value.low:
            return None
        return bounded(one.value, low=begin)
    if not is_number(one.value):
        return None
    if begin is not None:
        return begin if one.value <= 0 or begin < one.value else None
    entry = known(one.name)
    return entry.start if entry is not None and one.value <= 0 else None


def _changed(
    one: Hyperparameter, new: Domain | float, rule: str, finding: Finding
) -> Iterator[Recommendation]:
    told = f", from {number(new)} on, the 90th percentile of the norms" if is_number(new) else ""
    what = "clip" if rule == "D9" else "warm up longer"
    because = f"{finding.message} {what[0].upper()}{what[1:]}{told} before anything else (D11)."
    yield from moved(one, new, rule, because)


def moved(
    one: Hyperparameter, new: Domain | Scalar, rule: str, because: str
) -> Iterator[Recommendation]:
    """The edits that give a hyperparameter this value or range, in the table where it belongs.

    Source: R4.
    """
    role: Role = "nuisance" if isinstance(new, Real | Integer | Choice) else "fixed"
    keys = (*table_keys(role, one.when), one.name)
    yield Recommendation(
        rule=rule,
        change=Change(keys, "", new),
        old=one.value if keys == one.keys else None,
        because=because,
    )
    if keys != one.keys:
        yield Recommendation(
            rule=rule, change=Change(one.keys, "", None), old=one.value, because=because
        )


def steady(case: Context) -> list[Remedy]:
    """Words where late jumps may decide the comparison: what to change lies in the training loop.

    Source: C8, L1.
    """
    jumps = case.of("step_variance", "C8", "notice", "problem")
    return [
        Remedy(rule="C8", words=f"C8: {one.message} {one.advice}")
        for one in jumps
        if "trial" not in one.subject
    ]

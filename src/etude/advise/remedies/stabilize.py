"""D6, C8: warmup, then clipping, where optimization is in trouble; words where the metric jumps."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...analyze.checks.gradient_norm import gradient_norm
from ...analyze.checks.stability import StabilityTrial, stability
from ...experiment.hyperparameter import Hyperparameter
from ...finding import Finding
from ...playbook.catalogue import Entry, known
from ...space import Domain, Integer, Real, is_number
from ...space.rounding import two_digits
from ...wording import number
from ..context import Context, Remedy, value_edits, with_bounds

# D7: warmups above a tenth of the steps are dropped.
MAX_WARMUP = 0.1
_WARMUPS = ("warmup_steps", "warmup_fraction")
_CLIPS = ("gradient_clip",)


def stabilize(context: Context) -> list[Remedy]:
    """Warmup for what breaks early or holds the best rate down, clipping for what breaks later.

    An edit where the experiment has such a hyperparameter: what is fixed becomes a range, a range
    reaches further. Else words, since a file cannot teach the train function a new name. Only the
    best trials count: every workload breaks at some rate (D1).

    Source: C4, D1, D3, D6, D7, D9, D11.
    """
    remedies = [
        *(remedy for cause in _early_causes(context) for remedy in _warmup(context, cause)),
        *(remedy for cause in _later_causes(context) for remedy in _clipping(context, cause)),
    ]
    distinct: dict[object, Remedy] = {}
    for remedy in remedies:
        distinct.setdefault(remedy.edits[0].path if remedy.edits else remedy.words, remedy)
    return list(distinct.values())


def steady_metric(context: Context) -> list[Remedy]:
    """Words where late jumps may decide the comparison: what to change lies in the training loop.

    Source: C8, L1.
    """
    jumps = context.of("step_variance", "C8", "notice", "problem")
    return [
        Remedy(rule="C8", words=f"C8: {finding.message} {finding.advice}")
        for finding in jumps
        if "trial" not in finding.subject
    ]


def _early_causes(context: Context) -> list[Finding]:
    unstable = context.of("stability", "D1", "problem")
    return [
        *(finding for finding in unstable if _stability_trial(context, finding).early),
        *context.of("stability", "D3", "notice"),
    ]


def _later_causes(context: Context) -> list[Finding]:
    unstable = context.of("stability", "D1", "problem")
    spiky = context.of("gradient_norm", "D9", "notice", "problem")
    return [
        *(
            finding
            for finding in unstable
            if not _stability_trial(context, finding).early and finding.kind != "never_learned"
        ),
        *(finding for finding in spiky if "trial" in finding.subject),
    ]


def _stability_trial(context: Context, finding: Finding) -> StabilityTrial:
    """What the check computed of the trial that a finding is about."""
    trials = context.result(finding, stability).trials
    return next(trial for trial in trials if trial.trial == finding.subject["trial"])


def _warmup(context: Context, cause: Finding) -> Iterator[Remedy]:
    """The first warmup that can be longer; words where there is none."""
    for hyperparameter, entry in _catalogued(context, cause, _WARMUPS):
        new = _longer_warmup(hyperparameter, entry, context.experiment.max_steps)
        if new is not None:
            because = f"{cause.message} Warm up longer before anything else (D11)."
            yield Remedy(rule="D6", edits=tuple(value_edits(hyperparameter, new, "D6", because)))
            return
    yield _in_words("D6", cause)


def _clipping(context: Context, cause: Finding) -> Iterator[Remedy]:
    """The first clip threshold that can be lower; words where there is none."""
    percentile = context.result(cause, gradient_norm).threshold
    for hyperparameter, entry in _catalogued(context, cause, _CLIPS):
        new = _lower_clip(hyperparameter, entry, percentile)
        if new is not None:
            begin = f", from {number(new)} on, the 90th percentile of the norms"
            what = f"Clip{begin if is_number(new) else ''}"
            because = f"{cause.message} {what} before anything else (D11)."
            yield Remedy(rule="D9", edits=tuple(value_edits(hyperparameter, new, "D9", because)))
            return
    yield _in_words("D9", cause)


def _in_words(rule: str, cause: Finding) -> Remedy:
    return Remedy(rule=rule, words=f"{cause.rule}: {cause.message} {cause.advice}")


def _catalogued(
    context: Context, cause: Finding, names: tuple[str, ...]
) -> Iterator[tuple[Hyperparameter, Entry]]:
    """The hyperparameters of the cause's study that the catalogue knows by one of these names."""
    study = context.study(cause)
    for hyperparameter in context.experiment.hyperparameters:
        entry = known(hyperparameter.name, context.experiment.names)
        if entry is not None and entry.name in names and hyperparameter.exists(study.scientific):
            yield hyperparameter, entry


def _longer_warmup(warmup: Hyperparameter, entry: Entry, max_steps: int) -> Domain | None:
    """A range of lengths up to a tenth of the steps; None where it reaches there already."""
    is_share = entry.name == "warmup_fraction"
    most: float = MAX_WARMUP if is_share else math.floor(MAX_WARMUP * max_steps)
    if isinstance(warmup.value, Real | Integer):
        low, high = warmup.value.low, warmup.value.high
        return with_bounds(warmup.value, high=most) if low < most and high < most else None
    least = entry.start.low if isinstance(entry.start, Real | Integer) else most
    if is_number(warmup.value) and warmup.value > 0:
        least = warmup.value
    if not (is_number(warmup.value) and least < most):
        return None
    return Real(least, most, log=True) if is_share else Integer(int(least), int(most), log=True)


def _lower_clip(
    clip: Hyperparameter, entry: Entry, percentile: float | None
) -> Domain | float | None:
    """The 90th percentile of the logged norms; a first range where a zero switches it off."""
    begin = two_digits(percentile, up=True) if percentile else None
    if isinstance(clip.value, Real | Integer):
        return (
            None if begin is None or begin >= clip.value.low else with_bounds(clip.value, low=begin)
        )
    if not is_number(clip.value):
        return None
    if begin is not None:
        return begin if clip.value <= 0 or begin < clip.value else None
    return entry.start if clip.value <= 0 else None

"""Warmup, then clipping, where optimization is in trouble; words where the metric jumps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ...analyze.checks.gradient_norm import gradient_norm
from ...analyze.checks.stability import StabilityTrial, stability
from ...experiment.hyperparameter import Hyperparameter
from ...experiment.validation import MAX_STEPS
from ...finding import Finding
from ...playbook.catalogue import Entry, known
from ...space import Domain, Integer, Real, is_number
from ...space.rounding import ten_digits, two_digits
from ...wording import join, number, percent, plural
from ..context import Context, Remedy, experiment_remedy, value_edits, with_bounds
from ..new_length import new_length
from ..schedule_moves import highest

# D7: warmups above a tenth of the steps are dropped.
MAX_WARMUP = 0.1
_NEARLY = 0.9
_STEADIER = (
    "Decay the rate, average weights, or use larger batches or more validation data, since late "
    "jumps may decide (C8)."
)
_WARMUPS = ("warmup_steps", "warmup_fraction")
_CLIPS = ("gradient_clip",)
_RATES = ("learning_rate",)


def stabilize(context: Context) -> list[Remedy]:
    """Warmup for what breaks early or holds the best rate down, clipping for what breaks later.

    An edit where the experiment searches such a hyperparameter: its range reaches further; a warmup
    that reaches far enough already is followed by clipping. What a warmup takes at most is added to
    the length of all trials, once (D8, T4). Else words and the procedure that finds the shortest
    warmup that survives: a warmup that is held is not one nuisance more (D7, R6).

    Only the best trials count: every workload breaks at some rate (D1). What never learned broke
    nothing, and norms alone ask for no clipping.

    Source: C4, D1, D3, D6, D7, D8, D9, D11, T4.
    """
    remedies = [remedy for cause in _causes(context) for remedy in _cure(context, cause)]
    distinct: dict[object, Remedy] = {}
    for remedy in remedies:
        distinct.setdefault(remedy.edits[0].path if remedy.edits else remedy.words, remedy)
    return _with_room_for_warmups(context, list(distinct.values()))


def steady_metric(context: Context) -> list[Remedy]:
    """Words where late jumps may decide the comparison: what to change lies in the training loop.

    Source: C8, L1.
    """
    jumps = context.of("step_variance", "C8", "notice", "problem")
    causes = tuple(finding for finding in jumps if "trial" not in finding.subject)
    return [Remedy(rule="C8", words=_STEADIER, causes=causes)] if causes else []


def _causes(context: Context) -> list[Finding]:
    """What asks for a cure: early breaks, then a rate that is held down, then later breaks."""
    broke = context.of("stability", "D1", "problem")
    broke = [finding for finding in broke if finding.kind != "never_learned"]
    early = [finding for finding in broke if _stability_trial(context, finding).early]
    held_down = context.of("stability", "D3", "notice")
    return [*early, *held_down, *(finding for finding in broke if finding not in early)]


def _cure(context: Context, cause: Finding) -> Iterator[Remedy]:
    """Warmup where it helps most, then clipping, as edits where the experiment has them."""
    trial = None if cause.rule == "D3" else _stability_trial(context, cause)
    if trial is not None and trial.shared:
        share = percent(trial.fraction or 0.0)
        words = f"Look first at the schedule at {share} of the steps, where "
        words += f"{plural(trial.shared + 1, 'trial')} broke (D1)."
        yield Remedy(rule="D1", words=words, causes=(cause,))
        return
    cures = [_clipping] if trial is not None and not trial.early else [_warmup, _clipping]
    has_warmup = any(_catalogued(context, cause, _WARMUPS))
    if _holds_short_warmup(context, cause, cures):
        cures = []
    for cure in cures if has_warmup else cures[:1]:
        if (remedy := cure(context, cause)) is not None:
            yield remedy
            return
    yield Remedy(
        rule="D6",
        words=_in_words(context, cause, trial),
        causes=(cause,),
        procedure="stability" if any(_catalogued(context, cause, _RATES)) else "",
    )


def _stability_trial(context: Context, finding: Finding) -> StabilityTrial:
    """What the check computed of the trial that a finding is about."""
    trials = context.result(finding, stability).trials
    return next(trial for trial in trials if trial.trial == finding.subject["trial"])


def _holds_short_warmup(
    context: Context, cause: Finding, cures: Sequence[Callable[..., Remedy | None]]
) -> bool:
    """Whether a warmup would come first that is held at a length, and could be longer."""
    return _warmup in cures and any(
        is_number(one.value) and one.value < _most_warmup(entry, context.experiment.max_steps)
        for one, entry in _catalogued(context, cause, _WARMUPS)
    )


def _warmup(context: Context, cause: Finding) -> Remedy | None:
    """The first warmup that can be longer."""
    for hyperparameter, entry in _catalogued(context, cause, _WARMUPS):
        new = _longer_warmup(hyperparameter, entry, context.experiment.max_steps)
        if new is not None:
            because = f"{_trouble(context, cause)}: warm up longer before anything else (D11)."
            edits = value_edits(hyperparameter, new, "D6", because)
            return Remedy(rule="D6", edits=tuple(edits), causes=(cause,))
    return None


def _clipping(context: Context, cause: Finding) -> Remedy | None:
    """The first clip threshold that can be lower."""
    percentile = context.result(cause, gradient_norm).threshold
    for hyperparameter, entry in _catalogued(context, cause, _CLIPS):
        new = _lower_clip(hyperparameter, entry, percentile)
        if new is not None:
            begin = f" at {number(new)}, just above the usual norm," if is_number(new) else ""
            because = (
                f"{_trouble(context, cause)}: clip gradients{begin} before anything else (D11)."
            )
            edits = value_edits(hyperparameter, new, "D9", because)
            return Remedy(rule="D9", edits=tuple(edits), causes=(cause,))
    return None


def _with_room_for_warmups(context: Context, remedies: list[Remedy]) -> list[Remedy]:
    """The remedies with as many steps more as their warmups take at most, one length for all."""
    before = context.experiment.max_steps
    steps, warmup = max(
        ((_steps_with_warmup(context, one), one) for one in remedies if one.rule == "D6"),
        key=lambda pair: pair[0],
        default=(before, None),
    )
    if warmup is None or not before < steps <= MAX_STEPS:
        return remedies
    left = new_length(context.experiment, steps, own_loop=context.own_loop).left
    if left and not context.own_loop:
        names = join([f"`{name}`" for name in left], most=2)
        words = f"Raise `max_steps` to {steps} if the warmup comes before {names} (D8)."
        return [*remedies, Remedy(rule="D8", words=words)]
    because = (
        f"the warmup takes up to {plural(steps - before, 'step')} more and comes before the "
        "schedule: one length for all trials (T4)."
    )
    room = experiment_remedy(context, "max_steps", steps, "D8", because)
    longer = replace(warmup, edits=(*warmup.edits, *room.edits))
    return [longer if one is warmup else one for one in remedies]


def _steps_with_warmup(context: Context, remedy: Remedy) -> int:
    """The length that leaves as many steps behind the longest warmup as there were before."""
    steps = context.experiment.max_steps
    if not remedy.edits:
        return steps
    first = remedy.edits[0]
    new = highest(first.change.new)
    old = max(highest(edit.old) for edit in remedy.edits)
    entry = known(first.change.keys[-1], context.experiment.names)
    if entry is not None and entry.name == "warmup_fraction":
        return math.ceil(ten_digits(steps * (1 - old) / (1 - new)))
    return steps + math.ceil(max(0.0, new - old))


def _trouble(context: Context, cause: Finding) -> str:
    """What is wrong, in a few words."""
    if cause.rule == "D3":
        rates = context.result(cause, stability).limit.rates
        name = cause.subject.get("hyperparameter", "")
        limit = next(one for one in rates if one.hyperparameter == name)
        return f"training breaks just above `{limit.hyperparameter}` = {number(limit.rate, 2)}"
    trial = _stability_trial(context, cause)
    return f"trial {trial.trial} broke at {percent(trial.fraction or 0.0)} of its steps"


def _in_words(context: Context, cause: Finding, trial: StabilityTrial | None) -> str:
    """The first cure that no file can make, in one sentence."""
    trouble = _trouble(context, cause)
    if trial is None:
        return f"Try 5 and 10 times that rate, then add a warmup: {trouble} (D3, D7)."
    if trial.early:
        return f"Add a warmup, or a longer one, before anything else: {trouble} (D6)."
    percentile = context.result(cause, gradient_norm).threshold
    if percentile:
        clip = number(two_digits(percentile, up=True))
        return f"Clip gradients at {clip}, just above the usual norm: {trouble} (D9)."
    return f"Log `grad_norm`, then clip just above its usual size: {trouble} (D9)."


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
    """A range of lengths up to a tenth of the steps; None where it reaches there already.

    The steps grow with a longer warmup, and a tenth of them too: what reaches nearly so far does.
    """
    if not isinstance(warmup.value, Real | Integer):
        return None
    most = _most_warmup(entry, max_steps)
    low, high = warmup.value.low, warmup.value.high
    is_longer = low < most and high < _NEARLY * most
    return with_bounds(warmup.value, high=most) if is_longer else None


def _most_warmup(entry: Entry, max_steps: int) -> float:
    """The longest warmup, as a share or in steps as it is counted."""
    is_share = entry.name == "warmup_fraction"
    return MAX_WARMUP if is_share else math.floor(MAX_WARMUP * max_steps)


def _lower_clip(
    clip: Hyperparameter, entry: Entry, percentile: float | None
) -> Domain | float | None:
    """The 90th percentile of the logged norms; a first range where a zero switches it off."""
    begin = two_digits(percentile, up=True) if percentile else None
    if begin is not None and isinstance(clip.value, Integer):
        begin = max(1, math.floor(begin))  # 0 would clip all, or nothing
    if isinstance(clip.value, Real | Integer):
        return (
            None if begin is None or begin >= clip.value.low else with_bounds(clip.value, low=begin)
        )
    if not is_number(clip.value):
        return None
    if begin is not None:
        return begin if clip.value <= 0 or begin < clip.value else None
    return entry.start if clip.value <= 0 else None

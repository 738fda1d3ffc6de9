"""One length for all trials, longer or shorter than it was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...analyze.checks.best_step import best_step
from ...analyze.checks.saturated import saturated
from ...analyze.checks.still_improving import still_improving
from ...analyze.views.own_end import own_end_words
from ...experiment.validation import MAX_STEPS
from ...finding import Finding
from ...space.rounding import two_digits
from ...wording import percent, plural
from ..context import Context, Remedy, claim, experiment_remedy
from ..new_length import assumption, left_words, new_length

# Heuristic: twice as long shows whether length helps; T8 calls for rounds of growing length.
LONGER = 2
# Heuristic: "several times" the latest best step, which T5 calls generous still.
GENEROUS = 4
# C10's own advice: half as many again as the slowest of the best trials needed.
SPARE = 1.5
# Heuristic: a round that saves less than a quarter of the steps is not worth its while.
MIN_SAVED = 0.25

_ASSUMED = "More steps may help; assumed: a schedule of your loop follows `trial.max_steps`"

# As coverage has it: a tenth of the way from the median to the best is worth a doubling.
MIN_GAIN = 0.1


def train_longer(context: Context) -> list[Remedy]:
    """Twice the steps where the best trials still improve, or best steps consistently fall late.

    Only where the compared one is known to improve still, and what it gained of late is worth a
    round: on any curve that never turns, the best step is the last one.

    The schedules follow; where one cannot, both are left to a person. So is a loop that ends by
    itself: more steps of the file would repeat the same training.

    Source: C9, T1, T3, T4, T5, T10.
    """
    lengths = context.of("best_step", "T5", "notice")
    causes = [
        *(finding for finding in lengths if _best_steps_fall_late(context, finding)),
        *context.of("still_improving", "T1", "notice"),
    ]
    causes = [cause for cause in causes if _is_worth_a_round(context, cause)]
    steps = LONGER * context.experiment.max_steps
    if not causes or steps > MAX_STEPS:
        return []
    rule = "T5" if causes[0].rule == "T5" else "C9"
    ends = [context.result(cause, still_improving).own_end for cause in causes]
    if own := [end for end in ends if end is not None]:
        return [Remedy(rule=rule, words=f"{own_end_words(own[0])} ({rule}).", causes=tuple(causes))]
    schedule = assumption(own_loop=context.own_loop)
    because = f"{claim(causes[0])}: one length for all trials; {schedule}."
    return [_with_schedules(context, steps, rule, because, causes)]


def train_shorter(context: Context) -> list[Remedy]:
    """Fewer steps where all best steps fall early, or all that is compared saturates early.

    Source: C10, T4, T5, T10.
    """
    steps = context.experiment.max_steps
    lengths = context.of("best_step", "T5", "notice")
    early = [finding for finding in lengths if _best_steps_fall_early(context, finding)]
    level = context.of("saturated", "C10", "notice")
    if len(early) == len(context.studies):
        latest = _latest_best(context)
        rule, needed = "T5", float(min(steps, GENEROUS * latest))
        because = (
            f"every best step falls early, the latest after {plural(latest, 'step')}: {GENEROUS} "
            "times that is generous."
        )
    elif context.studies and len(level) >= len(context.studies):
        # What is at its level since before half of the steps needs less than three quarters.
        reached = [_level_reached(context, finding) for finding in level]
        share = max(share for share, _ in reached)
        # The best value may lie later, within its noise: not before it all the same.
        rule, needed = "C10", SPARE * float(max(used for _, used in reached))
        because = (
            f"the best trials stand at their final level since {percent(share)} of the steps: "
            "fewer may do."
        )
    else:
        return []
    fewer = min(steps, math.ceil(two_digits(needed, up=True)))
    if fewer > (1 - MIN_SAVED) * steps:
        return []
    return [_with_schedules(context, fewer, rule, because, [*early, *level])]


def _with_schedules(
    context: Context, steps: int, rule: str, because: str, causes: Sequence[Finding]
) -> Remedy:
    """Another length with the schedules that follow it; words where one would be left behind."""
    length = new_length(context.experiment, steps, own_loop=context.own_loop)
    if length.left:
        words = left_words(context.experiment, steps, length.left)
        return Remedy(rule="T10", words=words, causes=tuple(causes))
    (edit,) = experiment_remedy(context, "max_steps", steps, rule, because).edits
    if steps > context.experiment.max_steps and not context.own_loop:
        edit = replace(edit, brief=_ASSUMED)
    return Remedy(rule=rule, edits=(edit, *length.edits))


def _is_worth_a_round(context: Context, cause: Finding) -> bool:
    """Whether the late gain of a study's best trial could change what is compared.

    The gain is held against the best trial's distance from the median one, and against the nearest
    rival study.
    """
    best_first = context.best_first(context.study(cause))
    if not best_first:
        return True
    trials = context.result(cause, still_improving).trials
    best = next(trial for trial in trials if trial.trial == best_first[0].trial)
    if best.status != "notice":
        # Where T1 leaves it open, or says no, the steps of the others say nothing else.
        return False
    spread = best_first[len(best_first) // 2].loss - best_first[0].loss
    # Where retrainings turned the order, the searches' lead is none.
    leads = [lead.by for lead in context.verdict.leads if 0.0 <= lead.by < math.inf]
    return bool(best.gain >= min([MIN_GAIN * spread, *leads]))


def _best_steps_fall_late(context: Context, finding: Finding) -> bool:
    """Whether it says of a study that more of its best steps fall late than early."""
    result = context.result(finding, best_step)
    return "trial" not in finding.subject and result.late > result.early


def _best_steps_fall_early(context: Context, finding: Finding) -> bool:
    """Whether it says of a study that all of its best steps fall early."""
    result = context.result(finding, best_step)
    return "trial" not in finding.subject and result.early == result.judged


def _level_reached(context: Context, finding: Finding) -> tuple[float, int]:
    """When the trial of a C10 finding had its level, as a share, and its best too, in steps."""
    trials = context.result(finding, saturated).trials
    trial = next(trial for trial in trials if trial.trial == finding.subject["trial"])
    assert trial.share is not None, "A saturated trial has a level. This is a bug."
    return trial.share, trial.used


def _latest_best(context: Context) -> int:
    """How many steps the latest of the best steps took."""
    steps = [
        outcome.step + 1
        for study in context.studies
        for outcome in context.best_first(study)
        if outcome.step is not None
    ]
    return max(steps, default=context.experiment.max_steps)

"""C9, C10, T5: one length for all trials, longer or shorter than it was."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...analyze.checks.best_step import best_step
from ...analyze.checks.saturated import saturated
from ...analyze.checks.still_improving import still_improving
from ...experiment.change import Change
from ...experiment.validation import MAX_STEPS
from ...finding import Finding, Recommendation
from ...space.rounding import two_digits
from ...wording import percent, plural
from ..context import Context, Remedy

# Heuristic: twice as long shows whether length helps; T8 calls for rounds of growing length.
LONGER = 2
# Heuristic: "several times" the latest best step, which T5 calls generous still.
GENEROUS = 4
# C10's own advice: half as many again as the slowest of the best trials needed.
SPARE = 1.5
# Heuristic: a round that saves less than a quarter of the steps is not worth its while.
MIN_SAVED = 0.25

# As coverage has it: a tenth of the way from the median to the best is worth a doubling.
MIN_GAIN = 0.1

_MAX_STEPS = ("experiment", "max_steps")


def longer(case: Context) -> list[Remedy]:
    """Twice the steps where the best trials still improve, or best steps consistently fall late.

    Only where what the best one gained of late is worth a round: on any curve that never turns, the
    best step is the last one.

    Source: C9, T1, T3, T4, T5.
    """
    causes = [one for one in case.of("best_step", "T5", "notice") if _is_late(case, one)]
    causes += case.of("still_improving", "T1", "notice")
    causes = [one for one in causes if _worth(case, one)]
    steps = case.experiment.max_steps
    if not causes or LONGER * steps > MAX_STEPS:
        return []
    rule = "T5" if causes[0].rule == "T5" else "C9"
    because = f"{causes[0].message} One length for all trials (T4); retune the decay with it."
    return [_steps(case, rule, LONGER * steps, because)]


def shorter(case: Context) -> list[Remedy]:
    """Fewer steps where all best steps fall early, or all that is compared saturates early.

    Source: C10, T4, T5.
    """
    steps = case.experiment.max_steps
    early = [
        one
        for one in case.of("best_step", "T5", "notice")
        if "trial" not in one.subject and _is_early(case, one)
    ]
    reached = case.of("saturated", "C10", "notice")
    if len(early) == len(case.studies):
        latest = _latest(case)
        new = float(min(steps, GENEROUS * latest))
        because = (
            f"{early[0].message} {plural(int(new), 'step')} are {GENEROUS} times the latest best."
        )
    elif case.studies and len(reached) >= len(case.studies):
        share = max(_reached_at(case, one) for one in reached)
        new = min(1.0, SPARE * share) * steps
        because = (
            f"the best trials have had their final level since {percent(share)} of the steps, at "
            "the latest: fewer do, and pay for more trials."
        )
    else:
        return []
    fewer = min(steps, math.ceil(two_digits(new, up=True)))
    if fewer > (1 - MIN_SAVED) * steps:
        return []
    return [_steps(case, "T5" if early else "C10", fewer, because)]


def _worth(case: Context, cause: Finding) -> bool:
    """Whether the late gain of a study's best trial could change what is compared.

    Against its distance from the median trial, or against the nearest rival study.
    """
    best_first = case.best_first(case.study(cause))
    seen = [
        one
        for one in case.findings
        if (one.check, one.rule) == ("still_improving", "C9")
        and best_first
        and one.subject.get("trial") == best_first[0].trial
    ]
    if not seen or seen[0].status == "unclear":
        return True
    if seen[0].status != "notice":
        return False
    gain = next(
        trial.gain
        for trial in case.result(cause, still_improving).trials
        if trial.trial == best_first[0].trial
    )
    spread = best_first[len(best_first) // 2].loss - best_first[0].loss
    near = [lead.by for lead in case.verdict.leads if math.isfinite(lead.by)]
    return bool(gain >= min([MIN_GAIN * spread, *near]))


def _is_late(case: Context, finding: Finding) -> bool:
    """Whether more best steps of the study fall late than early; of one trial that is not said."""
    result = case.result(finding, best_step)
    return "trial" not in finding.subject and result.late > result.early


def _is_early(case: Context, finding: Finding) -> bool:
    result = case.result(finding, best_step)
    return result.early == result.judged


def _reached_at(case: Context, finding: Finding) -> float:
    """The share of the steps after which the trial of a C10 finding had its final level."""
    trials = case.result(finding, saturated).trials
    share = next(one.share for one in trials if one.trial == finding.subject["trial"])
    assert share is not None, "A saturated trial has a level. This is a bug."
    return share


def _latest(case: Context) -> int:
    """How many steps the latest of the best steps took."""
    found: Sequence[int] = [
        one.step + 1
        for study in case.studies
        for one in case.best_first(study)
        if one.step is not None
    ]
    return max(found, default=case.experiment.max_steps)


def _steps(case: Context, rule: str, new: int, because: str) -> Remedy:
    edit = Recommendation(
        rule=rule,
        change=Change(_MAX_STEPS, "", new),
        old=case.experiment.max_steps,
        because=because,
    )
    return Remedy(rule=rule, edits=(edit,))

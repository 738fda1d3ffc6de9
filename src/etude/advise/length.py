"""C9, C10, T5: one length for all trials, longer or shorter than it was."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..analyze.wording import counted, percent
from ..finding import Finding, Recommendation
from ..validation import MAX_STEPS
from .case import Case, Remedy
from .widen import rounded

# No source, ours: twice as long shows whether length helps; T8 calls for rounds of growing length.
LONGER = 2
# No source, ours: "several times" the latest best step, which T5 calls generous still.
GENEROUS = 4
# C10's own advice: half as many again as the slowest of the best trials needed.
SPARE = 1.5
# No source, ours: a round that saves less than a quarter of the steps is not worth its while.
MIN_SAVED = 0.25

_PATH = "experiment.max_steps"


def longer(case: Case) -> list[Remedy]:
    """Twice the steps where the best trials still improve, or best steps consistently fall late.

    Source: C9, T1, T3, T4, T5.
    """
    causes = [
        one
        for one in case.of("best_step", "T5", "notice")
        if _late(one) and "trial" not in one.subject
    ]
    causes += case.of("still_improving", "T1", "notice")
    steps = case.experiment.max_steps
    if not causes or LONGER * steps > MAX_STEPS:
        return []
    rule = "T5" if causes[0].rule == "T5" else "C9"
    because = f"{causes[0].message} One length for all trials (T4); retune the decay with it."
    return [_steps(case, rule, LONGER * steps, because)]


def shorter(case: Case) -> list[Remedy]:
    """Fewer steps where all best steps fall early, or all that is compared saturates early.

    Source: C10, T4, T5.
    """
    steps = case.experiment.max_steps
    early = [
        one
        for one in case.of("best_step", "T5", "notice")
        if "early" in one.evidence and one.evidence["early"] == one.evidence["judged"]
    ]
    saturated = case.of("saturated", "C10", "notice")
    if len(early) == len(case.studies):
        latest = _latest(case)
        new = float(min(steps, GENEROUS * latest))
        because = (
            f"{early[0].message} {counted(int(new), 'step')} are {GENEROUS} times the latest best."
        )
    elif case.studies and len(saturated) >= len(case.studies):
        share = max(one.evidence["share"] for one in saturated)
        new = min(1.0, SPARE * share) * steps
        because = (
            f"the best trials have had their final level since {percent(share)} of the steps, at "
            "the latest: fewer do, and pay for more trials."
        )
    else:
        return []
    fewer = min(steps, math.ceil(rounded(new, up=True)))
    if fewer > (1 - MIN_SAVED) * steps:
        return []
    return [_steps(case, "T5" if early else "C10", fewer, because)]


def _late(finding: Finding) -> bool:
    return bool(finding.evidence.get("late", 0) > finding.evidence.get("early", 0))


def _latest(case: Case) -> int:
    """How many steps the latest of the best steps took."""
    found: Sequence[int] = [
        one.step + 1
        for study in case.studies
        for one in case.best_first(study)
        if one.step is not None
    ]
    return max(found, default=case.experiment.max_steps)


def _steps(case: Case, rule: str, new: int, because: str) -> Remedy:
    edit = Recommendation(
        rule=rule,
        path=_PATH,
        part="",
        old=case.experiment.max_steps,
        new=new,
        because=because,
    )
    return Remedy(rule=rule, edits=(edit,))

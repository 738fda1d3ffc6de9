"""Own end: the step at which a training loop ends by itself, whatever `max_steps` is.

Axes: P points of a trial.
"""

from __future__ import annotations

from collections.abc import Sequence

from .curves import TrialCurves

# Two trainings that end at one early step tell more than one, which may have had its reasons.
MIN_TRIALS = 2


def own_end(curves: Sequence[TrialCurves]) -> int | None:
    """The step at which all trials ended by themselves, before `max_steps`; None where not.

    Between two values of the metric may lie many steps: a loop whose next value would have come
    after the last step has not ended early.

    Source: T4, C9.
    """
    whole = [trial for trial in curves if trial.record.status == "completed"]
    others = [trial for trial in curves if trial.record.status == "stopped"]
    if others or len(whole) < MIN_TRIALS or not all(len(trial.objective) > 1 for trial in whole):
        return None
    ends = {int(trial.objective.steps_P[-1]) for trial in whole}
    end = ends.pop()
    gaps = [int(trial.objective.steps_P[-1] - trial.objective.steps_P[-2]) for trial in whole]
    is_early = end + max(gaps) < min(trial.max_steps for trial in whole)
    return end if is_early and not ends else None


def own_end_words(step: int) -> str:
    """What a loop that ends by itself wants, without a full stop.

    Source: T4.

    >>> own_end_words(9)
    'Your loop ends at step 9 whatever `max_steps` is: read `trial.max_steps`'
    """
    return f"Your loop ends at step {step:,} whatever `max_steps` is: read `trial.max_steps`"

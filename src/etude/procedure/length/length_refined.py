"""A length by a full fit, refined by what the trials of the user's file show (T5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from ...advise.ending import Reason
from ...analyze.checks.best_step import BestStep, BestStepTrial, best_step
from ...wording import quantity
from ..base import Known

# Heuristic: several times the latest best step, which T5 calls generous still.
GENEROUS = 4
# Heuristic: twice as long shows whether length helps (T8: rounds of growing length).
LONGER = 2


@final
@dataclass(frozen=True, kw_only=True)
class RefinedLength:
    """A length, and what the trials of the file say of it.

    Args:
        steps: `max_steps` as it is proposed.
        rule: The rule that it follows.
        because: Why, as the file has it.
    """

    steps: int
    rule: str
    because: str
    reasons: tuple[Reason, ...] = ()


def refined(known: Known, fit_step: int) -> RefinedLength:
    """The length of a full fit, or another where most best steps of the file's trials ask for it.

    Source: T3, T5, T7.
    """
    first = RefinedLength(
        steps=fit_step,
        rule="T7",
        because=f"the fewest steps in which a constant rate fits fully, {fit_step}.",
    )
    if known.tried is None:
        return first
    tried = known.tried
    length = tried.experiment.max_steps
    results = [tried.analysis.result(study, best_step) for study in tried.studies]
    if late := next((one for one in results if _is_late(one)), None):
        longer = max(fit_step, LONGER * length)
        text = f"In your study {late.late} of {late.judged} best steps fall in the last quarter"
        because = f"{late.late} of {late.judged} trials of {length} steps were best late."
        reason = Reason(text=f"{text}: longer than {length:,} may help", rules=("T5",))
        return RefinedLength(steps=longer, rule="T5", because=because, reasons=(reason,))
    if results and all(_is_early(one) for one in results):
        latest = max(_steps(trial) for one in results for trial in one.trials)
        fewer = min(fit_step, GENEROUS * latest)
        text = f"All best steps of your study fall in the first tenth of {length:,}: far fewer do"
        reason = Reason(text=text, rules=("T5",))
        because = f"every best step of {length} came by step {latest}."
        is_fewer = fewer < fit_step
        return RefinedLength(
            steps=fewer,
            rule="T5" if is_fewer else "T7",
            because=because if is_fewer else first.because,
            reasons=(reason,),
        )
    return RefinedLength(
        steps=fit_step,
        rule=first.rule,
        because=first.because,
        reasons=tuple(_cut_short(known, results, fit_step)),
    )


def _cut_short(known: Known, results: list[BestStep], fit_step: int) -> Iterator[Reason]:
    """That the best trial of the file came to its best later than the length."""
    best = known.tried.best if known.tried else None
    trials = (trial for one in results for trial in one.trials)
    trial = next((one for one in trials if best is not None and one.trial == best.id), None)
    if trial is None or trial.why or _steps(trial) <= fit_step:
        return
    text = f"Trial {trial.trial} was best after {quantity(_steps(trial), 'step')}: in doubt longer"
    yield Reason(text=text, rules=("T3", "K1"))


def _is_late(result: BestStep) -> bool:
    end = result.end
    return result.status == "notice" and end is not None and end.status == "notice"


def _is_early(result: BestStep) -> bool:
    return result.status == "notice" and result.early == result.judged


def _steps(trial: BestStepTrial) -> int:
    """The steps done when it was at its best."""
    return 0 if trial.step is None else math.ceil(trial.step + 1)

"""More trials, where nothing but their number keeps the answer open."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...analyze.checks.coverage import coverage
from ...analyze.checks.infeasible import infeasible
from ...analyze.thresholds import BoundaryThresholds
from ...experiment.validation import MAX_TRIALS
from ...finding import Finding, Verdict
from ...wording import number, percent
from ..context import Context, Remedy, claim, experiment_remedy
from .narrow_unstable import narrow_unstable, use_log_scale

# What a setting does to a training; other reasons are the machine's or the code's.
DIVERGED = ("nan", "diverged", "no_value", "never_learned")

# Heuristic: where more than three of four break, the space or the code is wrong.
MOST_TIMES = 4


def more_trials(context: Context) -> list[Remedy]:
    """As many as a sparse study lacks, or lost; else as many again where the verdict is unclear.

    Configurations listed by hand have no number of trials: a person lists more. A problem beside
    that of density is not amended by more of the same (C14), but for one: where many break, and
    too few train to tell where, more trials tell. Where only seeds differ, more of them would leave
    the verdict as open.

    Source: C2, C3, C14, Q10.
    """
    if context.experiment.configurations or context.verdict.means:
        return []
    if by_code := _ended_by_code(context):
        words = by_code[0].advice.removesuffix(".")
        return [Remedy(rule="C3", words=f"{words} (C3).", causes=tuple(by_code))]
    problems = [finding for finding in context.relevant_findings if finding.status == "problem"]
    sparse = context.of("coverage", "C2", "problem", "notice")
    lost = [finding for finding in problems if _loses_trials(context, finding, sparse)]
    if any(problem not in (*sparse, *lost) for problem in problems):
        return []
    if lost:
        return _replacing_lost(context, lost)
    if problems or context.verdict.status == "no_question":
        return _lacking_trials(context, sparse)
    if context.verdict.status != "unclear":
        return []
    # Heuristic: as many trials again, the usual unit of a budget.
    trials = 2 * context.experiment.trials
    return _with_trials(context, "Q10", trials, _open_question(context.verdict))


def _ended_by_code(context: Context) -> list[Finding]:
    """The problems of studies that the code or the machine ended: more trials end so too."""
    return [
        finding
        for finding in context.of("infeasible", "C3", "problem")
        if context.result(finding, infeasible).code.decides
    ]


def _loses_trials(context: Context, finding: Finding, sparse: Sequence[Finding]) -> bool:
    """Whether a study lost so many trials that the rest cannot tell where to cut or to widen.

    Not where a range can be redrawn, or where all broke.
    """
    if finding.check != "infeasible" or use_log_scale(context) or narrow_unstable(context):
        return False
    if context.result(finding, infeasible).cause == "bug":
        return False
    study = context.study(finding)
    few = len(context.best_first(study)) < BoundaryThresholds().min_feasible
    return few or any(context.study(one) == study for one in sparse)


def _replacing_lost(context: Context, lost: Sequence[Finding]) -> list[Remedy]:
    """So many trials that as many train as the file asks for, where the share stays.

    In words where most failed for a reason of the machine or of the code, which more of them would
    meet again, and where it would take too many.
    """
    results = [(context.result(finding, infeasible), finding) for finding in lost]
    worst, finding = max(results, key=lambda pair: pair[0].fraction)
    asked = context.experiment.trials
    trials = math.ceil(round(asked / (1.0 - worst.fraction), 6))
    share = f"{len(worst.trials)} of {worst.ended} trials of `{worst.study}` break"
    diverged = sum(worst.reasons.get(reason, 0) for reason in DIVERGED)
    if 2 * diverged < len(worst.trials) or trials > MOST_TIMES * asked:
        words = f"Find out why {share}; with {trials} about {asked} would train (C3)."
        return [Remedy(rule="C3", words=words, causes=(finding,))]
    because = f"{share}, too many to tell where to cut; of {trials} about {asked} train."
    return _with_trials(context, "C3", trials, because)


def _lacking_trials(context: Context, sparse: Sequence[Finding]) -> list[Remedy]:
    """As many more trials as the sparsest study asks for."""
    lacking = [(context.result(finding, coverage).more, finding) for finding in sparse]
    more, sparsest = max(lacking, key=lambda pair: pair[0], default=(0, None))
    if sparsest is None or not more:
        return []
    because = f"{claim(sparsest)}."
    return _with_trials(context, "C2", context.experiment.trials + more, because)


def _with_trials(context: Context, rule: str, trials: int, because: str) -> list[Remedy]:
    if trials > MAX_TRIALS:
        return []
    return [experiment_remedy(context, "trials", trials, rule, because)]


def _open_question(verdict: Verdict) -> str:
    """What the verdict leaves open, short enough for the line of a file."""
    for lead in verdict.leads:
        if math.isfinite(lead.low) and lead.low <= 0:
            reach = f"{number(lead.low, 2)} to {number(lead.high, 2)}"
            return (
                f"`{lead.over}` is behind by {number(lead.by, 2)}, by luck of the search anywhere "
                f"from {reach}; more trials lessen it."
            )
        if math.isfinite(lead.by) and lead.p_value > lead.max_p_value:
            return (
                f"`{lead.over}` is behind by {number(lead.by, 2)}, which happens in "
                f"{percent(lead.p_value)} of draws from equal studies; more trials tell."
            )
    return "the verdict is open; more trials lessen the luck of the search."

"""C2, Q10: more trials, where nothing but their number keeps the answer open."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...analyze.checks.coverage import coverage
from ...experiment.validation import MAX_TRIALS
from ...finding import Finding, Verdict
from ...wording import number, percent
from ..context import Context, Remedy, experiment_remedy


def more_trials(context: Context) -> list[Remedy]:
    """As many as a sparse study lacks, else as many again where the verdict is unclear.

    Configurations listed by hand have no number of trials: a person lists more. A problem beside
    that of density is not amended by more of the same (C14). Where only seeds differ, more of them
    would leave the verdict as open.

    Source: C2, C14, Q10.
    """
    if context.experiment.configurations or context.verdict.means:
        return []
    problems = [finding for finding in context.relevant_findings if finding.status == "problem"]
    sparse = context.of("coverage", "C2", "problem", "notice")
    if any(problem not in sparse for problem in problems):
        return []
    if problems or context.verdict.status == "no_question":
        return _lacking_trials(context, sparse)
    if context.verdict.status != "unclear":
        return []
    # Heuristic: as many trials again, the usual unit of a budget.
    trials = 2 * context.experiment.trials
    return _with_trials(context, "Q10", trials, _open_question(context.verdict))


def _lacking_trials(context: Context, sparse: Sequence[Finding]) -> list[Remedy]:
    """As many more trials as the sparsest study asks for."""
    lacking = [(context.result(finding, coverage).more, finding) for finding in sparse]
    more, sparsest = max(lacking, key=lambda pair: pair[0], default=(0, None))
    if sparsest is None or not more:
        return []
    return _with_trials(context, "C2", context.experiment.trials + more, sparsest.message)


def _with_trials(context: Context, rule: str, trials: int, because: str) -> list[Remedy]:
    if trials > MAX_TRIALS:
        return []
    return [experiment_remedy(context, "trials", trials, rule, because)]


def _open_question(verdict: Verdict) -> str:
    """What the verdict leaves open, short enough for the line of a file."""
    for lead in verdict.leads:
        if math.isfinite(lead.low) and lead.low <= 0:
            reach = f"{number(lead.low)} to {number(lead.high)}"
            return (
                f"`{lead.over}` is behind by {number(lead.by)}, by the luck of the search anywhere "
                f"from {reach}; more trials lessen it."
            )
        if math.isfinite(lead.by) and lead.p_value > lead.max_p_value:
            return (
                f"`{lead.over}` is behind by {number(lead.by)}, which happens in "
                f"{percent(lead.p_value)} of draws from equal studies; more trials tell."
            )
    return "the verdict is open; more trials lessen the luck of the search."

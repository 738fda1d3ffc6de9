"""C2, Q10: more trials, where nothing but their number keeps the answer open."""

from __future__ import annotations

import math

from ...analyze.checks.coverage import coverage
from ...experiment.change import Change
from ...experiment.validation import MAX_TRIALS
from ...finding import Finding, Recommendation, Verdict
from ...wording import number, percent
from ..context import Context, Remedy

_TRIALS = ("experiment", "trials")


def more_trials(case: Context) -> list[Remedy]:
    """As many as a sparse study lacks, else as many again where the verdict is unclear.

    Configurations listed by hand have no number of trials: a person lists more. A problem beside
    that of density is not amended by more of the same (C14). Where only seeds differ, more of them
    would leave the verdict as open.

    Source: C2, C14, Q10.
    """
    if case.experiment.configurations or case.verdict.means:
        return []
    problems = [one for one in case.relevant_findings if one.status == "problem"]
    sparse = case.of("coverage", "C2", "problem", "notice")
    if any(one not in sparse for one in problems):
        return []
    lacking = [one for one in sparse if case.result(one, coverage).more]
    if any(one.status == "problem" for one in sparse) or case.verdict.status == "no_question":
        return _lacking(case, lacking)
    if case.verdict.status != "unclear":
        return []
    # Heuristic: as many trials again, the usual unit of a budget.
    return _more(case, "Q10", 2 * case.experiment.trials, _open(case.verdict))


def _lacking(case: Context, sparse: list[Finding]) -> list[Remedy]:
    if not sparse:
        return []
    worst = max(sparse, key=lambda one: case.result(one, coverage).more)
    more = case.result(worst, coverage).more
    return _more(case, "C2", case.experiment.trials + more, worst.message)


def _more(case: Context, rule: str, new: int, because: str) -> list[Remedy]:
    old = case.experiment.trials
    if new > MAX_TRIALS:
        return []
    edit = Recommendation(rule=rule, change=Change(_TRIALS, "", new), old=old, because=because)
    return [Remedy(rule=rule, edits=(edit,))]


def _open(verdict: Verdict) -> str:
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

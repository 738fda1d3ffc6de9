"""More trials, where nothing but their number keeps the answer open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...analyze.checks.coverage import coverage
from ...analyze.checks.infeasible import infeasible
from ...analyze.comparison.retrainings import ENOUGH
from ...analyze.thresholds import BoundaryThresholds
from ...design.studies import studies
from ...experiment import Experiment
from ...experiment.validation import MAX_TRIALS
from ...finding import Finding, Verdict
from ...study import Study
from ...wording import number, percent, quantity
from ..context import Context, Remedy, claim, experiment_remedy
from ..ranking import ranking
from ..retrained import retrained
from .narrow_unstable import narrow_unstable, use_log_scale

# What a setting does to a training; other reasons are the machine's or the code's.
DIVERGED = ("nan", "diverged", "no_value", "never_learned")

# Heuristic: four times the five of A2; a difference that asks for more is a person's to weigh.
MOST_SEEDS = 20
# A share that a person reads as all.
ALWAYS = 0.95
# Heuristic: where more than three of four break, the space or the code is wrong.
MOST_TIMES = 4


def more_trials(context: Context) -> list[Remedy]:
    """As many as a sparse study lacks, or lost; else as many again where the verdict is unclear.

    Configurations listed by hand have no number of trials: a person lists more. A problem beside
    that of density is not amended by more of the same (C14), but for one: where many break, and
    too few train to tell where, more trials tell. Where only seeds differ, five of them are the
    least, and a few more are asked for where these would tell.

    Source: A2, C2, C3, C14, Q10.
    """
    if context.experiment.configurations:
        return []
    if context.verdict.means:
        return _more_seeds(context)
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
    leads = context.verdict.leads
    # More trials of a search that follows its results tell no more of its luck: other seeds do.
    if context.verdict.status != "unclear" or (leads and not any(one.drawn for one in leads)):
        return []
    # Heuristic: as many trials again, the usual unit of a budget.
    trials = 2 * context.experiment.trials
    return _with_trials(context, "Q10", trials, _open_question(context.verdict))


def _more_seeds(context: Context) -> list[Remedy]:
    """So many trainings of each setting as A2 asks for, or as would nearly settle it."""
    trained = retrained(ranking(context.analysis))
    if trained is None or trained.searched or context.has_problem:
        return []
    more = trained.nearest.more_seeds if trained.enough else ENOUGH - trained.fewest
    trials = context.experiment.trials + more
    if not more > 0 or trials > MOST_SEEDS:
        return []
    trainings = f"{trained.fewest} trainings of each"
    nearly = f"{trainings} nearly tell: {more} more may"
    why = nearly if trained.enough else f"{trainings} are too few"
    return _with_trials(context, "A2", trials, f"{why}.")


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
        return _enough_to_judge(context)
    because = f"{claim(sparsest)}."
    return _with_trials(context, "C2", context.experiment.trials + more, because)


def _enough_to_judge(context: Context) -> list[Remedy]:
    """So many more as checks need to judge the search at all."""
    study, lacking = max(context.too_few, key=lambda pair: pair[1], default=(None, 0))
    if study is None or not len(context.analysis.outcomes(study)):
        return []
    few = quantity(len(context.best_first(study)), "feasible trial is", "feasible trials are")
    because = f"{few} too few for checks to judge."
    return _with_trials(context, "C2", context.experiment.trials + lacking, because)


def _with_trials(context: Context, rule: str, trials: int, because: str) -> list[Remedy]:
    if trials > MAX_TRIALS or not _trains_more(context.experiment, trials):
        return []
    return [experiment_remedy(context, "trials", trials, rule, because)]


def _trains_more(experiment: Experiment, trials: int) -> bool:
    """Whether so many trials train more than now: a grid has no more of them than points."""
    longer = studies(replace(experiment, trials=trials))
    return _planned(longer) > _planned(studies(experiment))


def _planned(plan: Sequence[Study]) -> int:
    return sum(study.max_trials for study in plan)


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
            behind = f"`{lead.over}` is behind by {number(lead.by, 2)}"
            if lead.p_value >= ALWAYS:
                return f"{behind}: equal studies differ this much in nearly every draw."
            share = percent(lead.p_value)
            return f"{behind}, as in {share} of draws from equal studies; more trials tell."
    return "the verdict is open; more trials lessen the luck of the search."

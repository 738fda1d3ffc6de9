"""Failed checks: which of them keep a verdict open, and why the repair of others changes no order.

A failed check waits for its repair (C14) where that could move a study that is behind past the
leader, or where the leader's value may be false. Else it stands beside the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..analyze.analysis import Analysis
from ..analyze.checks.boundary import boundary
from ..analyze.checks.gradient_norm import gradient_norm
from ..analyze.checks.infeasible import Infeasible, infeasible
from ..analyze.checks.infeasible_regions import Region
from ..analyze.checks.stability import stability
from ..analyze.checks.step_variance import step_variance
from ..analyze.checks.trial_noise import trial_noise
from ..analyze.registry import CHECKS
from ..analyze.thresholds import FarRegionThresholds, InfeasibleThresholds
from ..analyze.views.outcomes import Outcome
from ..design.checks import CHECKS as DESIGN_CHECKS
from ..finding import Finding
from ..study import Study
from .ranking import RankedStudy
from .retrained import Retrained
from .significance import lead

# Why a repair changes no order, by the place of its finding among those asked about.
Harmless: TypeAlias = Mapping[int, str]

FAR = FarRegionThresholds()
LEADERS = "a repair only betters the leader"
FAR_OFF = "far from its best"
POOREST = "the leader had the fewest"
SMALL = "less than the means differ"
SATURATED = "seeds move the other"
# A check that no registry has is one that nothing is known of: it keeps the verdict open.
_BETTERS = {
    *((check.name, rule) for check in CHECKS for rule in check.repair_betters),
    *((check.name, rule) for check in DESIGN_CHECKS for rule in check.repair_betters),
}
# A training that lost what it had learned, or learned nothing, has its best value by accident.
_FALSE: frozenset[str] = frozenset({"nan", "diverged", "never_learned"})


def blocking(
    analysis: Analysis,
    studies: Sequence[RankedStudy],
    findings: Sequence[Finding],
    *,
    retrained: Retrained | None = None,
) -> tuple[Finding, ...]:
    """The failed checks that keep the verdict open.

    Args:
        analysis: The round.
        studies: The studies that are compared, the leader first.
        findings: Those that bear on the comparison.
        retrained: The retrainings that settled the verdict, which no luck of a search moves; None
            where there are none.

    Source: C14.
    """
    return tuple(
        one
        for one in findings
        if one.status == "problem" and not harmless(analysis, studies, one, retrained=retrained)
    )


def harmless(
    analysis: Analysis,
    studies: Sequence[RankedStudy],
    finding: Finding,
    *,
    retrained: Retrained | None = None,
) -> str:
    """Why the repair of a failed check changes no order, in a few words; empty where it could.

    Only where two studies are compared that have a value. A repair of the leader alone only betters
    it, but where its value may be false; trials that break far from the best of their study take
    nothing but their number, and so the lead must hold among those that train; and late jumps are
    held against the gap of the means, where retrainings tell that.

    Source: C14, C1, C3, C8, R13.
    """
    if len(studies) < 2 or studies[1].best is None:
        return ""
    leader = studies[0].study
    if finding.kind == "copies":
        noises = [analysis.result(one.study, trial_noise) for one in studies]
        return SATURATED if any(noise.known and noise.sd > 0 for noise in noises) else ""
    name = finding.subject.get("study")
    if (finding.check, finding.rule) == ("budget", "R13"):
        fewest = all(leader.max_trials <= other.study.max_trials for other in studies)
        return POOREST if fewest else ""
    if finding.check == "step_variance" and retrained is not None:
        study = next((one.study for one in studies if one.study.name == name), None)
        return SMALL if study and _jumps_less(analysis, study, retrained) else ""
    if name == leader.name:
        betters = (finding.check, finding.rule) in _BETTERS
        return LEADERS if betters and not _is_false(analysis, leader, finding) else ""
    behind = next((one for one in studies if one.study.name == name), None)
    if behind is None or finding.check != "infeasible" or not _lies_far(analysis, behind.study):
        return ""
    return FAR_OFF if retrained is not None or _leads_those_that_train(studies[0], behind) else ""


def _is_false(analysis: Analysis, study: Study, finding: Finding) -> bool:
    """Whether the value of the trial that a finding is about may be none that training gives."""
    trial = finding.subject.get("trial")
    if finding.check == "stability":
        trials = analysis.result(study, stability).trials
        return any(one.trial == trial and one.kind in _FALSE for one in trials)
    if finding.check == "gradient_norm":
        norms = analysis.result(study, gradient_norm).trials
        return any(one.trial == trial and one.not_finite for one in norms)
    return False


def _jumps_less(analysis: Analysis, study: Study, retrained: Retrained) -> bool:
    """Whether a study jumps by less than its mean and its rival's differ, as C8 asks for."""
    result = analysis.result(study, step_variance)
    rival = retrained.comparisons.get(study.name, retrained.nearest)
    return result.sd is not None and result.sd <= result.thresholds.max_ratio * rival.gain


def _leads_those_that_train(leader: RankedStudy, behind: RankedStudy) -> bool:
    """Whether the lead holds as if what breaks had never been tried."""
    trained = [
        replace(one, outcomes=tuple(outcome for outcome in one.outcomes if outcome.feasible))
        for one in (leader, behind)
    ]
    return lead(*trained).leads


def _lies_far(analysis: Analysis, study: Study) -> bool:
    """Whether nearly all that breaks lies at sides of the space, none of them near what is good.

    So few may break elsewhere that by themselves they would fail no check.
    """
    result = analysis.result(study, infeasible)
    regions = [region for region in result.regions if region.side]
    if len(regions) < len(result.regions) or not regions or result.code.decides:
        return False
    if not all(_is_far(analysis, study, region) for region in regions):
        return False
    elsewhere = sum(1 for _ in _broken_elsewhere(analysis, study, result, regions))
    beyond = len(result.trials) - elsewhere
    return elsewhere <= InfeasibleThresholds().max_fraction * (result.ended - beyond)


def _broken_elsewhere(
    analysis: Analysis, study: Study, result: Infeasible, regions: Sequence[Region]
) -> Iterator[Outcome]:
    """The trials that break beside the regions."""
    broken = set(result.trials)
    for outcome in analysis.outcomes(study):
        if outcome.trial in broken and not any(_is_in(study, outcome, one) for one in regions):
            yield outcome


def _is_in(study: Study, outcome: Outcome, region: Region) -> bool:
    setting, name = outcome.record.setting, region.hyperparameter
    if name not in setting:
        return False
    unit = study.space.domains[name].unit(setting[name])
    return unit >= region.begins_unit if region.side == "high" else unit <= region.begins_unit


def _is_far(
    analysis: Analysis, study: Study, region: Region, *, thresholds: FarRegionThresholds = FAR
) -> bool:
    """Whether neither the best few lie near the cliff, nor the course falls towards it.

    By what C1 computed of that side: where it cannot judge, nothing is known to be far.
    """
    sides = analysis.result(study, boundary)
    place = region.hyperparameter, region.side
    side = next((one for one in sides.sides if (one.hyperparameter, one.side) == place), None)
    top = next((one for one in sides.tops if one.hyperparameter == region.hyperparameter), None)
    if side is None or top is None or side.status != "ok" or side.fall is None:
        return False
    near = [
        abs(unit - region.begins_unit) < thresholds.away for unit in top.units[: thresholds.top]
    ]
    crowds = near[0] or 2 * sum(near) >= len(near)
    return not crowds and side.fall <= thresholds.max_fall

"""What a verdict does not know, or rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..analyze.analysis import Analysis
from ..analyze.checks.fixed_caveats import fixed_caveats
from ..analyze.checks.sampling_luck import between, luck, unknown_luck
from ..analyze.views.draws import why_not_drawn
from ..analyze.views.outcomes import only_seeds
from ..experiment import Experiment
from ..finding import Caveat, Finding
from ..wording import join, number, plural, quantity
from .finding_caveats import (
    acknowledged,
    another_metric,
    censored,
    changed_code,
    curve_notices,
    named,
    problems,
    unclear,
)
from .follow_up import SEEDS
from .ranking import RankedStudy, best_trials, relevant_findings
from .retrained import Retrained
from .sampling_error import sampling_error
from .weights import (
    FIXED,
    LISTED,
    LUCK,
    MERGED,
    MOST_UNFAIR,
    ONCE,
    RETRAIN,
    SELECTION,
    TIMED_OUT,
    UNENDED,
    UNFAIR,
    UNFINISHED,
    VALUELESS,
)


def caveats(
    analysis: Analysis,
    studies: Sequence[RankedStudy],
    findings: Sequence[Finding],
    *,
    settled: Retrained | None = None,
) -> tuple[Caveat, ...]:
    """The reasons to doubt an answer: first what stands in the way, then what is not known.

    Args:
        analysis: The round.
        studies: The studies that are compared, the leader first.
        findings: Of the design and of every check.
        settled: The retrainings that settled the answer; None where none did.

    Source: A1, A2, C14, Q10, R5, R12, R14, T8.
    """
    experiment = analysis.experiment
    valued_studies = [study for study in studies if study.best]
    relevant = relevant_findings(findings, best_trials(studies))
    leader = studies[0].study.name if studies[0].best else ""
    found = [
        *problems(analysis, studies, relevant, settled=settled),
        *curve_notices(relevant, leader),
        *changed_code(relevant),
        *unclear(relevant),
        *another_metric(relevant),
        *_unfinished(studies),
        *censored(analysis),
        *_configured(experiment, studies),
    ]
    # That a race which still runs is uneven is no other reason.
    topic = UNENDED if any(caveat.topic == UNENDED for caveat in found) else ""
    if not valued_studies:
        # One cause: where nothing has a value, nothing else is worth a line.
        found = [replace(caveat, topic=VALUELESS) for caveat in found]
    else:
        found += [
            *_luck(valued_studies, findings),
            *(replace(one, topic=topic) for one in _unequal(analysis, studies)),
            *_timed_out(studies),
            *(
                replace(one, topic=topic or one.topic)
                for one in _seeds(analysis, studies, findings)
            ),
            sampling_error(experiment, valued_studies),
            _selection(valued_studies),
        ]
    fixed = _fixed(analysis, findings)
    if not valued_studies:
        fixed = (replace(caveat, topic=VALUELESS) for caveat in fixed)
    return (*found, *acknowledged(findings), *fixed)


def _unfinished(studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    planned = sum(study.study.max_trials for study in studies)
    ended = sum(len(study.outcomes) for study in studies)
    if ended < planned:
        verb = "has" if 1 in (ended, planned) else "have"
        yield Caveat(
            text=f"{ended:,} of {quantity(planned, 'trial')} {verb} ended, so this is provisional",
            rules=("R13",),
            weight=UNFINISHED,
            topic=UNENDED,
            cost=planned - ended,
            detail=f"{ended} of {plural(planned, 'trial')} {verb} ended, so this is provisional.",
        )


def _luck(valued_studies: Sequence[RankedStudy], findings: Sequence[Finding]) -> Iterator[Caveat]:
    spreads = [
        f"`{study.study.name}` {_spread(study)}"
        for study in valued_studies
        if study.study.space.dimensions
    ]
    if spreads:
        whose = f"`{valued_studies[0].study.name}`" if len(valued_studies) > 1 else "this one"
        yield Caveat(
            text=_reach(valued_studies[0], whose),
            rules=("Q10",),
            weight=LUCK,
            topic="luck",
            findings=_said_by(findings, "sampling_luck"),
            detail="nine in ten other searches of the same size would end between these: "
            f"{', '.join(spreads)}.",
        )


def _said_by(findings: Sequence[Finding], check: str) -> tuple[Finding, ...]:
    """What a check says that is no problem, and that a reason says too."""
    return tuple(one for one in findings if one.check == check and one.status != "problem")


def _reach(study: RankedStudy, whose: str) -> str:
    """Where another search would end, or why that is not known."""
    if reason := why_not_drawn(study.study, study.outcomes):
        return unknown_luck("the search", reason)
    whole = luck(study.outcomes, study.study.objective)
    if whole is None:
        few = quantity(len(study.outcomes), "trial is", "trials are")
        if len(study.outcomes) > study.feasible:
            few = quantity(study.feasible, "feasible trial is", "feasible trials are")
        return f"{few} too few to know the luck of the search"
    reach = between(whole, maximize=study.study.maximize, best=study.best and study.best.value)
    return f"Nine in ten other searches like {whose} would end {reach}"


def _spread(study: RankedStudy) -> str:
    if reason := why_not_drawn(study.study, study.outcomes):
        return f"not known ({reason})"
    whole = luck(study.outcomes, study.study.objective)
    if whole is None:
        return f"not known ({plural(len(study.outcomes), 'trial')})"
    reach = between(whole, maximize=study.study.maximize, best=study.best and study.best.value)
    return reach.removeprefix("between ").replace(" and ", " to ", 1)


def _configured(experiment: Experiment, studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    if experiment.configurations:
        yield Caveat(
            text="The settings were listed by hand, so nothing is known between and beyond them",
            rules=("R12",),
            weight=LISTED,
            detail="the settings were listed by hand, so nothing is known of those between and "
            "beyond them, and no search drew them.",
        )
    if experiment.studies == "merged" and len(studies) > 1:
        what = "slice" if any(study.study.merged for study in studies) else "scientific value"
        shares = [len(study.outcomes) for study in studies]
        low, high = min(shares), max(shares)
        share = f"{low}" if low == high else f"{low} to {high}"
        yield Caveat(
            text=f"Each {what} had only {share} of {quantity(experiment.trials, 'trial')}",
            rules=("R14",),
            weight=MERGED,
            detail=f"one merged study was compared with itself in {len(studies)} parts, so each "
            f"{what} had {share} of {plural(experiment.trials, 'trial')} to tune its nuisance "
            "hyperparameters with.",
        )


def useful(analysis: Analysis, studies: Sequence[RankedStudy]) -> dict[str, int]:
    """How many trials of each study have a value that counts and learned anything at all.

    Source: R15, D1.
    """
    lost = {trial for study in analysis.studies for trial in analysis.never_learned(study)}
    return {
        study.study.name: sum(one.feasible and one.trial not in lost for one in study.outcomes)
        for study in studies
    }


def _unequal(analysis: Analysis, studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    counts = useful(analysis, studies)
    fewest = min(counts, key=lambda name: counts[name])
    most = max(counts, key=lambda name: counts[name])
    # Trials that are dealt to the parts of a merged study need not divide evenly.
    uneven = 1 if analysis.experiment.studies == "merged" else 0
    if counts[most] - counts[fewest] <= uneven:
        return
    gap = 1 - counts[fewest] / counts[most]
    listed = ", ".join(f"`{name}` {count}" for name, count in counts.items())
    yield Caveat(
        text=f"The race was unfair: {quantity(counts[fewest], 'useful trial')} of `{fewest}` "
        f"against {counts[most]:,} of `{most}`",
        rules=("R15",),
        weight=UNFAIR * min(1.0, gap / MOST_UNFAIR),
        cost=counts[most] - counts[fewest],
        detail=f"the studies have unequal numbers of feasible trials ({listed}); a study with "
        "more of them had more chances to find a good setting.",
    )


def _timed_out(studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    counts = {
        study.study.name: sum(one.feasible and one.timed_out for one in study.outcomes)
        for study in studies
    }
    total = sum(counts.values())
    if total:
        verb, they = ("was", "it competes") if total == 1 else ("were", "they compete")
        listed = ", ".join(f"`{name}` {count}" for name, count in counts.items() if count)
        claim = f"{plural(total, 'trial')} {verb} ended by the time limit"
        yield Caveat(
            text=f"{claim}, with fewer steps than the others",
            rules=("T4",),
            weight=TIMED_OUT,
            detail=f"{claim} ({listed}); {they} with fewer steps than the others.",
        )


def _seeds(
    analysis: Analysis, studies: Sequence[RankedStudy], findings: Sequence[Finding]
) -> Iterator[Caveat]:
    known = {
        finding.subject.get("study")
        for finding in findings
        if finding.check == "trial_noise" and finding.status == "ok"
    }
    tuned = [study.study.name for study in studies if study.study.space.dimensions]
    unknown = [name for name in tuned if name not in known]
    # Where nobody reads what is compared, that comes before any training (W8).
    if unknown and not analysis.unread.nothing_compared:
        whose = f"a trial of {named(unknown)} varies" if len(unknown) < len(tuned) else ""
        once = "each setting was trained with one seed, so how much a trial varies"
        yield Caveat(
            text="Each setting was trained once, so its luck is not known: retrain the best",
            rules=("A1", "A2"),
            weight=ONCE,
            cost=SEEDS * min(len(unknown), 2),
            topic=RETRAIN,
            detail=f"{f'how much {whose}' if whose else once} by chance is not known; train the "
            "best settings again with other seeds before adopting a change.",
        )
    untuned = [study.study.name for study in studies if only_seeds(study.study, study.outcomes)]
    if untuned:
        yield Caveat(
            text=f"Only the seed differs in {named(untuned)}: their means are compared",
            rules=("A2",),
            weight=FIXED,
            detail=f"only the seed differs among the trials of {named(untuned)}, so their best is "
            "the luckiest seed.",
        )


def _selection(valued_studies: Sequence[RankedStudy]) -> Caveat:
    trials = sum(study.feasible for study in valued_studies)
    evaluations = sum(
        len(outcome.record.series(study.study.metric))
        for study in valued_studies
        for outcome in study.outcomes
    )
    return Caveat(
        text=f"The best was picked from {quantity(evaluations, 'evaluation')} of the same data: "
        "new data will look worse",
        rules=("A1",),
        weight=SELECTION,
        detail=f"each best value was picked on the validation data itself, from "
        f"{plural(evaluations, 'evaluation')} of {plural(trials, 'trial')} in all, "
        "so new data will look worse.",
    )


def _fixed(analysis: Analysis, findings: Sequence[Finding]) -> Iterator[Caveat]:
    found = analysis.result(analysis.studies[0], fixed_caveats).caveats
    values = [
        f"{caveat.hyperparameter} = {caveat.shown}"
        + (f" ({caveat.studies[0]})" if len(caveat.studies) == 1 < len(analysis.studies) else "")
        for caveat in found
    ]
    if values:
        short = [f"`{one.hyperparameter}` = {number(one.shown)}" for one in found]
        yield Caveat(
            text=f"It holds only at {join(short)}",
            rules=("R5",),
            weight=FIXED,
            findings=_said_by(findings, "fixed_caveats"),
            detail=f"this holds only for what was fixed: {', '.join(values)}.",
        )

"""What a verdict does not know, or rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..analyze.analysis import Analysis
from ..analyze.checks import censored
from ..analyze.checks.boundary_side import sides_clause
from ..analyze.checks.fixed_caveats import fixed_caveats
from ..analyze.checks.sampling_luck import luck, reaches
from ..analyze.views.outcomes import only_seeds
from ..experiment import Experiment
from ..finding import Finding, grouped
from ..wording import join, number, plural
from .context import side_of
from .ranking import RankedStudy, best_trials, is_rate, relevant_findings

# A best trial that still improves, or jumps from evaluation to evaluation, may not stay the best.
_TELLING = ("still_improving", "step_variance")
# A sign that the best learning rate is not the best that there could be.
_EDGE = ("stability", "D3")
# What matters is worth knowing, and no reason to doubt which study is better.
_BESIDE = ("importance",)


def caveats(
    analysis: Analysis, studies: Sequence[RankedStudy], findings: Sequence[Finding]
) -> tuple[str, ...]:
    """One sentence a doubt: first what stands in the way, then what is not known.

    Source: A1, A2, C14, Q10, R5, R12, R14, T8.
    """
    experiment = analysis.experiment
    valued_studies = [study for study in studies if study.best]
    relevant = relevant_findings(findings, best_trials(studies))
    sentences = [
        *_problems(analysis, relevant),
        *_curve_notices(relevant),
        *_unclear(relevant),
        *_unfinished(studies),
        *_censored(analysis),
        *_configured(experiment, studies),
    ]
    if valued_studies:
        sentences += [
            *_luck(valued_studies),
            *_unequal(analysis, studies),
            *_timed_out(studies),
            *_seeds(studies, findings),
            _sampling_error(experiment, valued_studies),
            _selection(valued_studies),
        ]
    return (*sentences, *_acknowledged(findings), *_fixed(analysis))


def _problems(analysis: Analysis, findings: Sequence[Finding]) -> Iterator[str]:
    """Every problem; those of one side of an axis in several studies as one."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        if finding.status == "problem":
            subject = finding.subject
            sided = finding.rule == "C1" and "side" in subject
            key = (subject["hyperparameter"], subject["side"]) if sided else id(finding)
            groups.setdefault(key, []).append(finding)
    for alike in groups.values():
        if len(alike) == 1:
            yield f"{alike[0].rule}: {alike[0].message}"
        else:
            sides = [side_of(analysis, finding) for finding in alike]
            studies = _names(finding.subject["study"] for finding in alike)
            yield f"C1: {sides_clause(sides)}: {studies}."


def _censored(analysis: Analysis) -> Iterator[str]:
    """What a schedule left open by stopping trials."""
    for study in analysis.studies:
        for finding in censored.findings(analysis.result(study, censored.censored)):
            yield f"{finding.rule}: {finding.message}"


def _curve_notices(findings: Sequence[Finding]) -> Iterator[str]:
    """What the curve of a best trial shows that is no problem, and yet may change the order.

    Not where the same rule says it of the trial's study, which is a doubt already.
    """
    of_studies = {
        (finding.check, finding.rule, finding.subject.get("study"))
        for finding in findings
        if finding.status in ("problem", "unclear") and "trial" not in finding.subject
    }
    notices = [
        finding
        for finding in findings
        if finding.status == "notice"
        and _may_change_order(finding)
        and (finding.check, finding.rule, finding.subject.get("study")) not in of_studies
    ]
    for group in grouped(notices):
        yield f"{group.first.rule}: {group.message}"


def _may_change_order(finding: Finding) -> bool:
    of_trial = "trial" in finding.subject
    return (of_trial and finding.check in _TELLING) or (finding.check, finding.rule) == _EDGE


def _unclear(findings: Sequence[Finding]) -> Iterator[str]:
    """One doubt a check for all that it leaves open; of trials where it says nothing of a study."""
    unclear = [one for one in findings if one.status == "unclear" and one.check not in _BESIDE]
    of_studies = {finding.check for finding in unclear if "trial" not in finding.subject}
    for group in grouped(
        one for one in unclear if "trial" not in one.subject or one.check not in of_studies
    ):
        yield f"{group.first.rule}: {group.message}"


def _unfinished(studies: Sequence[RankedStudy]) -> Iterator[str]:
    planned = sum(study.study.max_trials for study in studies)
    ended = sum(len(study.outcomes) for study in studies)
    if ended < planned:
        verb = "has" if 1 in (ended, planned) else "have"
        yield f"R13: {ended} of {plural(planned, 'trial')} {verb} ended, so this is provisional."


def _luck(valued_studies: Sequence[RankedStudy]) -> Iterator[str]:
    spreads = [
        f"`{study.study.name}` {_spread(study)}"
        for study in valued_studies
        if study.study.space.dimensions
    ]
    if spreads:
        yield (
            "Q10: by the luck of the search, in 95 % of resampled studies the best is: "
            f"{', '.join(spreads)}; better ones than were seen cannot be ruled out."
        )


def _spread(study: RankedStudy) -> str:
    whole = luck(study.outcomes, study.study.objective)
    if whole is None:
        return f"not known ({plural(len(study.outcomes), 'trial')})"
    return reaches(whole)


def _configured(experiment: Experiment, studies: Sequence[RankedStudy]) -> Iterator[str]:
    if experiment.configurations:
        yield (
            "R12: the settings were listed by hand, so nothing is known of those between and "
            "beyond them, and no search drew them: an interval tells how much the best rests on "
            "single settings."
        )
    if experiment.studies == "merged" and len(studies) > 1:
        what = "slice" if any(study.study.merged for study in studies) else "scientific value"
        shares = [len(study.outcomes) for study in studies]
        low, high = min(shares), max(shares)
        share = f"{low}" if low == high else f"{low} to {high}"
        yield (
            f"R14: one merged study was compared with itself in {len(studies)} parts, so each "
            f"{what} had {share} of {plural(experiment.trials, 'trial')} to tune its nuisance "
            "hyperparameters with."
        )


def _unequal(analysis: Analysis, studies: Sequence[RankedStudy]) -> Iterator[str]:
    """Unequal chances: what never learned was no chance to find a good setting."""
    useless = {trial for study in analysis.studies for trial in analysis.never_learned(study)}
    counts = {
        study.study.name: sum(
            outcome.feasible and outcome.trial not in useless for outcome in study.outcomes
        )
        for study in studies
    }
    # Trials that are dealt to the parts of a merged study need not divide evenly.
    uneven = 1 if analysis.experiment.studies == "merged" else 0
    if max(counts.values()) - min(counts.values()) > uneven:
        listed = ", ".join(f"`{name}` {count}" for name, count in counts.items())
        yield (
            f"R15: the studies have unequal numbers of feasible trials ({listed}); a study with "
            "more of them had more chances to find a good setting."
        )


def _timed_out(studies: Sequence[RankedStudy]) -> Iterator[str]:
    counts = {
        study.study.name: sum(one.feasible and one.timed_out for one in study.outcomes)
        for study in studies
    }
    total = sum(counts.values())
    if total:
        verb, they = ("was", "it competes") if total == 1 else ("were", "they compete")
        listed = ", ".join(f"`{name}` {count}" for name, count in counts.items() if count)
        yield (
            f"T4: {plural(total, 'trial')} {verb} ended by the time limit ({listed}); {they} with "
            "fewer steps than the others."
        )


def _seeds(studies: Sequence[RankedStudy], findings: Sequence[Finding]) -> Iterator[str]:
    known = {
        finding.subject.get("study")
        for finding in findings
        if finding.check == "trial_noise" and finding.status == "ok"
    }
    tuned = [study.study.name for study in studies if study.study.space.dimensions]
    unknown = [name for name in tuned if name not in known]
    if unknown and len(unknown) < len(tuned):
        yield (
            f"A1, A2: how much a trial of {_names(unknown)} varies by chance is not known; train "
            "the best settings again with other seeds before adopting a change."
        )
    elif unknown:
        yield (
            "A1, A2: each setting was trained with one seed, so how much a trial varies by chance "
            "is not known; train the best settings again with other seeds before adopting a change."
        )
    untuned = [study.study.name for study in studies if only_seeds(study.study, study.outcomes)]
    if untuned:
        yield (
            f"A2: only the seed differs among the trials of {_names(untuned)}, so their best is "
            "the luckiest seed."
        )


def _names(studies: Iterable[str]) -> str:
    return join([f"`{study}`" for study in studies], most=6)


def _sampling_error(experiment: Experiment, valued_studies: Sequence[RankedStudy]) -> str:
    metric = experiment.metric
    errors = [
        f"`{study.study.name}` {number(study.standard_error, 2)}"
        for study in valued_studies
        if study.standard_error is not None
    ]
    if len(errors) == len(valued_studies):
        return (
            f"A1: on {plural(experiment.validation_examples or 0, 'validation example')} the "
            f"standard error of "
            f"{metric} is {', '.join(errors)}; it is counted as if the studies did not share the "
            "examples, which is cautious."
        )
    if not is_rate(metric):
        return f"A1: the sampling error of {metric} on the validation data is not known."
    return (
        f"A1: the sampling error of {metric} on the validation data is not known; "
        "set `validation_examples` to have it counted."
    )


def _selection(valued_studies: Sequence[RankedStudy]) -> str:
    trials = sum(study.feasible for study in valued_studies)
    evaluations = sum(
        len(outcome.record.series(study.study.metric))
        for study in valued_studies
        for outcome in study.outcomes
    )
    return (
        f"A1: each best value was picked on the validation data itself, from "
        f"{plural(evaluations, 'evaluation')} of {plural(trials, 'trial')} in all, "
        "so new data will look worse."
    )


def _acknowledged(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.acknowledged:
            yield (
                f"{finding.rule}, acknowledged by the author of the experiment: {finding.message}"
            )


def _fixed(analysis: Analysis) -> Iterator[str]:
    values = [
        f"{caveat.hyperparameter} = {caveat.value}"
        + (f" ({caveat.studies[0]})" if len(caveat.studies) == 1 < len(analysis.studies) else "")
        for caveat in fixed_caveats(analysis.studies).caveats
    ]
    if values:
        yield f"R5: this holds only for what was fixed: {', '.join(values)}."

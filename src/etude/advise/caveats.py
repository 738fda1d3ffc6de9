"""What a verdict does not know, or rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..analyze.analysis import Analysis
from ..analyze.checks import censored
from ..analyze.checks.boundary_side import sides_clause
from ..analyze.checks.fixed_caveats import fixed_caveats
from ..analyze.checks.sampling_luck import luck, reaches
from ..analyze.checks.stability import stability
from ..analyze.views.outcomes import only_seeds
from ..experiment import Experiment
from ..finding import Caveat, Finding, grouped
from ..wording import join, number, plural, quantity, shortened
from .context import side_of
from .follow_up import SEEDS
from .ranking import RankedStudy, best_trials, is_rate, relevant_findings

# A best trial that still improves, or jumps from evaluation to evaluation, may not stay the best.
_TELLING = ("still_improving", "step_variance")
# A sign that the best learning rate is not the best that there could be.
_EDGE = ("stability", "D3")
# How much settling a reason would change the answer: an order, no measure. A problem makes it the
# answer to another question (C14); a race that is not over, or was unfair, or was run by a lame
# runner may end otherwise; luck may turn any lead; what holds for all studies alike turns none.
PROBLEM, UNFINISHED, UNFAIR, HELD_DOWN = 100.0, 95.0, 85.0, 75.0
ONCE, TIMED_OUT, STILL_IMPROVING, JUMPS = 70.0, 65.0, 60.0, 50.0
CENSORED, OPEN, MERGED, LISTED = 50.0, 40.0, 35.0, 30.0
LUCK, SAMPLING_ERROR, ACKNOWLEDGED, SELECTION, FIXED = 30.0, 25.0, 20.0, 15.0, 10.0
# A trait of the leader counts less than the same of who is behind: cured, it leads still.
LEADERS_SHARE = 0.7
# Of a race of 12 against 20 nobody would say that it is nearly fair.
MOST_UNFAIR = 0.4
# So many checks that could not judge are one reason, whatever each of them wanted.
MANY_OPEN = 3
_OPEN = "open"
# What retrainings would tell is one topic, whichever rule asks for them.
RETRAIN = "retrain"
_WEIGHTS: Final = {
    "stability": HELD_DOWN,
    "still_improving": STILL_IMPROVING,
    "step_variance": JUMPS,
}
# What matters is worth knowing, and no reason to doubt which study is better.
_BESIDE = ("importance",)


def caveats(
    analysis: Analysis, studies: Sequence[RankedStudy], findings: Sequence[Finding]
) -> tuple[Caveat, ...]:
    """The reasons to doubt an answer: first what stands in the way, then what is not known.

    Source: A1, A2, C14, Q10, R5, R12, R14, T8.
    """
    experiment = analysis.experiment
    valued_studies = [study for study in studies if study.best]
    relevant = relevant_findings(findings, best_trials(studies))
    leader = studies[0].study.name if studies[0].best else ""
    found = [
        *_problems(analysis, relevant),
        *_curve_notices(relevant, leader),
        *_unclear(relevant),
        *_unfinished(studies),
        *_censored(analysis),
        *_configured(experiment, studies),
    ]
    is_over = not any(caveat.weight == UNFINISHED for caveat in found)
    if valued_studies:
        found += [
            *_luck(valued_studies, findings),
            *(_unequal(analysis, studies) if is_over else ()),
            *_timed_out(studies),
            *_seeds(studies, findings),
            _sampling_error(experiment, valued_studies),
            _selection(valued_studies),
        ]
    return (*found, *_acknowledged(findings), *_fixed(analysis, findings))


def claim(finding: Finding) -> str:
    """What a finding says in few words: its headline, else the beginning of its message.

    Source: C5.
    """
    return finding.headline or shortened(finding.message)


def _problems(analysis: Analysis, findings: Sequence[Finding]) -> Iterator[Caveat]:
    """Every problem; those of one check and kind in several studies as one."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        if finding.status == "problem":
            subject = finding.subject
            axis = subject.get("hyperparameter"), subject.get("side")
            alike = "study" in subject and "trial" not in subject
            key = (finding.check, finding.rule, finding.kind, axis) if alike else id(finding)
            groups.setdefault(key, []).append(finding)
    for members in groups.values():
        first, others = members[0], members[1:]
        text, detail = claim(first), " ".join(finding.message for finding in members)
        if others and first.rule == "C1" and "side" in first.subject:
            sides = [side_of(analysis, finding) for finding in members]
            studies = _names(finding.subject["study"] for finding in members)
            detail = f"{sides_clause(sides)}: {studies}."
        if others:
            text = f"{text}; likewise {_names(one.subject['study'] for one in others)}"
        yield Caveat(
            text=text,
            rules=(first.rule,),
            weight=PROBLEM,
            detail=detail,
            findings=tuple(members),
        )


def _censored(analysis: Analysis) -> Iterator[Caveat]:
    """What a schedule left open by stopping trials."""
    for study in analysis.studies:
        for finding in censored.findings(analysis.result(study, censored.censored)):
            yield _of_finding(finding, finding.message, CENSORED)


def _of_finding(finding: Finding, detail: str, weight: float, topic: str = "") -> Caveat:
    return Caveat(
        text=claim(finding),
        rules=(finding.rule,),
        weight=weight,
        detail=detail,
        topic=topic,
        findings=(finding,),
    )


def _curve_notices(findings: Sequence[Finding], leader: str) -> Iterator[Caveat]:
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
        first = group.first
        share = LEADERS_SHARE if first.subject.get("study") == leader else 1.0
        caveat = _of_finding(first, group.message, share * _WEIGHTS[first.check])
        yield replace(caveat, findings=group.members)


def _may_change_order(finding: Finding) -> bool:
    of_trial = "trial" in finding.subject
    return (of_trial and finding.check in _TELLING) or (finding.check, finding.rule) == _EDGE


def _unclear(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """One doubt a check for all that it leaves open; of trials where it says nothing of a study."""
    unclear = [one for one in findings if one.status == "unclear" and one.check not in _BESIDE]
    of_studies = {finding.check for finding in unclear if "trial" not in finding.subject}
    groups = grouped(
        one for one in unclear if "trial" not in one.subject or one.check not in of_studies
    )
    checks = list(dict.fromkeys(group.first.check for group in groups))
    several = (
        f"{len(checks)} checks could not judge what was compared, `{checks[0]}` among them"
        if checks
        else ""
    )
    for group in groups:
        retrains = group.first.check == "trial_noise"
        caveat = _of_finding(group.first, group.message, OPEN, RETRAIN if retrains else _OPEN)
        if retrains or len(checks) < MANY_OPEN:
            yield replace(caveat, findings=group.members)
        else:
            # What they are is said of all trials together, where one cause is said once.
            yield replace(caveat, text=several, findings=())


def _unfinished(studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    planned = sum(study.study.max_trials for study in studies)
    ended = sum(len(study.outcomes) for study in studies)
    if ended < planned:
        verb = "has" if 1 in (ended, planned) else "have"
        yield Caveat(
            text=f"{ended:,} of {quantity(planned, 'trial')} {verb} ended, so this is provisional",
            rules=("R13",),
            weight=UNFINISHED,
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
        widest = spreads[0].partition("` ")[2]
        yield Caveat(
            text=f"By luck of the search the best of resampled trials is {widest}",
            rules=("Q10",),
            weight=LUCK,
            topic="luck",
            findings=_said_by(findings, "sampling_luck"),
            detail="by the luck of the search, in 95 % of resampled studies the best is: "
            f"{', '.join(spreads)}; better ones than were seen cannot be ruled out.",
        )


def _said_by(findings: Sequence[Finding], check: str) -> tuple[Finding, ...]:
    """What a check says that is no problem, and that a reason says too."""
    return tuple(one for one in findings if one.check == check and one.status != "problem")


def _spread(study: RankedStudy) -> str:
    whole = luck(study.outcomes, study.study.objective)
    if whole is None:
        return f"not known ({plural(len(study.outcomes), 'trial')})"
    return reaches(whole)


def _configured(experiment: Experiment, studies: Sequence[RankedStudy]) -> Iterator[Caveat]:
    if experiment.configurations:
        yield Caveat(
            text="The settings were listed by hand, so nothing is known between and beyond them",
            rules=("R12",),
            weight=LISTED,
            detail="the settings were listed by hand, so nothing is known of those between and "
            "beyond them, and no search drew them: an interval tells how much the best rests on "
            "single settings.",
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
    lost = {
        trial.trial
        for study in analysis.studies
        for trial in analysis.result(study, stability).trials
        if trial.kind == "never_learned"
    }
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
        text=f"The race was unfair: {counts[fewest]:,} useful trials of `{fewest}` against "
        f"{counts[most]:,} of `{most}`",
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


def _seeds(studies: Sequence[RankedStudy], findings: Sequence[Finding]) -> Iterator[Caveat]:
    known = {
        finding.subject.get("study")
        for finding in findings
        if finding.check == "trial_noise" and finding.status == "ok"
    }
    tuned = [study.study.name for study in studies if study.study.space.dimensions]
    unknown = [name for name in tuned if name not in known]
    if unknown:
        whose = f"a trial of {_names(unknown)} varies" if len(unknown) < len(tuned) else ""
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
            text=f"Only the seed differs among the trials of {_names(untuned)}: the best is luck",
            rules=("A2",),
            weight=ONCE,
            detail=f"only the seed differs among the trials of {_names(untuned)}, so their best is "
            "the luckiest seed.",
        )


def _names(studies: Iterable[str]) -> str:
    return join([f"`{study}`" for study in studies], most=6)


def _sampling_error(experiment: Experiment, valued_studies: Sequence[RankedStudy]) -> Caveat:
    metric = experiment.metric
    errors = [
        f"`{study.study.name}` {number(study.standard_error, 2)}"
        for study in valued_studies
        if study.standard_error is not None
    ]
    if len(errors) == len(valued_studies):
        examples = experiment.validation_examples or 0
        error = number(valued_studies[0].standard_error, 2)
        return Caveat(
            text=f"On {quantity(examples, 'example')} the best value is known to {error} (one "
            "standard error)",
            rules=("A1",),
            weight=SAMPLING_ERROR,
            topic="luck",
            detail=f"on {plural(examples, 'validation example')} the standard error of "
            f"{metric} is {', '.join(errors)}; it is counted as if the studies did not share the "
            "examples, which is cautious.",
        )
    unknown = f"the sampling error of {metric} on the validation data is not known"
    if not is_rate(metric):
        return Caveat(
            text=f"How far the validation data move `{metric}` is not known",
            rules=("A1",),
            weight=SAMPLING_ERROR / 2,
            topic="luck",
            detail=f"{unknown}.",
        )
    return Caveat(
        text=f"How many examples `{metric}` counts is not known: set `validation_examples`",
        rules=("A1",),
        weight=SAMPLING_ERROR,
        topic="luck",
        detail=f"{unknown}; set `validation_examples` to have it counted.",
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


def _acknowledged(findings: Sequence[Finding]) -> Iterator[Caveat]:
    for finding in findings:
        if finding.acknowledged:
            yield Caveat(
                text=f"Acknowledged: {claim(finding)}",
                rules=(finding.rule,),
                weight=ACKNOWLEDGED,
                detail=f"acknowledged by the author of the experiment: {finding.message}",
                findings=(finding,),
            )


def _fixed(analysis: Analysis, findings: Sequence[Finding]) -> Iterator[Caveat]:
    found = fixed_caveats(analysis.studies).caveats
    values = [
        f"{caveat.hyperparameter} = {caveat.value}"
        + (f" ({caveat.studies[0]})" if len(caveat.studies) == 1 < len(analysis.studies) else "")
        for caveat in found
    ]
    if values:
        short = [f"`{one.hyperparameter}` = {number(one.value)}" for one in found]
        yield Caveat(
            text=f"It holds only at {join(short)}",
            rules=("R5",),
            weight=FIXED,
            findings=_said_by(findings, "fixed_caveats"),
            detail=f"this holds only for what was fixed: {', '.join(values)}.",
        )

"""What findings say against a verdict: problems, notices of what was compared, what is unclear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..analyze.analysis import Analysis
from ..analyze.checks.boundary_side import sides_clause
from ..analyze.checks.censored import censored as censored_trials
from ..analyze.checks.censored import findings as censored_findings
from ..finding import UNASKED, Caveat, Finding, grouped
from ..wording import join, shortened
from .context import side_of
from .failed_checks import FAR_OFF, harmless
from .kinds import CAUSES, open_kind
from .ranking import RankedStudy
from .retrained import Retrained
from .weights import (
    ACKNOWLEDGED,
    ANOTHER_METRIC,
    ASIDE,
    AT_CHANCE,
    BESIDE,
    CENSORED,
    CHANGED_CODE,
    HELD_DOWN,
    JUMPS,
    LEADERS_SHARE,
    OPEN,
    PERHAPS_AT_CHANCE,
    PROBLEM,
    RETRAIN,
    STILL_IMPROVING,
    UNREAD,
)

# A best trial that still improves, or jumps from evaluation to evaluation, may not stay the best.
_TELLING = ("still_improving", "step_variance")
# What a study says of its own best trial, once for both.
_OF_STUDIES = ("step_variance",)
# A sign that the best learning rate is not the best that there could be.
_EDGE = ("stability", "D3")
# What matters is worth knowing, and what was never logged a wish: no reason to doubt which study is
# better; the luck of the search is a reason of its own.
_BESIDE = ("importance", "gradient_norm", "sampling_luck", "unread", "chance")
# What is worth knowing of a curve, and no doubt that people read second.
_ASIDE = ("periodicity", "best_step")
# Failed checks that leave no question to be asked, the heaviest first.
_FAILED: Final = {"unread": UNREAD, "chance": AT_CHANCE}
# So many checks that could not judge are one reason, whatever each of them wanted.
MANY_OPEN = 3
_OPEN = "open"
_WEIGHTS: Final = {
    "stability": HELD_DOWN,
    "still_improving": STILL_IMPROVING,
    "step_variance": JUMPS,
}


def named(studies: Iterable[str]) -> str:
    """Studies in a row, six of them written out.

    Source: R13.
    """
    return join([f"`{study}`" for study in studies], most=6)


def claim(finding: Finding) -> str:
    """What a finding says in few words: its headline, else the beginning of its message.

    Source: C5.
    """
    return finding.headline or shortened(finding.message)


def problems(
    analysis: Analysis,
    studies: Sequence[RankedStudy],
    findings: Sequence[Finding],
    *,
    settled: Retrained | None = None,
) -> Iterator[Caveat]:
    """Every problem; those of one check and kind in several studies as one.

    One whose repair changes no order says why, and counts less.

    Source: C14.
    """
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        if finding.status == "problem":
            subject = finding.subject
            axis = subject.get("hyperparameter"), subject.get("side")
            cause = finding.check, finding.rule, finding.kind, axis
            key = cause if "study" in subject else id(finding)
            groups.setdefault(key, []).append(finding)
    for members in sorted(groups.values(), key=lambda group: group[0].check != "unread"):
        first, others = members[0], members[1:]
        text, detail = claim(first), " ".join(finding.message for finding in members)
        if others and first.rule == "C1" and "side" in first.subject:
            sides = [side_of(analysis, finding) for finding in members]
            names = named(finding.subject["study"] for finding in members)
            detail = f"{sides_clause(sides)}: {names}."
        # One that the text names as the first's rival would be told of itself.
        alike = [one.subject["study"] for one in others if f"`{one.subject['study']}`" not in text]
        if alike:
            text = f"{text}; likewise {named(alike)}"
        why = [harmless(analysis, studies, one, retrained=settled) for one in members]
        beside = all(why)
        reason = FAR_OFF if FAR_OFF in why else why[0]
        yield Caveat(
            text=f"{text}: {reason}" if beside else text,
            rules=(first.rule,),
            weight=BESIDE if beside else _FAILED.get(first.check, PROBLEM),
            detail=f"{detail} It does not keep the answer open: {reason}." if beside else detail,
            findings=tuple(members),
        )


def censored(analysis: Analysis) -> Iterator[Caveat]:
    """What a schedule left open by stopping trials.

    Source: T8.
    """
    for study in analysis.studies:
        for finding in censored_findings(analysis.result(study, censored_trials)):
            yield _of_finding(finding, finding.message, CENSORED)


def _perhaps_at_chance(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """That a study may not be better than chance, where chance is declared."""
    for finding in findings:
        if finding.check == "chance" and finding.status == "unclear" and finding.kind != UNASKED:
            yield _of_finding(finding, finding.message, PERHAPS_AT_CHANCE, "chance")


def another_metric(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """That a search or a schedule chose by another metric than the one that judges.

    Source: Q2.
    """
    for finding in findings:
        if finding.check == "another_metric" and finding.status == "notice":
            yield _of_finding(finding, finding.message, ANOTHER_METRIC)


def _of_finding(finding: Finding, detail: str, weight: float, topic: str = "") -> Caveat:
    return Caveat(
        text=claim(finding),
        rules=(finding.rule,),
        weight=weight,
        detail=detail,
        topic=topic,
        findings=(finding,),
    )


def curve_notices(findings: Sequence[Finding], leader: str) -> Iterator[Caveat]:
    """What the curve of a best trial shows that is no problem, and yet may change the order.

    Not where the same rule says it of the trial's study, which is a doubt already.

    Source: C8, C9, D3.
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


def changed_code(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """That trials of every study are of several versions of the code, where nobody accepts it.

    Source: K3.
    """
    for finding in findings:
        if (finding.check, finding.status) == ("code", "notice") and not finding.acknowledged:
            yield _of_finding(finding, finding.message, CHANGED_CODE)


def _may_change_order(finding: Finding) -> bool:
    of_trial = "trial" in finding.subject
    edge = (finding.check, finding.rule) == _EDGE
    return edge or (of_trial and finding.check in _TELLING) or finding.check in _OF_STUDIES


def unclear(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """One doubt a check for all that it leaves open; of trials where it says nothing of a study.

    Whether anything was learned is a doubt by itself, and a heavier one.

    Source: C14, S11.
    """
    yield from _perhaps_at_chance(findings)
    opened = [one for one in findings if one.status == "unclear" and one.check not in _BESIDE]
    of_studies = {finding.check for finding in opened if "trial" not in finding.subject}
    groups = grouped(
        one for one in opened if "trial" not in one.subject or one.check not in of_studies
    )
    kinds_of: dict[str, set[str]] = {}
    causes = {id(group): _cause(group.first, opened) for group in groups}
    for group in groups:
        kinds_of.setdefault(group.first.check, set()).add(causes[id(group)])
    text, kind = _several(kinds_of)
    # Those that the text is about come first: their rules stand beside it.
    for group in sorted(groups, key=lambda one: bool(kind) and causes[id(one)] != kind):
        retrains = group.first.check == "trial_noise"
        weight = ASIDE if group.first.check in _ASIDE else OPEN
        caveat = _of_finding(group.first, group.message, weight, RETRAIN if retrains else _OPEN)
        if retrains or len(kinds_of) < MANY_OPEN:
            yield replace(caveat, findings=group.members)
        else:
            # What they are is said of all trials together, where one cause is said once.
            is_told = not kind or causes[id(group)] == kind
            yield replace(caveat, text=text if is_told else caveat.text, findings=())


def _cause(finding: Finding, opened: Sequence[Finding]) -> str:
    """The kind of why a check could not judge; of a study, as of most of its trials here."""
    if (kind := open_kind(finding)) in CAUSES:
        return kind
    same = [one for one in opened if (one.check, one.rule) == (finding.check, finding.rule)]
    kinds = Counter(filter(CAUSES.get, map(open_kind, same)))
    return next((kind for kind, _ in kinds.most_common(1)), "")


def _several(kinds_of: Mapping[str, Collection[str]]) -> tuple[str, str]:
    """How many checks could not judge, and the kind of the cause, where most have the same."""
    counts = Counter(kind for kinds in kinds_of.values() for kind in kinds if kind in CAUSES)
    kind, count = next(iter(counts.most_common(1)), ("", 0))
    if 2 * count > len(kinds_of):
        return f"{count} checks could not judge the compared trials: {CAUSES[kind]}", kind
    return f"{len(kinds_of)} checks could not judge the compared trials", ""


def acknowledged(findings: Sequence[Finding]) -> Iterator[Caveat]:
    """What the author of the experiment knows and accepts.

    Source: R5.
    """
    for finding in findings:
        if finding.acknowledged:
            yield Caveat(
                text=f"Acknowledged: {claim(finding)}",
                rules=(finding.rule,),
                weight=ACKNOWLEDGED,
                detail=f"acknowledged by the author of the experiment: {finding.message}",
                findings=(finding,),
            )

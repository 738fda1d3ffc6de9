"""The answer to the experiment's question, as far as the evidence carries it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, final

from ..analyze.analysis import Analysis
from ..analyze.checks.evaluation_kind import evaluation_kind
from ..analyze.comparison import Comparison
from ..finding import SAMPLING_ERRORS, Finding, Lead, StudyMean, Verdict
from ..wording import conjunction, number, percent, plural, quantity
from .caveats import caveats
from .failed_checks import blocking
from .ranking import RankedStudy, best_trials, means, once, ranking, relevant_findings
from .retrained import Retrained, retrained
from .significance import lead
from .study_rows import study_rows
from .verdict_evidence import comparison_evidence, lead_evidence, study_evidence

Status: TypeAlias = Literal["better", "leads", "unclear", "no_question"]

# Of a value and of a gap, which is known less well; more digits are not read.
_DIGITS, _GAP_DIGITS = 3, 2


@final
@dataclass(frozen=True, kw_only=True)
class _Basis:
    """What a verdict rests on: the studies, the leader first, and how sure its lead is."""

    studies: Sequence[RankedStudy]
    leads: Sequence[Lead]
    untuned: Sequence[StudyMean]
    retrained: Retrained | None
    examples: int | None
    blocking: Sequence[Finding] = ()
    unread: Sequence[str] = ()


def verdict(analysis: Analysis, findings: Sequence[Finding]) -> Verdict:
    """Whether the leading study is better, or only ahead, or not even that.

    Two questions are kept apart. What the best settings are worth, only their trainings with other
    seeds tell: from 5 a side on, where they agree, the word is `better`. What each search could
    find, its trials tell: a lead that two equal searches seldom show `leads`, and no more, since a
    search that is harder to tune or whose seeds scatter loses so without being worse. A failed
    check forbids an answer where its repair could change the order (`failed_checks`); where nobody
    read what the studies differ in, there is nothing to answer.

    Measured by `benchmarks/claims/better.py`, 200 rounds each: one of two arms that are equal at
    their best is never `better` without retrainings, and `leads` in 98 % where the other is four
    times as narrow in 4 axes, in 14 % where its seeds scatter three times as widely. By 5 trainings
    of each, equal settings are told apart in 4.5 %, those that differ by two deviations in 80 %: no
    test finds more. A lead of 4 deviations of the seeds is found in 95 to 100 % at 20 trials where
    seeds move values more than points do, else in 65 to 73 %.

    Source: A1, A2, C14, Q10, R5, R13, W8.
    """
    studies = ranking(analysis)
    best = best_trials(studies)
    basis = _basis(analysis, studies)
    relevant, trained = relevant_findings(findings, best), basis.retrained
    settled = trained if trained and trained.settles else None
    basis = replace(basis, blocking=blocking(analysis, basis.studies, relevant, retrained=settled))
    leader = basis.studies[0]
    status, headline, message = _answer(basis)
    sides = basis.retrained.sides if basis.retrained else {}
    reasons = caveats(analysis, basis.studies, findings, settled=settled)
    return Verdict(
        status=status,
        winner=leader.study.name if leader.best and not basis.unread else "",
        headline=headline,
        message=message,
        rows=study_rows(basis.studies, basis.examples, sides),
        caveats=reasons,
        doubts=tuple(caveat.doubt for caveat in reasons),
        best_trials=tuple(sorted(best)),
        leads=() if basis.unread else tuple(basis.leads),
        means=() if basis.unread else tuple(basis.untuned),
        blocking=tuple(basis.blocking),
        evidence={**_evidence(basis), "evaluation": _kind(analysis, leader)},
    )


def _basis(analysis: Analysis, ranked: Sequence[RankedStudy]) -> _Basis:
    """The studies in the order that counts: by retrainings that answer, else by best trials."""
    trained = retrained(ranked)
    single = once(ranked)
    order = [study.study.name for study in single]
    if trained and trained.answers:
        order = list(trained.sides)
    single.sort(key=lambda study: order.index(study.study.name))
    studies = sorted(ranked, key=lambda study: order.index(study.study.name))
    return _Basis(
        studies=studies,
        leads=[lead(single[0], other) for other in single[1:]] if studies[0].best else [],
        untuned=means(ranked),
        retrained=trained,
        examples=analysis.experiment.validation_examples,
        unread=analysis.unread.scientific if analysis.unread.nothing_compared else (),
    )


def _answer(basis: _Basis) -> tuple[Status, str, str]:
    """The word of a verdict, its headline and its sentences."""
    leader = basis.studies[0]
    if not leader.best:
        return "unclear", *_nothing(basis.studies)
    if len(basis.studies) == 1:
        return "no_question", *_alone(basis)
    if basis.unread:
        return "no_question", *_unread(basis)
    status, headline, message = _by_retrainings(basis) or _by_searches(basis)
    count = len(basis.blocking)
    # Copies of one training are no trainings: the answer says so itself.
    if not count or (status == "unclear" and {one.kind for one in basis.blocking} == {"copies"}):
        return status, headline, message
    checks = plural(count, "failed check")
    first = message.partition(". ")[0].rstrip(".")
    return (
        "unclear",
        f"{_ahead(basis)}, but {checks}{_rule(basis)} come{'s' if count == 1 else ''} first",
        f"{first}. {checks.capitalize()} must be amended and run again before the question is "
        "judged.",
    )


def _rule(basis: _Basis) -> str:
    """Which of the reasons below is the failed check, by its rule; of several, words are short."""
    rules = {finding.rule for finding in basis.blocking}
    return f" ({rules.pop()})" if len(rules) == 1 else ""


def _ahead(basis: _Basis) -> str:
    """Who is ahead of whom, by how much."""
    leader = f"`{basis.studies[0].study.name}`"
    if basis.retrained and basis.retrained.answers:
        closest = basis.retrained.nearest
        return f"{leader} is ahead of `{closest.a.name}` by {_gap(closest.gain)}"
    nearest = basis.leads[0]
    if not math.isfinite(nearest.by):
        return f"Only {leader} has a feasible trial"
    return f"{leader} is ahead of `{nearest.over}` by {_gap(nearest.by)}"


def _rival(basis: _Basis) -> str:
    """The other study, or the nearest of several."""
    if len(basis.studies) == 2:
        return f"`{basis.studies[1].study.name}`"
    return f"{len(basis.studies) - 1} others"


def _gap(by: float) -> str:
    # Zero has no sign.
    return number(by + 0.0, _GAP_DIGITS)


def _nothing(studies: Sequence[RankedStudy]) -> tuple[str, str]:
    ended = sum(len(study.outcomes) for study in studies)
    if not ended:
        headline = "No trial has ended yet"
        return headline, f"{headline}, so there is nothing to compare."
    subject = "The only ended trial is not" if ended == 1 else f"None of {ended} ended trials is"
    headline = f"{subject} feasible"
    return headline, (
        f"{headline}, so there is nothing to compare. Look for a bug in the training code, then "
        "move the space."
    )


def _alone(basis: _Basis) -> tuple[str, str]:
    study = basis.studies[0]
    trials = plural(len(study.outcomes), "trial")
    value = number(study.best.value, _DIGITS) if study.best else "no value"
    headline = f"The best `{study.study.metric}` of {trials} is {value}"
    message = f"Nothing was compared: the best of {trials} is {_result(study)}."
    return headline, f"{message} {_mean_sentence(basis)}".rstrip()


def _unread(basis: _Basis) -> tuple[str, str]:
    """That the studies differ in nothing that the training asks for."""
    names = conjunction([f"`{name}`" for name in basis.unread])
    headline = f"Nothing read {names}, so nothing was compared"
    ended = plural(sum(len(study.outcomes) for study in basis.studies), "trial")
    return headline, f"{headline}: the best of {ended} is {_result(basis.studies[0])}."


def _mean_sentence(basis: _Basis) -> str:
    """The means of studies whose best is only the luckiest seed."""
    if not basis.untuned:
        return ""
    listed = conjunction(
        [f"`{one.study}` {number(one.mean, _DIGITS)}" for one in basis.untuned[:4]]
    )
    return f"Where only the seed differs the best is luck; means are {listed}."


def _value(study: RankedStudy) -> str:
    best = study.best
    value = number(best.value, _DIGITS) if best else "no value"
    return f"{study.study.metric} {value}"


def _result(study: RankedStudy) -> str:
    best = study.best
    if best is None:
        return "no feasible trial"
    return f"{_value(study)} (trial {best.trial} at step {best.step})"


# --- what the best settings are worth: their trainings with other seeds


def _by_retrainings(basis: _Basis) -> tuple[Status, str, str] | None:
    """The answer of the trainings of every best setting; None where too few say nothing."""
    trained = basis.retrained
    if trained is None or not trained.answers:
        return None
    leader = f"`{trained.leader}`"
    each = f"{trained.fewest} trainings of each"
    by = _gap(trained.nearest.gain)
    message = _trained_message(basis, trained)
    if trained.agree and trained.enough:
        return "better", f"{leader} is better than {_rival(basis)} by {by} in {each}", message
    if trained.agree:
        return "leads", f"{leader} leads {_rival(basis)} by {by} in {each}", message
    reasons = {
        "few": f"{trained.fewest} trainings each are too few",
        "none": "but trainings fail",
        "close": f"too close for {trained.fewest} trainings each",
        "copies": "but their seeds change nothing",
        "mixed": "but means and failures disagree",
        "": f"within the noise of {trained.fewest} trainings each",
    }
    why = reasons.get(trained.nearest.why, reasons["close"])
    if trained.nearest.answer == "worse":
        why = "but fails more often"
    return "unclear", f"{_ahead(basis)}, {why}", message


def _trained_message(basis: _Basis, trained: Retrained) -> str:
    nearest = trained.nearest
    a, b, metric = nearest.a, nearest.b, nearest.metric
    times = f"{b.trainings} times" if a.trainings == b.trainings else "again"
    second = number(a.mean, _DIGITS) if a.finite else "no value"
    first = (
        f"Trained {times}, `{b.name}` has a mean {metric} of {number(b.mean, _DIGITS)} against "
        f"{second} of `{a.name}`{_reach(nearest)}."
    )
    lost = nearest.failures
    if lost.a or lost.b:
        return f"{first} {_failures(nearest)}"
    return f"{first} {_searches_sentence(basis, trained)}".rstrip()


def _reach(one: Comparison) -> str:
    """The interval of the gap, in the direction of the leader's gain."""
    gap = one.difference
    if not gap.known:
        return ""
    sign = 1 if one.maximize else -1
    low, high = sorted((sign * gap.low, sign * gap.high))
    return f" (95 % interval of the gap {_gap(low)} to {_gap(high)})"


def _failures(one: Comparison) -> str:
    lost = one.failures
    return (
        f"Of the trainings, {lost.b} of {lost.trainings_b} of `{one.b.name}` and {lost.a} of "
        f"{lost.trainings_a} of `{one.a.name}` failed."
    )


def _searches_sentence(basis: _Basis, trained: Retrained) -> str:
    """What the searches could find, which the trainings do not say."""
    if not trained.searched:
        return "" if trained.enough else "Five trainings of each are the least that settle it."
    nearest = basis.leads[0]
    if not math.isfinite(nearest.by):
        return ""
    question = "What the searches could find is another question"
    if nearest.by <= 0:
        return f"{question}: they {_favour(basis)}."
    of_equal = f", as in {percent(min(1.0, nearest.p_value))} of equal searches"
    return (
        f"{question}: the best {plural(nearest.run, 'trial')} of both are `{trained.leader}`'s"
        f"{of_equal if nearest.drawn else ''}."
    )


def _favour(basis: _Basis) -> str:
    """Which study the searches favour, where it is not the one that trainings do."""
    least = min(basis.leads, key=lambda lead: lead.by)
    return f"favour `{least.over}`" if least.by < 0 else f"found the same with `{least.over}`"


# --- what each search could find: its trials


def _by_searches(basis: _Basis) -> tuple[Status, str, str]:
    """The answer of single trainings: a lead at most."""
    leader = basis.studies[0]
    message = _searched_message(basis)
    if basis.untuned:
        return (
            "unclear",
            f"{_ahead(basis)}, by the luckiest seed",
            (f"{message} {_mean_sentence(basis)}"),
        )
    open_leads = [one for one in basis.leads if not one.leads]
    if open_leads:
        return "unclear", *_open(basis, open_leads[0], message)
    trained = basis.retrained
    if trained and trained.leader != leader.study.name:
        again = f"{message} {_trained_message(basis, trained)}"
        return "unclear", f"{_ahead(basis)}, but `{trained.leader}` is when trained again", again
    headline = f"`{leader.study.name}` leads {_rival(basis)} by {_gap(basis.leads[0].by)}"
    seeds = "what other seeds give is not known"
    if trained:
        seeds = f"{trained.fewest} trainings of each with other seeds do not tell"
    sentence = f"{_run_sentence(basis.leads[0])[:-1]}; {seeds}."
    return "leads", f"{headline}, by one training a setting", f"{message} {sentence}"


def _searched_message(basis: _Basis) -> str:
    leader, nearest = basis.studies[0], basis.studies[1]
    word = leader.study.objective.best
    second = nearest.best
    against = (
        f"{number(second.value, _DIGITS)} of `{nearest.study.name}` (trial {second.trial})"
        if second
        else f"no feasible trial of `{nearest.study.name}`"
    )
    best = leader.best
    at = f" (trial {best.trial} at step {best.step})" if best else ""
    value = number(best.value, _DIGITS) if best else "no value"
    return (
        f"`{leader.study.name}` reaches the {word} {leader.study.metric}, {value}{at}, against "
        f"{against}."
    )


def _run_sentence(one: Lead) -> str:
    if one.run <= 1:
        return "Only the best trial of both is its own, as one of two equal searches always has it."
    if not one.drawn:
        return (
            f"The best {one.run} trials of both are all its own, as trials crowd around a good one "
            "where a search follows its results."
        )
    draws = f"{percent(min(1.0, one.p_value))} of equal searches"
    return f"The best {one.run} trials of both are all its own, which {draws} show."


def _open(basis: _Basis, one: Lead, message: str) -> tuple[str, str]:
    """Why a lead is none: headline and message."""
    leader = f"`{basis.studies[0].study.name}`"
    if not math.isfinite(one.by):
        other = next(study for study in basis.studies if study.study.name == one.over)
        if not other.outcomes:
            return (
                f"`{one.over}` has no ended trial to compare with {leader} yet",
                f"{message} Let the round finish first.",
            )
        headline = f"`{one.over}` has no feasible trial to compare with {leader}"
        return headline, f"{message} Look at what breaks `{one.over}` first."
    if one.by == 0:
        return f"{leader} and `{one.over}` have the same best, {_value(basis.studies[0])}", message
    ahead = f"{leader} is ahead of `{one.over}` by {_gap(one.by)}"
    if one.by <= SAMPLING_ERRORS * one.error:
        examples = quantity(basis.examples or 0, "validation example")
        errors = number(one.by / one.error, _GAP_DIGITS)
        short = f"{basis.examples or 0:,} examples"
        headline = f"{ahead}, within the sampling error of {short}"
        return headline, f"{message} On {examples} that gap is {errors} standard errors."
    luck = "within the luck of the search" if one.drawn else "by a search that follows its results"
    return f"{ahead}, {luck}", f"{message} {_run_sentence(one)}"


# --- as JSON has it


def _kind(analysis: Analysis, leader: RankedStudy) -> str:
    """Which kind of evaluation the values are."""
    kind: str = analysis.result(leader.study, evaluation_kind).kind
    return kind


def _evidence(basis: _Basis) -> dict[str, Any]:
    """What the verdict rests on, as JSON has it."""
    evidence: dict[str, Any] = {
        "studies": {study.study.name: study_evidence(study) for study in basis.studies}
    }
    if basis.untuned:
        evidence["means"] = {mean.study: vars(mean) for mean in basis.untuned}
    if basis.leads:
        evidence["leads"] = {lead.over: lead_evidence(lead) for lead in basis.leads}
    if basis.retrained:
        compared = basis.retrained.comparisons.items()
        evidence["retrainings"] = {name: comparison_evidence(one) for name, one in compared}
    return evidence

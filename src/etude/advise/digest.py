"""Findings as a person reads them: a line each, and what has one cause is one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from ..finding import UNASKED, Caveat, Finding, Severity
from ..wording import join, quantity, trial_list
from .finding_caveats import claim
from .kinds import REASONS, UNLOGGED, open_kind, subject_of

_PLURALS = {"has": "have", "is": "are", "was": "were"}
_OF_STUDY = "of a study"
_ORDER = ("problem", "unclear", "notice")


@final
@dataclass(frozen=True, kw_only=True)
class Line:
    """One line for findings that say the same, or have one cause.

    Args:
        text: A claim with its number, no full stop.
        rules: Of the findings, each once.
        findings: Those it stands for.
    """

    status: Severity
    text: str
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]


def digest(
    findings: Sequence[Finding], caveats: Sequence[Caveat] = (), best: Collection[int] = ()
) -> list[Line]:
    """The findings that are not ok as lines: problems, what could not be judged, notices.

    Args:
        findings: Of the design and of every check.
        caveats: What is said already of some of them.
        best: The trials that were compared: their curves matter more than those of others.

    Source: C5, C14.
    """
    said = [finding for caveat in caveats for finding in caveat.findings]
    reasons, checks = set(map(_identity, said)), {finding.check for finding in said}
    asked = [one for one in findings if one.status != "ok" and one.kind != UNASKED]
    # An identity takes longer than all else that is asked here of a finding about one trial.
    rest = [one for one in asked if one.check not in checks or _identity(one) not in reasons]
    kinds, covered = _kinds(rest), {_place(one) for one in rest if _of_study(one)}
    groups: dict[object, list[Finding]] = {}
    for finding in rest:
        kind = open_kind(finding)
        if kind not in REASONS:
            kind = kinds.get(_open(finding), "") or kind
        if finding.status == "unclear" and _place(finding) in covered and kind not in REASONS:
            kind = kind if kind in UNLOGGED else _OF_STUDY
        if not (kind in UNLOGGED and finding.status == "unclear"):
            groups.setdefault(_alike(finding, kind), []).append(finding)
    lines = [*_mattering(findings), *(_line(members) for members in groups.values())]
    return sorted(lines, key=lambda line: (_ORDER.index(line.status), _is_aside(line, best)))


def _mattering(findings: Sequence[Finding]) -> Iterator[Line]:
    """What matters in each study: in order, and yet what a search is for."""
    for finding in findings:
        is_known = finding.check == "importance" and finding.status == "ok"
        if is_known and "hyperparameter" not in finding.subject and finding.kind != "pair":
            yield Line(
                status="notice", text=claim(finding), rules=(finding.rule,), findings=(finding,)
            )


def _of_study(finding: Finding) -> bool:
    """Whether it says that something could not be judged of a whole study."""
    axis_or_trial = {"hyperparameter", "trial"} & finding.subject.keys()
    return finding.status == "unclear" and not axis_or_trial and not finding.acknowledged


def _place(finding: Finding) -> tuple[str, str, object]:
    return finding.check, finding.rule, finding.subject.get("study")


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    return finding.check, finding.rule, finding.kind, str(sorted(finding.subject.items(), key=str))


def _is_aside(line: Line, best: Collection[int]) -> bool:
    """Whether it speaks of no more than curves of trials that were not compared."""
    trials = [finding.subject.get("trial") for finding in line.findings]
    return None not in trials and not set(trials) & set(best)


def unlogged(findings: Sequence[Finding]) -> list[str]:
    """What was never logged, and would let checks judge more.

    Source: D5.
    """
    kinds = {open_kind(finding) for finding in findings if finding.status == "unclear"}
    return [metric for kind, metric in UNLOGGED.items() if kind in kinds]


def _open(finding: Finding) -> tuple[str, str] | None:
    """The check and rule of what could not be judged of a study."""
    of_study = finding.status == "unclear" and "trial" not in finding.subject
    return (finding.check, finding.rule) if of_study else None


def _kinds(findings: Sequence[Finding]) -> dict[tuple[str, str] | None, str]:
    """Why a check could not judge a study: as it could not judge most trials, if that is known."""
    counts: dict[tuple[str, str] | None, Counter[str]] = {}
    for finding in findings:
        kind = open_kind(finding)
        if finding.status == "unclear" and "trial" in finding.subject and kind:
            counts.setdefault((finding.check, finding.rule), Counter())[kind] += 1
    return {key: count.most_common(1)[0][0] for key, count in counts.items()}


def _alike(finding: Finding, kind: str) -> object:
    if finding.acknowledged:
        return id(finding)
    single = "trial" in finding.subject
    if finding.status == "unclear" and kind in REASONS:
        return finding.status, kind
    side = finding.subject.get("side", "")
    return finding.status, finding.check, finding.rule, kind, single, side


def _line(members: Sequence[Finding]) -> Line:
    first = members[0]
    judged = [one for one in members if one.status != "unclear" or open_kind(one) not in REASONS]
    return Line(
        status=first.status,
        text=f"{claim(first)}{_also(members)}" if len(judged) == len(members) else _cause(members),
        rules=tuple(sorted({finding.rule for finding in members}, key=_by_number)),
        findings=tuple(members),
    )


def _by_number(rule: str) -> tuple[str, int]:
    return rule[:1], int(rule[1:]) if rule[1:].isdigit() else 0


def _cause(members: Sequence[Finding]) -> str:
    """One sentence for all that one cause keeps from being judged."""
    checks_of: dict[int, set[str]] = {}
    for finding in members:
        if "trial" in finding.subject:
            checks_of.setdefault(finding.subject["trial"], set()).add(finding.check)
    if not checks_of:
        return f"{claim(members[0])}{_also(members)}"
    kind = next(filter(REASONS.get, map(open_kind, members)))
    one = len(checks_of) == 1
    return REASONS[kind].format(
        trials=f"Trial {next(iter(checks_of))}" if one else quantity(len(checks_of), "trial"),
        checks=_for_checks(list(checks_of.values())),
        **{verb: verb if one else plural for verb, plural in _PLURALS.items()},
    )


def _for_checks(checks: Sequence[Collection[str]]) -> str:
    """What cannot be judged of each of some trials, or by how many checks at most."""
    most = max(map(len, checks))
    if any(set(one) != set(checks[0]) for one in checks):
        return f"for up to {quantity(most, 'check')}" if most > 1 else "for one check each"
    return f"for {quantity(most, 'check')}" if most > 1 else f"to judge {subject_of(*checks[0])}"


def _also(members: Sequence[Finding]) -> str:
    """Of how many others the same holds."""
    others = members[1:]
    if _of_study(members[0]):
        # What is open of a study is open of its hyperparameters, and need not be said again.
        others = [one for one in others if "hyperparameter" not in one.subject]
    if not others:
        return ""
    trials = list(dict.fromkeys(one.subject["trial"] for one in others if "trial" in one.subject))
    names = [trial_list(trials)] if trials else list(_places(others, members[0]))
    return f"; likewise {join(names, most=2)}" if names else ""


def _places(others: Sequence[Finding], first: Finding) -> Iterator[str]:
    """The hyperparameters, else the studies, that others of a group are about."""
    names = [one.subject.get("hyperparameter") for one in others]
    known = first.subject.get("hyperparameter")
    distinct = [f"`{name}`" for name in dict.fromkeys(names) if name and name != known]
    yield from distinct or [
        f"`{study}`" for study in dict.fromkeys(one.subject.get("study") for one in others) if study
    ]

"""`etude check`: what every check says, problems first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import quantity
from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..finding import Finding, Group
    from ..round.result import Result

_ORDER = ("problem", "unclear", "notice", "ok")
# How checks of single trials say why they are open, and how many values they need.
_SINCE = re.compile(r"Trial \d+: .* is open, since (it [^;.]*)(?:; (\d+) are needed)?\.")


def check(
    name: NameArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 where there is a problem.")
    ] = False,  # a flag of the command line
) -> None:
    """Check the evidence of an experiment, and say what it allows to conclude."""
    from .options import stored_result
    from .output import Answer, show

    with stored_result(name, store) as result:
        findings = result.findings
        answer = Answer(lines=partial(_lines, result), json=partial(_as_json, result))
        show(answer, json=json)
    if strict and any(finding.status == "problem" for finding in findings):
        raise typer.Exit(1)


def _as_json(result: Result) -> dict[str, Any]:
    from ..finding import to_json

    verdict = result.verdict
    return {
        "experiment": result.experiment.name,
        "verdict": {
            "status": verdict.status,
            "winner": verdict.winner,
            "message": verdict.message,
            "doubts": verdict.doubts,
        },
        "findings": [to_json(finding) for finding in result.findings],
    }


def _lines(result: Result) -> Iterator[str]:
    from ..analyze.registry import NOT_CHECKED
    from .output import paragraph, verdict_lines

    yield from _findings_lines(result.findings)
    yield from ["", *verdict_lines(result.verdict), ""]
    subjects = ", ".join(f"{subject} ({rule})" for rule, subject in NOT_CHECKED.items())
    yield paragraph(f"Not checked by this version, look for yourself: {subjects}.")


def _findings_lines(findings: list[Finding]) -> Iterator[str]:
    """Findings that are not ok, the worst first; then how many are ok, and of which checks."""
    from ..finding import grouped
    from .output import finding_lines

    groups = [group for group in grouped(findings) if group.first.status != "ok"]
    groups.sort(key=lambda group: _ORDER.index(group.first.status))
    for speaker, message in merged_messages(groups):
        yield from finding_lines(speaker, message=message)
    passed = [finding for finding in findings if finding.status == "ok"]
    names = sorted({f"{finding.check} ({finding.rule})" for finding in passed})
    if passed:
        yield f"ok: {quantity(len(passed), 'finding')} of {', '.join(names)}."


# --- groups that are open for one reason


def merged_messages(groups: Sequence[Group]) -> list[tuple[Finding, str]]:
    """The finding that speaks for each group and its message, groups open for one reason merged.

    Where a rule is open for a study, its trials are counted there. Rules that are open for the same
    trials and want the same are one.
    """
    trials_of: dict[object, int] = {}
    for group in groups:
        if _is_open_trial(group):
            trials_of[_rule(group)] = trials_of.get(_rule(group), 0) + len(group.members)
    of_studies = {_rule(one) for one in groups if _is_open(one) and not _is_open_trial(one)}
    merged: dict[object, list[Group]] = {}
    for group in groups:
        if not (_is_open_trial(group) and _rule(group) in of_studies):
            merged.setdefault(_reason(group), []).append(group)
    messages = []
    for alike in merged.values():
        first = alike[0]
        trials = trials_of.get(_rule(first), 0) if _rule(first) in of_studies else 0
        also = f" So it is for {quantity(trials, 'single trial')}." if trials else ""
        message = _joint_message(alike) or f"{first.message}{also * _is_open(first)}"
        messages.append((first.first, message))
    return messages


def _is_open(group: Group) -> bool:
    return group.first.status == "unclear"


def _is_open_trial(group: Group) -> bool:
    return _is_open(group) and "trial" in group.first.subject


def _rule(group: Group) -> tuple[str, str]:
    return group.first.check, group.first.rule


def _reason(group: Group) -> object:
    """What open groups of the same trials have in common; any other group stands alone."""
    match = _SINCE.match(group.first.message)
    if match is None or not _is_open_trial(group) or group.first.advice:
        return id(group)
    return match[1], tuple(finding.subject["trial"] for finding in group.members)


def _joint_message(alike: Sequence[Group]) -> str:
    """One sentence for checks that want the same, each with how much; empty for a single one."""
    if len(alike) == 1:
        return ""
    first = alike[0]
    reason = _SINCE.match(first.message)
    assert reason is not None, "Only what says its reason is merged. This is a bug."
    checks = ", ".join(_check_and_need(group.first) for group in alike)
    more = first.message.partition(" Alike: ")[2]
    also = f" Alike: {more}" if more else ""
    trial = f"Trial {first.first.subject['trial']}"
    return f"{trial}: {len(alike)} checks are open, since {reason[1]}: {checks}.{also}"


def _check_and_need(finding: Finding) -> str:
    match = _SINCE.match(finding.message)
    need = f", needs {match[2]}" if match and match[2] else ""
    return f"{finding.check} ({finding.rule}{need})"

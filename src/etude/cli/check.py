"""`etude check`: what every check says, problems first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import quantity
from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..finding import Finding, Verdict
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..finding import Finding, Group


_ORDER = ("problem", "unclear", "notice", "ok")


def check(
    name: NameArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 where there is a problem.")
    ] = False,  # a flag of the command line
) -> None:
    """Check the evidence of an experiment, and say what it allows to conclude."""
    from ..analyze.registry import NOT_CHECKED
    from ..finding import to_json
    from .options import opened
    from .output import print_json, verdict_lines, wrapped

    with opened(name, store) as result:
        findings = result.findings
        if json:
            print_json(
                {
                    "experiment": result.experiment.name,
                    "verdict": _as_json(result.verdict),
                    "findings": [to_json(finding) for finding in findings],
                }
            )
        else:
            _print(findings)
            for line in ["", *verdict_lines(result.verdict)]:
                typer.echo(line)
            listed = ", ".join(f"{what} ({rule})" for rule, what in NOT_CHECKED.items())
            typer.echo("")
            typer.echo(wrapped(f"Not checked by this version, look for yourself: {listed}."))
    if strict and any(finding.status == "problem" for finding in findings):
        raise typer.Exit(1)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "winner": verdict.winner,
        "message": verdict.message,
        "doubts": verdict.doubts,
    }


def _print(findings: list[Finding]) -> None:
    from ..finding import grouped
    from .check import short
    from .output import finding_lines

    told = [group for group in grouped(findings) if group.first.status != "ok"]
    told.sort(key=lambda one: _ORDER.index(one.first.status))
    for first, message in short(told):
        for line in finding_lines(first, message=message):
            typer.echo(line)
    passed = [finding for finding in findings if finding.status == "ok"]
    names = sorted({f"{finding.check} ({finding.rule})" for finding in passed})
    if passed:
        typer.echo(f"ok: {quantity(len(passed), 'finding')} of {', '.join(names)}.")


# How checks of single trials say why they are open, and how many values they need.
_SINCE = re.compile(r"Trial \d+: .* is open, since (it [^;.]*)(?:; (\d+) are needed)?\.")


def short(groups: Sequence[Group]) -> list[tuple[Finding, str]]:
    """Who speaks for each group and what it says, the groups that are open for one reason merged.

    Where a rule is open for a study, its trials are counted there. Rules that are open for the same
    trials and want the same are one.
    """
    of_trials: dict[object, int] = {}
    for group in groups:
        if _of_trials(group):
            of_trials[_rule(group)] = of_trials.get(_rule(group), 0) + len(group.members)
    of_studies = {_rule(one) for one in groups if _is_open(one) and not _of_trials(one)}
    merged: dict[object, list[Group]] = {}
    for group in groups:
        if not (_of_trials(group) and _rule(group) in of_studies):
            merged.setdefault(_want(group), []).append(group)
    said = []
    for alike in merged.values():
        first = alike[0]
        trials = of_trials.get(_rule(first), 0) if _rule(first) in of_studies else 0
        also = f" So it is for {quantity(trials, 'single trial')}." if trials else ""
        said.append((first.first, _together(alike) or f"{first.message}{also * _is_open(first)}"))
    return said


def _is_open(group: Group) -> bool:
    return group.first.status == "unclear"


def _of_trials(group: Group) -> bool:
    return _is_open(group) and "trial" in group.first.subject


def _rule(group: Group) -> tuple[str, str]:
    return group.first.check, group.first.rule


def _want(group: Group) -> object:
    """What open ones of the same trials have in common; any other group stands alone."""
    found = _SINCE.match(group.first.message)
    if found is None or not _of_trials(group) or group.first.advice:
        return id(group)
    return found[1], tuple(one.subject["trial"] for one in group.members)


def _together(alike: Sequence[Group]) -> str:
    """One sentence for checks that want the same, each with how much; empty for a single one."""
    if len(alike) == 1:
        return ""
    first = alike[0]
    since = _SINCE.match(first.message)
    assert since is not None, "Only what says its reason is merged. This is a bug."
    wanted = [(group.first, _SINCE.match(group.first.message)) for group in alike]
    checks = [
        f"{one.check} ({one.rule}{f', needs {found[2]}' if found and found[2] else ''})"
        for one, found in wanted
    ]
    more = first.message.partition(" Alike: ")[2]
    also = f" Alike: {more}" if more else ""
    who = f"Trial {first.first.subject['trial']}"
    return f"{who}: {len(alike)} checks are open, since {since[1]}: {', '.join(checks)}.{also}"

"""What the checks leave open, said once a reason: many checks are open for want of the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .messages import counted

if TYPE_CHECKING:
    from ..finding import Finding, Group

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
        also = f" So it is for {counted(trials, 'single trial')}." if trials else ""
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

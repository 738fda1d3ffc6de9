"""C1: a side of the space that ends too early is moved outward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..analyze.wording import listed
from ..finding import Finding, Recommendation
from ..hyperparameter import Hyperparameter
from ..space import Integer, Real
from .case import Case, Remedy
from .crowded import crowded
from .widen import widened

Sided: TypeAlias = tuple[Hyperparameter, Literal["low", "high"]]


def extend(case: Case) -> list[Remedy]:
    """Every side where the best trials crowd or the objective still falls, once for all studies.

    What could come beyond the values of a choice, a person must say: its finding asks for it.

    Source: C1, R11.
    """
    return [
        Remedy(rule="C1", edits=(edit,))
        for (one, side), causes in _flagged(case).items()
        for edit in _wider(case, one, side, causes)
    ]


def _flagged(case: Case) -> dict[Sided, list[Finding]]:
    """The sides to widen as hyperparameters of the experiment, with the findings that name them."""
    flagged: dict[Sided, list[Finding]] = {}
    for finding in case.findings:
        if finding.rule == "C1" and finding.status == "problem":
            one = case.owner(case.study(finding), finding.subject["hyperparameter"])
            assert one is not None, "C1 speaks of what is searched. This is a bug."
            flagged.setdefault((one, finding.subject["side"]), []).append(finding)
    return flagged


def _wider(
    case: Case, one: Hyperparameter, side: Literal["low", "high"], causes: Sequence[Finding]
) -> list[Recommendation]:
    if not isinstance(one.value, Real | Integer):
        return []
    old = one.value.low if side == "low" else one.value.high
    new = widened(one.name, one.value, side)
    if new == old:
        return []
    because = causes[0].message if len(causes) == 1 else f"{crowded(causes)}."
    named = {finding.subject["study"] for finding in causes}
    others = [study for study in case.sharing(one) if study.name not in named]
    if others:
        names = listed([f"`{study.name}`" for study in others])
        because += f" The range is shared, so it widens for {names} too."
    return [Recommendation(rule="C1", path=one.path, part=side, old=old, new=new, because=because)]

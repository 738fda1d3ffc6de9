"""Which hyperparameters a page draws where there are too many, and what it says of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..finding import Finding
from ..study import Study

# Heuristic: a chart costs a page 0.1 s to make and as much to draw.
MAX_AXES = 24
MAX_AXES_IN_ALL = 48


def drawn(studies: Sequence[Study], findings: Sequence[Finding]) -> dict[str, list[str]]:
    """The hyperparameters to draw of each study, in its order: those with a problem come first.

    Not those where the best trials lie closest together: among hundreds of hyperparameters some
    do so by chance.
    """
    most = min(MAX_AXES, max(2, MAX_AXES_IN_ALL // max(1, len(studies))))
    return {study.name: _of_study(study, findings, most) for study in studies}


def left_out(study: Study, drawn: Mapping[str, Sequence[str]]) -> str:
    """What the charts of a study leave out, and where it is; empty where they leave out nothing."""
    known, shown = study.space.dimensions, len(drawn[study.name])
    if shown >= known:
        return ""
    return (
        f"Drawn: {shown} of {known} hyperparameters, those with a problem first, then by name. "
        "`etude report --format svg` draws all of them."
    )


def _of_study(study: Study, findings: Sequence[Finding], most: int) -> list[str]:
    problems = {
        finding.subject.get("hyperparameter")
        for finding in findings
        if finding.status == "problem" and finding.subject.get("study") == study.name
    }
    names = sorted(study.space.domains, key=lambda name: (name not in problems, name))
    chosen = set(names[:most])
    return [name for name in study.space.domains if name in chosen]

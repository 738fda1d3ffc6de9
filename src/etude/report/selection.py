"""The hyperparameters that a page draws where there are too many, and a note on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..finding import Finding, about_studies
from ..study import Study

# Heuristic: more rows of panels fill more than two screens, and nobody compares the first with the
# last.
MAX_AXES = 12
MAX_AXES_IN_ALL = 48


def drawn_axes(studies: Sequence[Study], findings: Sequence[Finding]) -> dict[str, list[str]]:
    """The hyperparameters to draw of each study, in its order: those with a problem go first.

    Not those where the best trials lie closest together: among hundreds of hyperparameters some
    do so by chance.
    """
    most = min(MAX_AXES, max(2, MAX_AXES_IN_ALL // max(1, len(studies))))
    said = about_studies(findings)
    return {study.name: _axes_of(study, said.get(study.name, ()), most) for study in studies}


def omission_note(study: Study, axes: Mapping[str, Sequence[str]]) -> str:
    """A note on the hyperparameters that are not drawn of a study; empty where all are."""
    known, drawn = study.space.dimensions, len(axes[study.name])
    if drawn >= known:
        return ""
    return (
        f"Drawn: {drawn} of {known} hyperparameters, those with a problem first, then by name. "
        "`etude report --format svg` draws all of them."
    )


def _axes_of(study: Study, findings: Sequence[Finding], most: int) -> list[str]:
    problems = {
        finding.subject.get("hyperparameter") for finding in findings if finding.status == "problem"
    }
    names = sorted(study.space.domains, key=lambda name: (name not in problems, name))
    chosen = set(names[:most])
    return [name for name in study.space.domains if name in chosen]

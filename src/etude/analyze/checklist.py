"""Every check of this version, and the names of those it does not have."""

from __future__ import annotations

from collections.abc import Sequence

from ..experiment import Experiment
from ..finding import Finding
from ..record import Record
from ..study import Study
from . import boundary, censored, fixed_caveats, infeasible, sampling_luck
from .parts import parts

# Rules of the checklist that no check covers yet: a report says so, or silence would look like
# approval.
NOT_CHECKED = {
    "C2": "sampling density",
    "C4": "training stability",
    "C6": "overfitting of the best trials",
    "C7": "overfitting of other trials",
    "C8": "step-to-step variance",
    "C9": "still improving at the end",
    "C10": "saturated long before the end",
    "C11": "climbing training loss",
    "T5": "where the best step falls",
    "E6": "periodicity of a metric",
    "D1": "kind of instability",
    "D2": "learning rates just beyond the best",
    "D3": "best learning rate at the edge of stability",
    "D4": "instability in the first steps",
    "D5": "gradient norms",
}


def findings(
    studies: Sequence[Study], records: Sequence[Record], experiment: Experiment
) -> list[Finding]:
    """What every check says, in the order of the checklist, study by study.

    Edges and infeasible trials are those of a whole merged study; luck is that of each value's
    share of it.

    Source: C1, C3, Q10, R5, R14, T8.
    """
    by_study = [
        finding
        for study in studies
        for finding in (
            *boundary.findings(boundary.boundary(study, records)),
            *infeasible.findings(infeasible.infeasible(study, records)),
            *censored.findings(censored.censored(study, records)),
            *(
                finding
                for part, mine in parts(study, records)
                for finding in sampling_luck.findings(sampling_luck.sampling_luck(part, mine))
            ),
        )
    ]
    return by_study + fixed_caveats.findings(fixed_caveats.fixed_caveats(studies))

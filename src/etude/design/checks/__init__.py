"""Every rule that speaks before a step is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ...experiment import Experiment
from ...finding import Finding
from ...study import Study
from . import budget, misspellings, question, regularizers, roles, search_method


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None = None
) -> list[Finding]:
    """What the rules say of a design; where its author acknowledged one, a caveat instead.

    Args:
        experiment: The question.
        studies: Its studies.
        parent: The round before; None where there is none or it is not known.

    Source: S3, S10, T4, T8, R3, R4, R6, R7, R9, R13, R15, Q9, Q11, W4.
    """
    found = [
        *question.findings(experiment, studies, parent),
        *roles.findings(experiment, studies),
        *regularizers.findings(experiment, studies),
        *budget.findings(studies),
        *misspellings.findings(experiment, studies),
        *search_method.findings(experiment, studies),
    ]
    return [_acknowledged(one) if one.rule in experiment.acknowledge else one for one in found]


def _acknowledged(finding: Finding) -> Finding:
    return dataclasses.replace(finding, status="notice", acknowledged=True)

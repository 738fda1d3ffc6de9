"""The registry of the checks that speak of a design before a step is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from ...experiment import Experiment
from ...finding import Finding
from ...study import Study
from . import (
    batch_sizes,
    budget,
    judged,
    lists,
    misspellings,
    piecewise,
    question,
    regularizers,
    roles,
    search_method,
)

# The experiment, its studies and the round before, if it is known.
Findings: TypeAlias = Callable[[Experiment, Sequence[Study], Experiment | None], list[Finding]]


@final
@dataclass(frozen=True)
class DesignCheck:
    """One check of a design. It speaks only where there is something to say.

    Args:
        name: As it stands in findings.
        rules: All that its findings may name.
        findings: The check.
        repair_betters: Those of the rules whose repair can only better the study that has the
            problem; of a design too, no other problem is one of the leader alone.
    """

    name: str
    rules: tuple[str, ...]
    findings: Findings
    repair_betters: tuple[str, ...] = ()


CHECKS: tuple[DesignCheck, ...] = (
    DesignCheck("question", ("R3", "S10", "W7"), question.findings),
    DesignCheck(
        "roles", ("S3", "T4", "R6", "R7"), lambda e, s, _: roles.findings(e, s), ("R6", "R7")
    ),
    DesignCheck("batch_sizes", ("S8",), lambda e, s, _: batch_sizes.findings(e, s)),
    DesignCheck("switches", ("R9",), lambda e, s, _: regularizers.findings(e, s), ("R9",)),
    DesignCheck("budget", ("Q11", "R13", "R15"), lambda _e, s, _p: budget.findings(s)),
    DesignCheck("names", ("R4",), lambda e, s, _: misspellings.findings(e, s)),
    DesignCheck("lists", ("R12",), lambda _e, s, _p: lists.findings(s)),
    DesignCheck("test_data", ("X3",), lambda e, _s, _p: judged.findings(e)),
    DesignCheck("schedule", ("Q9", "T8", "W4"), lambda e, s, _: search_method.findings(e, s)),
    DesignCheck("piecewise", ("L2",), lambda e, s, _: piecewise.findings(e, s)),
)


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None = None
) -> list[Finding]:
    """What the rules say of a design; where its author acknowledged one, a caveat instead.

    Args:
        experiment: The question.
        studies: Its studies.
        parent: The round before; None where there is none or it is not known.

    Source: S3, S8, S10, T4, T8, L2, L4, R3, R4, R6, R7, R9, R12, R13, R15, Q9, Q11, W4, W7, X3.
    """
    spoken = [
        finding for check in CHECKS for finding in check.findings(experiment, studies, parent)
    ]
    return [_acknowledged(one) if one.rule in experiment.acknowledge else one for one in spoken]


def _acknowledged(finding: Finding) -> Finding:
    return dataclasses.replace(finding, status="notice", acknowledged=True)

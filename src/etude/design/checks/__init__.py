"""The registry of the checks that speak of a design before a step is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from ...code import CodeFile
from ...experiment import Experiment
from ...finding import Finding
from ...study import Study
from . import (
    batch_sizes,
    budget,
    judged,
    larger_model,
    lists,
    misspellings,
    piecewise,
    question,
    regularizers,
    roles,
    search_method,
    unnamed,
    widening,
)

# The experiment, its studies, the round before and the training code, as far as these are known.
Findings: TypeAlias = Callable[
    [Experiment, Sequence[Study], Experiment | None, Sequence[CodeFile]], list[Finding]
]


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
    DesignCheck("question", ("R3", "S10", "W7"), lambda e, s, p, _: question.findings(e, s, p)),
    DesignCheck(
        "roles",
        ("S3", "T4", "R6", "R7", "R8", "R10"),
        lambda e, s, *_: roles.findings(e, s),
        ("R6", "R7"),
    ),
    DesignCheck("unnamed", ("R6",), lambda e, s, _, code: unnamed.findings(e, s, code)),
    DesignCheck("widening", ("R16",), lambda e, s, p, _: widening.findings(e, s, p)),
    DesignCheck("larger_model", ("S17",), lambda e, s, p, _: larger_model.findings(e, s, p)),
    DesignCheck("batch_sizes", ("S8",), lambda e, s, *_: batch_sizes.findings(e, s)),
    DesignCheck("switches", ("R9",), lambda e, s, *_: regularizers.findings(e, s), ("R9",)),
    DesignCheck("budget", ("Q11", "R13", "R15"), lambda _, s, *__: budget.findings(s)),
    DesignCheck("names", ("R4",), lambda e, s, *_: misspellings.findings(e, s)),
    DesignCheck("lists", ("R12",), lambda _, s, *__: lists.findings(s)),
    DesignCheck("test_data", ("X3",), lambda e, *_: judged.findings(e)),
    DesignCheck(
        "schedule", ("Q9", "K1", "T8", "W4"), lambda e, s, *_: search_method.findings(e, s)
    ),
    DesignCheck("piecewise", ("L2",), lambda e, s, *_: piecewise.findings(e, s)),
)


def findings(
    experiment: Experiment,
    studies: Sequence[Study],
    parent: Experiment | None = None,
    code: Sequence[CodeFile] = (),
) -> list[Finding]:
    """What the rules say of a design; where its author acknowledged one, a caveat instead.

    Args:
        experiment: The question.
        studies: Its studies.
        parent: The round before; None where there is none or it is not known.
        code: The files of the training; empty where they are not known.

    Source: S2, S3, S8, S10, S17, T4, T8, K1, L2, L4, R3, R4, R6, R7, R8, R9, R10, R12, R13, R15,
    R16, Q9, Q11, W4, W7, X3.
    """
    spoken = [
        finding for check in CHECKS for finding in check.findings(experiment, studies, parent, code)
    ]
    return [_acknowledged(one) if one.rule in experiment.acknowledge else one for one in spoken]


def _acknowledged(finding: Finding) -> Finding:
    return dataclasses.replace(finding, status="notice", acknowledged=True)

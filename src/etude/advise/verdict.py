"""The answer to the experiment's question, as far as the evidence carries it.

Letters: B bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..experiment import Experiment
from ..finding import Finding, Verdict
from ..record import Record, Records
from ..study import Study


def verdict(
    experiment: Experiment,
    studies: Sequence[Study],
    records: Records | Sequence[Record],
    findings: Sequence[Finding],
) -> Verdict:
    """Whether the leading study beats every other beyond the noise that is known without reruns.

    Source: A1, A2, C14, Q10, R5, R13.
    """
    raise NotImplementedError

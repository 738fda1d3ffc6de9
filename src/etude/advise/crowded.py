"""What C1 finds at one side of a hyperparameter in several studies, in one clause."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.wording import counted, number
from ..finding import Finding


def crowded(findings: Sequence[Finding]) -> str:
    """How many of the best trials lie near that side, over these C1 findings.

    Source: C1.
    """
    hits = _span([len(each.evidence["trials"]) for each in findings])
    top = _span([len(each.evidence["top"]) for each in findings])
    word = "lower" if findings[0].subject["side"] == "low" else "upper"
    bounds = list(dict.fromkeys(number(each.evidence["bound"]) for each in findings))
    bound = f"the {word} bound {bounds[0]}" if len(bounds) == 1 else f"their {word} bounds"
    name, studies = findings[0].subject["hyperparameter"], counted(len(findings), "study")
    return f"{hits} of the best {top} trials lie near {bound} of `{name}` in {studies}"


def _span(counts: Sequence[int]) -> str:
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"

"""What C1 finds at one side of a hyperparameter in several studies, in one clause."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..wording import number, plural


def sides_clause(findings: Sequence[Finding]) -> str:
    """How many of the best trials lie near that side, over these C1 findings.

    Source: C1.
    """
    hits = _span([len(each.evidence["trials"]) for each in findings])
    top = _span([len(each.evidence["top"]) for each in findings])
    word = "lower" if findings[0].subject["side"] == "low" else "upper"
    bounds = list(dict.fromkeys(number(each.evidence["bound"]) for each in findings))
    bound = f"the {word} bound {bounds[0]}" if len(bounds) == 1 else f"their {word} bounds"
    name, studies = findings[0].subject["hyperparameter"], plural(len(findings), "study")
    text = f"{hits} of the best {top} trials lie near {bound} of `{name}` in {studies}"
    falling = sum(_falls(each) for each in findings)
    if not falling:
        return text
    where = "there" if falling == len(findings) else f"in {falling} of them"
    return f"{text}, and the objective still improves {where}"


def _falls(finding: Finding) -> bool:
    """Whether a valley fitted to all trials most likely falls at the bound."""
    fall = finding.evidence.get("fall")
    return fall is not None and bool(fall >= finding.evidence["min_fall"])


def _span(counts: Sequence[int]) -> str:
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"

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
    text = f"{hits} of the best {top} trials lie near {bound} of `{name}` in {studies}"
    falling = sum(_falls(each) for each in findings)
    if not falling:
        return text
    where = "there" if falling == len(findings) else f"in {falling} of them"
    return f"{text}, and the objective still improves {where}"


def _falls(finding: Finding) -> bool:
    """Whether a surface fitted to all trials falls at the bound, beyond chance."""
    seen = finding.evidence
    fall, lean = seen.get("fall"), seen.get("lean")
    if fall is None or lean is None:
        return False
    return bool(fall >= seen["min_fall"] and lean >= seen["min_lean"])


def _span(counts: Sequence[int]) -> str:
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"

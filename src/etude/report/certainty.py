"""How sure an answer is, in a sentence for whoever does not know the words of a verdict."""

from __future__ import annotations

import math
from typing import Final

from ..finding import Verdict
from ..wording import number

_SURE: Final = {
    "better": "Sure: the lead is more than the luck of the search and of single trainings.",
    "leads": "Fairly sure: equal studies seldom look so, but another seed may still turn it.",
    "unclear": "Not sure: this evidence does not say which of them is better.",
    "no_question": "Nothing was compared, so no answer can be right or wrong yet.",
}


def certainty(verdict: Verdict) -> str:
    """How sure the answer is, and within which bounds the lead lies where that is known.

    Source: A1, A2, Q10.
    """
    lead = next(iter(verdict.leads), None)
    sure = _SURE[verdict.status]
    # Where settings were trained again, their means are compared, and not the luck of searches.
    if lead is None or verdict.means or not all(map(math.isfinite, (lead.by, lead.low, lead.high))):
        return sure
    low, high = number(lead.low, 2), number(lead.high, 2)
    return f"{sure} The lead of {number(lead.by, 2)} may be anything from {low} to {high} (95 %)."

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
    "no_question": "Not sure: it is the best of one search, and nothing was compared with it.",
}
_NOTHING: Final = "Nothing can be said: no trial has a value that counts."
_FAILED: Final = "Not sure: failed checks have to be repaired before any lead counts."


def certainty(verdict: Verdict) -> str:
    """How sure the answer is, and within which bounds the lead lies where that is known.

    Source: A1, A2, Q10.
    """
    if verdict.rows and all(row.value is None for row in verdict.rows):
        return _NOTHING
    lead = next(iter(verdict.leads), None)
    sure = _FAILED if verdict.status == "unclear" and verdict.blocking else _SURE[verdict.status]
    # Where settings were trained again, their means are compared, and not the luck of searches.
    if lead is None or verdict.means or not all(map(math.isfinite, (lead.by, lead.low, lead.high))):
        return sure
    return (
        f"{sure} The lead of {number(lead.by, 2)} may be {_span(lead.low, lead.high)} (95\u00a0%)."
    )


def _span(low: float, high: float) -> str:
    """Where a lead may lie, in words where it may be none.

    >>> _span(-0.01, 0.02), _span(0.01, 0.02)
    ('anything from 0.01 behind to 0.02 ahead', 'anything from 0.01 to 0.02')
    """
    if low < 0 < high:
        return f"anything from {number(-low, 2)} behind to {number(high, 2)} ahead"
    return f"anything from {number(low, 2)} to {number(high, 2)}"

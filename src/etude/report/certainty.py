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
    "no_question": "Not sure: this is the best of one search, and nothing was compared with it.",
}
_UNREAD: Final = "Nothing is known of the question: no training read what its studies differ in."
_NOTHING: Final = "Nothing can be said: no trial has a value that counts."
_FAILED: Final = "Not sure: failed checks have to be repaired before any lead counts."


def certainty(verdict: Verdict) -> str:
    """How sure the answer is, and within which bounds the lead lies where that is known.

    Source: A1, A2, Q10.
    """
    if verdict.rows and all(row.value is None for row in verdict.rows):
        return _NOTHING
    lead = next(iter(verdict.leads), None)
    if verdict.status == "no_question" and len(verdict.rows) > 1:
        return _UNREAD
    sure = _FAILED if verdict.status == "unclear" and verdict.blocking else _SURE[verdict.status]
    # Where settings were trained again, their means are compared, and not the luck of searches.
    if lead is None or verdict.means or not all(map(math.isfinite, (lead.by, lead.low, lead.high))):
        return sure
    # Resampled trials know the luck of the draws alone: no interval for the lead itself.
    return (
        f"{sure} Other draws of the searches would put the lead of {number(lead.by, 2)} "
        f"{_span(lead.low, lead.high)} in 19 of 20; other seeds may move it further."
    )


def _span(low: float, high: float) -> str:
    """Where a lead may lie, in words where it may be none.

    >>> _span(-0.01, 0.02), _span(0.01, 0.02)
    ('between 0.01 behind and 0.02 ahead', 'between 0.01 and 0.02')
    """
    if low < 0 < high:
        return f"between {number(-low, 2)} behind and {number(high, 2)} ahead"
    return f"between {number(low, 2)} and {number(high, 2)}"

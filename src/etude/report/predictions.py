"""The predictions of chosen examples as a page shows them, and which kind of value it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ..analyze.analysis import Analysis
from ..analyze.checks.evaluation_kind import evaluation_kind
from ..train.predictions import Predicted
from ..wording import number, quantity


def predictions(predicted: Sequence[Predicted]) -> dict[str, Any]:
    """The table of a page, and the sentence above it; an empty table where nothing was saved.

    Source: E7.
    """
    labelled = [one for one in predicted if one.label]
    wrong = sum(one.label != one.prediction for one in labelled if one.score is not None)
    classes = [one for one in labelled if one.score is not None]
    told = f", {len(classes) - wrong} of {len(classes)} right" if classes else ""
    count = quantity(len(predicted), "validation example")
    return {
        "predictions": [_row(one) for one in predicted],
        "predictions_note": f"What the best checkpoint makes of {count}{told}: chosen by a fixed "
        "seed, the same in every trial, with two of each rare class (E7).",
    }


def evaluation_note(analysis: Analysis) -> str:
    """Which kind of evaluation the values of the page are, in a sentence.

    Source: E8.
    """
    if not analysis.studies:
        return ""
    result = analysis.result(analysis.studies[0], evaluation_kind)
    return f"`{result.metric}` is {result.text} (E8)."


def _row(one: Predicted) -> dict[str, Any]:
    return {
        "example": one.example,
        "text": one.text,
        "label": one.label,
        "prediction": one.prediction,
        "score": "–" if one.score is None else number(one.score, 2),
        "wrong": bool(one.label) and one.score is not None and one.label != one.prediction,
        # Base64 that was decoded and encoded again by whoever read the file: no markup of others.
        "picture": Markup(one.picture),
    }

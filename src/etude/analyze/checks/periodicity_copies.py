"""Validation examples that are training examples: seen in the data, before any period shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity
from ...playbook.metrics import COPIES, EXAMPLES, TRAINING_COPIES, TRAINING_EXAMPLES
from ...wording import percent, quantity
from ..statistics.binomial import at_least
from ..thresholds import CopiesThresholds
from ..views.curves import TrialCurves
from ..views.evaluation_data import evaluation_data

SHIPPED = CopiesThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class Copied:
    """How many validation examples have the inputs of a training example.

    Args:
        repeated: The share of training examples that have those of another training example.
        chance: How often as many would be copies, where data repeat by themselves as often.
    """

    copies: int
    examples: int
    repeated: float
    chance: float
    thresholds: CopiesThresholds

    @property
    def share(self) -> float:
        """Of the validation examples."""
        return self.copies / max(1, self.examples)

    @property
    def status(self) -> Severity:
        """A problem where they are many, and data do not repeat by themselves as often."""
        limit = self.thresholds
        if self.chance >= limit.chance or self.share < limit.min_share:
            return "ok"
        return "problem" if self.share - self.repeated >= limit.problem else "notice"


def copied(known: Mapping[str, float], thresholds: CopiesThresholds = SHIPPED) -> Copied | None:
    """The copies among what was logged of the data; None where nobody counted them.

    Two examples more are counted among the training's own copies, so that data without any may
    have a few in common.

    Source: E6.
    """
    if not {COPIES, EXAMPLES, TRAINING_COPIES, TRAINING_EXAMPLES} <= known.keys():
        return None
    copies, examples = round(known[COPIES]), round(known[EXAMPLES])
    repeated = (known[TRAINING_COPIES] + 2.0) / (known[TRAINING_EXAMPLES] + 2.0)
    return Copied(
        copies=copies,
        examples=examples,
        repeated=min(repeated, 1.0),
        chance=at_least(copies, examples, repeated),
        thresholds=thresholds,
    )


def copied_in(curves: Sequence[TrialCurves]) -> Copied | None:
    """The copies that these trials logged of their data; None where they logged none.

    Source: E6.
    """
    return copied(evaluation_data(trial.record for trial in curves))


def findings(result: Copied | None, study: str) -> list[Finding]:
    """One finding of a study whose trials logged their data.

    Source: E6.
    """
    if result is None:
        return []
    many = f"{result.copies:,} of {quantity(result.examples, 'validation example')}"
    claim = many if result.copies else "No validation example"
    are = "are training examples" if result.copies > 1 else "is a training example"
    found = result.status != "ok"
    beside = (
        f"; training examples repeat among themselves in {percent(result.repeated)}"
        if result.copies
        else ""
    )
    false = f" A value on them is too good, by up to {percent(result.share)} of the examples."
    return [
        Finding(
            rule="E6",
            check="periodicity",
            status=result.status,
            subject={"study": study},
            headline=f"{claim} {are}",
            message=f"{claim} {are}, by their inputs{beside}.{false * found}",
            evidence={
                "trials": [],
                "copies": result.copies,
                "validation_examples": result.examples,
                "training_repeats": result.repeated,
                "chance": result.chance,
            },
            advice="Take the training examples out of the validation data, or split before copying."
            if found
            else "",
            kind="copied",
        )
    ]

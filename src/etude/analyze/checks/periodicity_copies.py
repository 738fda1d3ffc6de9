"""Validation examples that are training examples: seen in the data, before any period shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity
from ...playbook.metrics import COPIES, EXAMPLES, TRAINING_COPIES, TRAINING_EXAMPLES
from ...record import Record
from ...wording import percent, quantity
from ..statistics.binomial import at_least
from ..thresholds import CopiesThresholds
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


def copied(records: Sequence[Record], thresholds: CopiesThresholds = SHIPPED) -> Copied | None:
    """The copies that trials logged of their data; None where they logged none.

    Two examples more are counted among the training's own copies, so that data without any may
    have a few in common.

    Source: E6.
    """
    known = evaluation_data(records)
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


def findings(result: Copied | None, study: str) -> list[Finding]:
    """One finding of a study whose trials logged their data.

    Source: E6.
    """
    if result is None:
        return []
    claim = f"{quantity(result.copies, 'validation example')} of {result.examples:,}"
    are = "is a training example" if result.copies == 1 else "are training examples"
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


def line(result: Copied | None) -> str:
    """The same in one line, for a run that begins; empty where nothing is wrong.

    Source: E6.
    """
    said = findings(result, "")
    return f"{said[0].message} (E6)" if said and said[0].status != "ok" else ""

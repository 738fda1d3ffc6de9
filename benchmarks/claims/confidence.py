"""ROW confidence: the number beside a finding against the precision on workloads left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from checklist import (
    CHECKS,
    Check,
    Point,
    Tally,
    chosen,
    counted,
    tally,
    unseen,
    wilson,
)
from labelled import BERT, CURVES, Workload, bert, nanogpt, workloads

from .cell import Cell, Row

# Few points an axis: each is played on every workload.
GRIDS: Mapping[str, Mapping[str, Sequence[float]]] = {
    "stability": {"min_drop": (0.15, 0.2, 0.3), "min_noise": (2.5, 3.3, 4.1)},
    "overfitting_by_loss": {"min_noise": (3.5, 4.0, 6.0), "min_rise": (0.05, 0.08, 0.12)},
    "overfitting_by_metric": {"min_noise": (3.5, 4.0, 6.0), "min_rise": (0.05, 0.08, 0.12)},
    "still_improving": {"min_noise": (2.0, 3.0, 4.0), "min_gain": (0.03, 0.05, 0.08)},
}
# Where the thresholds keep what is printed, by check and answer.
PRINTED = {
    ("stability", "flagged"): "confidence_flagged",
    ("stability", "ok"): "confidence_ok",
    ("overfitting_by_loss", "flagged"): "confidence_flagged_by_loss",
    ("overfitting_by_loss", "ok"): "confidence_ok_by_loss",
    ("overfitting_by_metric", "flagged"): "confidence_flagged_by_metric",
    ("overfitting_by_metric", "ok"): "confidence_ok_by_metric",
    ("still_improving", "flagged"): "confidence_flagged",
    ("still_improving", "ok"): "confidence_ok",
}


@cache
def _folds() -> dict[str, list[Workload]]:
    """The labelled workloads, each to be left out once; none where the data is absent."""
    if not CURVES.is_dir():
        return {}
    folds = {one.name: [one] for one in workloads()}
    folds["nanogpt"] = list(nanogpt())
    if BERT.is_dir():
        folds["bert"] = list(bert())
    return folds


@cache
def _left_out(name: str) -> Tally:
    """What a check says of each workload with thresholds that the others chose, in all."""
    check = next(check for check in CHECKS if check.name == name)
    check = replace(check, grid=GRIDS[name])
    by_fold = {fold: _at_each_point(check, given) for fold, given in _folds().items()}
    said: Tally = Counter()
    for fold, points in by_fold.items():
        others = [found for other, found in by_fold.items() if other != fold]
        said += points[chosen(check, others)]
    # Workloads without labels chose nothing either: the eye judged what was called unstable.
    return said + unseen() if name == "stability" and by_fold else said


def _at_each_point(check: Check, fold: Sequence[Workload]) -> dict[Point, Tally]:
    return {
        point: sum(
            (tally(check, one, check.answers(one, check.at(point))) for one in fold), Counter()
        )
        for point in check.points()
    }


def precision(name: str, answer: str, seed: Sequence[int]) -> tuple[int, int]:
    """How many of such answers on left-out workloads are right, of how many."""
    return counted(_left_out(name), answer)


def within(name: str, answer: str, seed: Sequence[int]) -> tuple[int, int]:
    """Whether the printed number lies within the 95 % interval of that precision."""
    right, total = counted(_left_out(name), answer)
    if not total:
        return 0, 0
    shipped = next(check.shipped for check in CHECKS if check.name == name)
    low, high = wilson(right, total)
    return int(low <= getattr(shipped, PRINTED[name, answer]) <= high), 1


def _cells() -> list[Cell]:
    return [
        cell
        for name, answer in PRINTED
        for cell in (
            Cell(
                name=f"{name}, {answer}: right on workloads left out",
                group="precision",
                measure=partial(precision, name, answer),
                limit=None,
                repeats=1,
            ),
            Cell(
                name=f"{name}, {answer}: the printed number is in its interval",
                group="printed",
                measure=partial(within, name, answer),
                limit=1.0,
                at_most=False,
                repeats=1,
            ),
        )
    ]


ROW = Row(
    claim="the confidence beside a finding is its precision on workloads never seen",
    cells=_cells(),
    rests_on=("analyze",),
)

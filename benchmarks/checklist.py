"""How often the checks of training curves see what a person saw, on workloads they never met.

Folds: four workloads labelled by hand, a handful of unstable GPT-2 runs, fine-tunings of BERT that
collapse for some seeds, and our own trainings, whose labels come from their cause. Held out:
thresholds chosen on all other folds. Found is a `problem` or, of overfitting and of what still
improves, also a notice; a trial that broke is a `problem` wherever nothing shows that it holds no
rate down, and so are all that are labelled here.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import trainings
from labelled import (
    BERT,
    CURVES,
    LABELLED,
    NEVER_DIVERGED,
    UNSTABLE_BY_EYE,
    Workload,
    bert,
    nanogpt,
    workloads,
)
from measure import Output

from etude.analyze.checks.overfitting import overfitting
from etude.analyze.checks.stability import stability
from etude.analyze.checks.still_improving import still_improving
from etude.analyze.registry import CHECKS as REGISTERED
from etude.analyze.thresholds import (
    OverfittingThresholds,
    StabilityThresholds,
    StillImprovingThresholds,
)

Answers = dict[int, str]
Point = tuple[float, ...]


def _stability(workload: Workload, thresholds: Any) -> Answers:
    found = stability(workload.study, workload.traces, thresholds=thresholds)
    return {one.trial: one.status for one in found.trials}


def _by_loss(workload: Workload, thresholds: Any) -> Answers:
    found = overfitting(workload.study, workload.traces, thresholds=thresholds)
    return {one.trial: one.by_loss.status for one in found.trials}


def _by_metric(workload: Workload, thresholds: Any) -> Answers:
    found = overfitting(workload.study, workload.traces, thresholds=thresholds)
    return {one.trial: one.by_metric.status for one in found.trials}


def _still(workload: Workload, thresholds: Any) -> Answers:
    found = still_improving(workload.study, workload.traces, thresholds=thresholds)
    return {one.trial: one.status for one in found.trials}


@dataclass(frozen=True)
class Check:
    """A check, its shipped thresholds, and the grid that a held-out choice is made from."""

    name: str
    bar: float
    answers: Callable[[Workload, Any], Answers]
    shipped: Any
    grid: Mapping[str, Sequence[float]]

    def at(self, point: Point) -> Any:
        return replace(self.shipped, **dict(zip(self.grid, point, strict=True)))

    def points(self) -> list[Point]:
        return list(itertools.product(*self.grid.values()))


_TURNS = {
    "min_noise": (3.5, 4.0, 5.0, 6.0, 7.0, 8.0),
    "min_rise": (0.02, 0.05, 0.08, 0.12, 0.16),
    "min_fall": (0.0, 1.0, 2.0, 3.0, 4.0),
}
CHECKS = (
    Check(
        "stability",
        0.9,
        _stability,
        StabilityThresholds(),
        {
            "min_drop": (0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
            "min_noise": (1.7, 2.5, 3.3, 4.1, 5.0),
            "min_lost": (0.4, 0.6, 0.8),
            "min_learned": (0.1, 0.2, 0.3),
        },
    ),
    Check("overfitting_by_loss", 0.9, _by_loss, OverfittingThresholds(), _TURNS),
    Check("overfitting_by_metric", 0.9, _by_metric, OverfittingThresholds(), _TURNS),
    Check(
        "still_improving",
        0.8,
        _still,
        StillImprovingThresholds(),
        {
            "min_noise": (2.0, 3.0, 4.0, 5.0, 6.0),
            "min_gain": (0.03, 0.04, 0.05, 0.06, 0.08),
            "min_slope": (0.2, 0.3, 0.4, 0.5, 0.6),
        },
    ),
)
Tally = Counter[tuple[bool, str]]
OF_CURVES = [check for check in REGISTERED if check.of == "curves"]


def tally(check: Check, workload: Workload, answers: Answers) -> Tally:
    """How often each answer met each truth."""
    truths = workload.truths.get(check.name, {})
    said = ("problem",) if check.name == "stability" else ("problem", "notice")
    return Counter(
        (truth, "flagged" if answers[trial] in said else _not_flagged(answers[trial]))
        for trial, truth in truths.items()
    )


def _not_flagged(answer: str) -> str:
    """Of stability a notice is an answer, but not that the trial broke."""
    return "ok" if answer == "notice" else answer


def balanced(found: Tally) -> float:
    """Balanced accuracy, an unclear answer half right; of one class alone, its accuracy."""
    shares = []
    for truth, right in ((True, "flagged"), (False, "ok")):
        total = sum(found[truth, answer] for answer in ("flagged", "ok", "unclear"))
        if total:
            shares.append((found[truth, right] + 0.5 * found[truth, "unclear"]) / total)
    return sum(shares) / len(shares) if shares else float("nan")


def precision(found: Tally) -> float:
    """Of those flagged, the share that is labelled so."""
    flagged = found[True, "flagged"] + found[False, "flagged"]
    return found[True, "flagged"] / flagged if flagged else float("nan")


def confidence(found: Tally, answer: str) -> float:
    """The share of such answers that are right, by Laplace's rule: no share of few is certain."""
    right, total = counted(found, answer)
    return (right + 1) / (total + 2)


def counted(found: Tally, answer: str) -> tuple[int, int]:
    """How many of such answers are right, of how many."""
    right = found[answer == "flagged", answer]
    return right, right + found[answer != "flagged", answer]


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson)."""
    if not total:
        return 0.0, 1.0
    z = 1.96
    middle = (right + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * math.sqrt(right * (total - right) / total + z * z / 4)
    return middle - half, middle + half


def unseen() -> Tally:
    """What stability calls unstable on workloads without labels, against the eye."""
    check, found = CHECKS[0], Counter[tuple[bool, str]]()
    for workload in workloads(tuple(UNSTABLE_BY_EYE)):
        for trial, answer in check.answers(workload, check.shipped).items():
            if answer == "problem":
                found[trial in UNSTABLE_BY_EYE[workload.name], "flagged"] += 1
    return found


def chosen(check: Check, folds: Sequence[Mapping[Point, Tally]]) -> Point:
    """The best grid point over these folds; of equals, the one in their middle."""
    score = {
        point: balanced(sum((fold[point] for fold in folds), Counter())) for point in check.points()
    }
    best = max(score.values())
    equals = [point for point in check.points() if score[point] > best - 1e-9]
    axes = [list(values) for values in check.grid.values()]
    places = [[axis.index(at) for axis, at in zip(axes, point, strict=True)] for point in equals]
    middle = [sum(place[axis] for place in places) / len(places) for axis in range(len(axes))]
    return min(
        zip(equals, places, strict=True),
        key=lambda pair: sum((at - mid) ** 2 for at, mid in zip(pair[1], middle, strict=True)),
    )[0]


def row(name: str, found: Tally) -> str:
    counts = "".join(f"{found[truth, answer]:9d}" for truth in (True, False) for answer in COLUMNS)
    return f"  {name:24}{counts}{balanced(found):10.3f}{precision(found):10.3f}"


COLUMNS = ("flagged", "ok", "unclear")


def head(output: Output, title: str) -> None:
    output.say()
    output.say(title)
    output.say(f"  {'':24}{'labelled yes':>27}{'labelled no':>27}{'balanced':>10}{'precision':>10}")
    output.say(f"  {'':24}" + "".join(f"{answer:>9}" for answer in 2 * COLUMNS))


def judged(
    output: Output, check: Check, folds: Mapping[str, Sequence[Workload]]
) -> dict[str, float]:
    """The tables of one check, and its figures."""
    shipped = {
        workload.name: tally(check, workload, check.answers(workload, check.shipped))
        for fold in folds.values()
        for workload in fold
    }
    head(output, f"{check.name}, shipped thresholds")
    for name, found in shipped.items():
        if found:
            output.say(row(name, found))
    four: Tally = sum((shipped[name] for name in LABELLED), Counter())
    output.say(row("the four workloads", four))
    figures = {
        f"{check.name}.balanced_accuracy": balanced(four),
        f"{check.name}.precision": precision(four),
    }
    return figures | held_out(output, check, folds)


def held_out(
    output: Output, check: Check, folds: Mapping[str, Sequence[Workload]]
) -> dict[str, float]:
    """Each fold judged with thresholds that the others chose; then the plateaus."""
    grid = {
        name: {
            point: sum(
                (tally(check, one, check.answers(one, check.at(point))) for one in fold), Counter()
            )
            for point in check.points()
        }
        for name, fold in folds.items()
    }
    head(output, f"{check.name}, held out: thresholds chosen on the other folds")
    pooled: dict[str, Tally] = {}
    for name in folds:
        point = chosen(check, [grid[other] for other in folds if other != name])
        pooled[name] = grid[name][point]
        if pooled[name]:
            said = ", ".join(f"{key} {at:g}" for key, at in zip(check.grid, point, strict=True))
            output.say(f"{row(name, pooled[name])}   {said}")
    four: Tally = sum((pooled[name] for name in LABELLED), Counter())
    every: Tally = sum(pooled.values(), Counter())
    output.say(row("the four workloads", four))
    output.say(row("all folds", every))
    sure = [f"{answer} {confidence(every, answer):.2f}" for answer in ("flagged", "ok")]
    output.say(f"  confidence: {', '.join(sure)}")
    plateaus(output, check, grid)
    met = balanced(four) >= check.bar and precision(four) >= 0.85
    output.say(f"  {'holds' if met else 'MISSED'} (bars {check.bar:.2f}, precision 0.85)")
    return {
        f"{check.name}.held_out.balanced_accuracy": balanced(four),
        f"{check.name}.held_out.precision": precision(four),
        f"{check.name}.held_out_all.balanced_accuracy": balanced(every),
        f"{check.name}.held_out_all.precision": precision(every),
    }


def plateaus(output: Output, check: Check, grid: Mapping[str, Mapping[Point, Tally]]) -> None:
    """How the balanced accuracy over all folds depends on one threshold, the others as shipped."""
    for axis, (name, values) in enumerate(check.grid.items()):
        centre = tuple(getattr(check.shipped, key) for key in check.grid)
        cells = []
        for value in values:
            point = (*centre[:axis], value, *centre[axis + 1 :])
            found = sum((fold[point] for fold in grid.values()), Counter())
            cells.append(f"{value:g}: {balanced(found):.3f}")
        output.say(f"  {name:12} (ships {centre[axis]:g})  {'   '.join(cells)}")


def never_diverged(output: Output, folds: Mapping[str, Sequence[Workload]]) -> float:
    """How many of the trials that blur the check are called unstable: none may be."""
    wrong = []
    for fold in folds.values():
        for workload in fold:
            answers = _stability(workload, StabilityThresholds())
            wrong += [
                f"{workload.name} {trial} ({outcome})"
                for trial, outcome in workload.outcomes.items()
                if outcome in NEVER_DIVERGED and answers[trial] == "problem"
            ]
    output.say()
    output.say(f"never to be called diverged, and called so: {', '.join(wrong) or 'none'}")
    return float(len(wrong))


def healthy(workload: Workload) -> list[int]:
    """The trials that no label says anything against."""
    truths = workload.truths
    bad = {
        trial
        for check in ("stability", "overfitting_by_loss", "overfitting_by_metric")
        for trial, truth in truths.get(check, {}).items()
        if truth
    }
    return [trial for trial, truth in truths.get("stability", {}).items() if trial not in bad]


def problems_of_healthy(
    output: Output, folds: Mapping[str, Sequence[Workload]]
) -> dict[str, float]:
    """The share of healthy labelled trials with any problem of a check of curves."""
    output.say()
    output.say("healthy labelled trials with any problem (at most 2 % in all, 5 % in a workload)")
    shares, wrong, of = [], 0, 0
    for workload in (one for fold in folds.values() for one in fold):
        trials = set(healthy(workload))
        if not trials:
            continue
        said = {
            finding.subject["trial"]: finding.rule
            for check in OF_CURVES
            for finding in check.findings(check.result(workload.study, workload.traces))
            if finding.status == "problem" and finding.subject.get("trial") in trials
        }
        shares.append(len(said) / len(trials))
        wrong, of = wrong + len(said), of + len(trials)
        which = ", ".join(f"{trial} ({rule})" for trial, rule in said.items())
        output.say(f"  {workload.name:28} {len(said):3d} of {len(trials):3d}  {which}")
    output.say(f"  all {100 * wrong / of:.1f} %, worst {100 * max(shares):.1f} %")
    return {"healthy.problems": wrong / of, "healthy.problems.worst": max(shares)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few own trainings, nothing kept")
    quick = parser.parse_args().quick
    output = Output("checklist", keep=not quick and CURVES.is_dir())
    if not CURVES.is_dir():
        output.say("NOTHING MEASURED: ../shared/data/curves is absent, and the labels with it.")
        return
    folds: dict[str, Sequence[Workload]] = {one.name: [one] for one in workloads()}
    folds["nanogpt"] = list(nanogpt())
    if BERT.is_dir():
        folds["bert"] = list(bert())
    folds["own trainings"] = [trainings.workload(1 if quick else trainings.SEEDS)]
    figures: dict[str, float] = {}
    for check in CHECKS:
        figures |= judged(output, check, folds)
    figures["never_diverged"] = never_diverged(output, folds)
    figures |= problems_of_healthy(output, folds)
    right, total = counted(unseen(), "flagged")
    low, high = wilson(right, total)
    output.say()
    output.say(
        f"stability on six workloads without labels, by eye: {right} of {total} called unstable "
        f"are ({low:.2f} to {high:.2f})"
    )
    figures["stability.unseen.precision"] = right / max(1, total)
    output.end(figures)


if __name__ == "__main__":
    main()

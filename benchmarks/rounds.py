"""The playbook's own loop, three rounds by hand and by autopilot, on digits and on characters.

By hand is `etude run`, `etude next`, and that file run, as one who agrees with the advice types
them; `--exploit` where exploration asks for nothing more. The best of each round is trained again
with other seeds, and no round's may be worse than the one's before, beyond the luck of the seeds.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from measure import ROOT, Output

import etude
from etude.procedure.cost import trained_steps
from etude.round.next_round import NextRound
from etude.round.result import Result

WORKLOADS = ("digits", "characters")
MODES = ("hand", "autopilot")
# A2's own number.
SEEDS = 5
# Worse: by more than two standard errors of the difference of two means.
ERRORS = 2.0


@dataclass(frozen=True)
class Round:
    """One round, with what its best is worth by other seeds.

    Args:
        steps: Training steps of the round alone.
        then: What the next round was for, and its changed lines.
        values: The best setting trained again, a value a seed.
    """

    number: int
    name: str
    trials: int
    steps: int
    wall_s: float
    verdict: str
    best: float
    values: tuple[float, ...]
    then: tuple[str, ...]

    @property
    def mean(self) -> float:
        """Of the retrainings."""
        return fmean(self.values)

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return stdev(self.values) / math.sqrt(len(self.values))


def main() -> None:
    """Plays what was asked for; a figure says how many rounds were worse than the one before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--folder", type=Path, help="Where files and store stay; else nowhere.")
    parser.add_argument("--quick", action="store_true", help="Keep no result.")
    given = parser.parse_args()
    output = Output("rounds", keep=not given.quick)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for workload in given.workloads:
            for mode in given.modes:
                folder = (given.folder or Path(temporary)) / f"{workload}-{mode}"
                shutil.copytree(ROOT / "examples" / workload, folder, dirs_exist_ok=True)
                rounds = list(_rounds(folder, mode, count=given.rounds, seeds=given.seeds))
                figures |= _told(output, f"{workload}.{mode}", rounds)
    steps = sum(value for name, value in figures.items() if name.endswith(".steps_up"))
    worse = sum(value for name, value in figures.items() if name.endswith(".worse"))
    holds = "holds" if not worse else "MISSED"
    output.say(f"\nworse than the round before{worse:6.0f} of {steps:.0f}   {holds}")
    output.end({"worse": worse, "rounds_compared": steps} | figures)


def _rounds(folder: Path, mode: str, *, count: int, seeds: int) -> Iterator[Round]:
    play = _by_hand if mode == "hand" else _by_autopilot
    number = 0
    for number, (result, coming, wall_s) in enumerate(play(folder, count), start=1):
        values = _retrained(result, folder, number, seeds)
        best = result.best
        assert best is not None, "A round of the benchmark has a feasible trial."
        experiment = result.experiment
        best_point = best.best(experiment.metric, maximize=experiment.maximize)
        assert best_point is not None, "A best trial has a best value."
        yield Round(
            number=number,
            name=experiment.name,
            trials=result.records.count(),
            steps=trained_steps(result.records),
            wall_s=wall_s,
            verdict=f"{result.ending().word}: {result.ending().line}",
            best=best_point.value,
            values=values,
            then=tuple(_changes(coming)),
        )


def _by_hand(folder: Path, count: int) -> Iterator[tuple[Result, NextRound | None, float]]:
    file = folder / "rounds.toml"
    for number in range(1, count + 1):
        began = time.monotonic()
        result = etude.run(file, store=folder / "etude.db")
        coming = result.next() or result.next(exploit=True) if number < count else None
        yield result, coming, time.monotonic() - began
        if coming is None:
            return
        file = folder / coming.file
        file.write_text(coming.text, encoding="utf-8")


def _by_autopilot(folder: Path, count: int) -> Iterator[tuple[Result, NextRound | None, float]]:
    began = time.monotonic()
    played = etude.autopilot(folder / "rounds.toml", rounds=count, store=folder / "etude.db").rounds
    share_s = (time.monotonic() - began) / len(played)
    yield from ((one.result, one.coming, share_s) for one in played)


def _retrained(result: Result, folder: Path, number: int, seeds: int) -> tuple[float, ...]:
    """The round's best setting with other seeds: the best loss of each, infinite where broken."""
    again = result.retrained(seeds)
    file = folder / f"round-{number}-seeds.toml"
    file.write_text(again.text.replace(again.experiment.name, file.stem, 1), encoding="utf-8")
    trained = etude.run(file, store=folder / "seeds.db")
    experiment = trained.experiment
    points = [one.best(experiment.metric, maximize=experiment.maximize) for one in trained.records]
    return tuple(experiment.objective.loss(one.value) if one else math.inf for one in points)


def _changes(coming: NextRound | None) -> Iterator[str]:
    if coming is None:
        return
    yield f"to {coming.goal}"
    for one in coming.recommendations:
        yield f"{one.path} {one.part}".rstrip() + f": {one.old} -> {one.new} ({one.rule})"


def _told(output: Output, name: str, rounds: Sequence[Round]) -> dict[str, float]:
    """Prints the rounds of one way; its figures."""
    output.say(f"\n{name}: trials, steps, seconds, best of the round, mean of {SEEDS} other seeds")
    worse = 0
    for before, one in zip([None, *rounds], rounds, strict=False):
        reach = ERRORS * math.hypot(one.error, before.error) if before else math.inf
        is_worse = before is not None and one.mean - before.mean > reach
        worse += is_worse
        output.say(
            f"  {one.number} {one.name:24}{one.trials:5}{one.steps:9,}{one.wall_s:8.0f}"
            f"{one.best:11.5f}{one.mean:11.5f} +- {one.error:.5f}{'  WORSE' if is_worse else ''}"
        )
        output.say(f"    {one.verdict}")
        for line in one.then:
            output.say(f"    then {line}")
    found = {f"{name}.mean.{one.number}": one.mean for one in rounds}
    return {f"{name}.steps_up": len(rounds) - 1, f"{name}.worse": worse, **found}


if __name__ == "__main__":
    main()

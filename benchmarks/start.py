"""Whether the first decisions are right: batch size, input, evaluation, batch norm.

    python benchmarks/start.py                  all plants, three seeds each: hours
    python benchmarks/start.py --only memory    a plant, or what a figure is made of
    python benchmarks/start.py --hardness       how hard the plants are, measured without a rule
    python benchmarks/start.py --read           what was played before, nothing new

Twelve plants and six healthy pipelines (`start_planted.py`, which says how hard each is), each
written as a folder with a seed; in it the commands are typed that a user types, and their JSON is
judged. A plant is `found` when two of three seeds find it; `wrong` counts plants of which any seed
contradicts the truth; `unclear` is what is neither. Copies to a device are planted on a GPU alone.
A synchronization costs nothing where no processor is free: that is measured right after the
command, and such a seed is played again and does not count.

Figures, and why their bars are where they are:

- `found`: all that could be planted but two. Some truths cannot be seen from outside at some seeds:
  a loop that reads its batch size and drops it, a load in which nothing can be timed.
- `wrong`, `false_alarms`: none. What cannot be known is `unclear`; a wrong batch size is trained
  with for months. `false_alarms` counts seeds of healthy pipelines.
- `batch.exact`: of ten other seeds of `saturation`, the share whose useful size is exact, 0.9; the
  last doubling that helps brings 1.5 times or more, the next one 2 %. `unclear` is not exact.
- `interval.coverage`: of `start_intervals.py`, which also plays it alone.

Answers stand in `.bench/start.jsonl`, by the code that answers and of the plant. Judging again
costs nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial

from measure import BENCH, Cache, Output
from procedures import said_by
from start_intervals import coverage
from start_planted import (
    BUILDING_SEEDS,
    BY_NAME,
    COSTS,
    ENOUGH_SEEDS,
    HEALTHY,
    JUDGED_SEEDS,
    PLANTS,
    REPEATED_SEEDS,
    Plant,
    Ruling,
    alarms,
    answer,
    written,
)
from start_truths import MEASURED, code_of, hardness

KEY = ("plant", "seed", "code")
LIMIT_S = 3600
BARS = {
    "wrong": (0, "<="),
    "false_alarms": (0, "<="),
    "batch.exact": (0.9, ">="),
    "interval.coverage": (0.9, ">="),
}
MAY_MISS = 2
# The plants that a figure is made of; every other name is a plant's.
FIGURES: Mapping[str, Sequence[Plant]] = {
    "found": PLANTS,
    "wrong": PLANTS,
    "healthy": HEALTHY,
    "false_alarms": HEALTHY,
    "batch.exact": (),
    "interval.coverage": (),
}
Row = dict[str, Any]


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


# --- playing


def play(plant: Plant, seed: int) -> Row:
    """What was printed for a plant with a seed, and what is true of it here and now."""
    begin = time.perf_counter()
    said: dict[str, Any] = {}
    exits, error = [], ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(plant, seed, folder)
        for command in plant.typed(seed):
            done = typed(command, folder)
            exits.append(done.returncode)
            error = done.stderr[-500:] or error
            if "--json" in command:
                said[command[0]] = said_by(done.stdout)
    truth = plant.truth_of(seed)
    for name in plant.measured:
        truth |= MEASURED[name](plant, seed)
    return {
        "plant": plant.name,
        "seed": seed,
        "said": said,
        "truth": truth,
        "exits": exits,
        "error": error,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def typed(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What a user sees who types a command in the plant's folder."""
    try:
        return subprocess.run(
            [sys.executable, "-m", "etude", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"It took more than {LIMIT_S} s.")


def is_planted(row: Row) -> bool:
    """Whether it truly cost what it was to cost."""
    return bool(row["truth"].get("costs", COSTS) >= COSTS)


def is_whole(row: Row) -> bool:
    """Whether every command answered: what did not is asked again."""
    return is_planted(row) and all(row["said"].values())


def gathered(plant: Plant, seeds: Sequence[int], rows: Cache, *, reads: bool) -> Iterator[Row]:
    """The rows of a plant, seed by seed, played where they are not on record."""
    for seed in seeds:
        task = {"plant": plant.name, "seed": seed, "code": code_of(plant)}
        row = rows.get(task)
        if row is None and not reads:
            row = {**play(plant, seed), "code": task["code"]}
            if is_whole(row):
                rows.add(row)
        if row is not None:
            yield row


# --- judging


def plant_ruling(rulings: Sequence[Ruling]) -> Ruling:
    if "wrong" in rulings:
        return "wrong"
    return "found" if rulings.count("found") >= ENOUGH_SEEDS else "unclear"


def judged(output: Output, plant: Plant, rows: Sequence[Row]) -> dict[str, Any]:
    """A line for a plant, and its rulings."""
    rulings = [plant.judge(row["said"], row["truth"]) for row in rows]
    short = {"found": "found", "wrong": "WRONG", "unclear": "unclear"}
    marks = " ".join(f"{short[one]:8}" for one in rulings)
    seconds = sum(row["seconds"] for row in rows)
    words = "; ".join(summary(plant, row) for row in rows)
    output.say(f"{plant.name:20}{marks:28}{seconds:7.0f} s  {words}")
    planted = sum(is_planted(row) for row in rows)
    return {
        "ruling": plant_ruling(rulings),
        "rulings": rulings,
        "planted": planted >= min(ENOUGH_SEEDS, len(rows)),
    }


def summary(plant: Plant, row: Row) -> str:
    """What was answered, in a few words, beside the truth."""
    said = row["said"]
    if not any(said.values()):
        return f"exits {row['exits']}: {row['error'].strip().splitlines()[-1:] or ''}"[:120]
    if plant in HEALTHY:
        return f"{answer(said).get('verdict')} {' '.join(alarms(said)) or 'silent'}"
    given = answer(said)
    named = ("verdict", "largest_feasible", "limited_by", "useful", "critical")
    parts = [f"{name}={given[name]}" for name in named if given.get(name) is not None]
    if given.get("bottleneck"):
        parts.append(f"cause={given['bottleneck']}")
    if said.get("check"):
        parts.append(f"checks: {' '.join(alarms(said)) or 'silent'}")
    truths = ("largest_feasible", "useful", "critical", "costs")
    parts += [f"true {name}={row['truth'][name]}" for name in truths if name in row["truth"]]
    return " ".join(parts)[:160]


def exact_share(output: Output, rows: Sequence[Row]) -> float:
    """Of other seeds of `saturation`, those whose useful size is exact."""
    pairs = [(answer(row["said"]).get("useful"), row["truth"]["useful"]) for row in rows]
    exact = sum(given == true for given, true in pairs)
    listed = " ".join(f"{given}/{true}" for given, true in pairs)
    output.say(f"{'batch.exact':20}{exact} of {len(pairs)}: {listed}")
    return exact / len(pairs)


def figures(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    plants = [results[one.name] for one in PLANTS if one.name in results]
    plants = [one for one in plants if one["planted"]]
    calm = [results[one.name] for one in HEALTHY if one.name in results]
    return {
        "planted": len(plants),
        "found": sum(one["ruling"] == "found" for one in plants),
        "wrong": sum(one["ruling"] == "wrong" for one in plants),
        "healthy": len(calm),
        "false_alarms": sum(one["rulings"].count("wrong") for one in calm),
        "unclear": sum(one["ruling"] == "unclear" for one in (*plants, *calm)),
    }


def chosen(names: Sequence[str]) -> list[Plant]:
    """The plants of these names, or of these figures; all that can be planted for none."""
    wanted = {
        plant.name
        for name in names
        for plant in (FIGURES[name] if name in FIGURES else [BY_NAME[name]])
    }
    gpu = has_gpu()
    return [
        plant
        for plant in BY_NAME.values()
        if (not names or plant.name in wanted) and (gpu or not plant.needs_gpu)
    ]


def told(output: Output, found: Mapping[str, float]) -> None:
    """Each bar, and whether it holds."""
    bars = {"found": (found["planted"] - MAY_MISS, ">="), **BARS}
    output.say()
    for name, (bar, sign) in bars.items():
        if name not in found:
            continue
        holds = found[name] >= bar if sign == ">=" else found[name] <= bar
        output.say(
            f"{name:20}{found[name]:8.3f}   bar {bar:5.2f}   {'holds' if holds else 'MISSED'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[], choices=[*FIGURES, *BY_NAME])
    parser.add_argument("--hardness", action="store_true", help="measured, nothing kept")
    parser.add_argument("--quick", action="store_true", help="with --hardness: one building seed")
    parser.add_argument("--read", action="store_true", help="what was played before")
    parser.add_argument("--building", action="store_true", help="by the seeds they were made with")
    arguments = parser.parse_args()
    only, reads = arguments.only, arguments.read
    output = Output("start", keep=not (only or arguments.hardness or arguments.building))
    if arguments.hardness:
        for plant in chosen(only):
            for seed in BUILDING_SEEDS[:1] if arguments.quick else BUILDING_SEEDS:
                output.say(f"{plant.name:20}{seed}  {hardness(plant, seed)}")
        return
    seeds = BUILDING_SEEDS if arguments.building else JUDGED_SEEDS
    rows = Cache(BENCH / "start.jsonl", KEY)
    output.say(f"{'plant':20}{'seeds ' + ', '.join(map(str, seeds)):28}")
    results = {
        plant.name: judged(output, plant, played)
        for plant in chosen(only)
        if (played := list(gathered(plant, seeds, rows, reads=reads)))
    }
    found = figures(results)
    if not arguments.building and (not only or "batch.exact" in only):
        saturated = BY_NAME["saturation"]
        if repeats := list(gathered(saturated, REPEATED_SEEDS, rows, reads=reads)):
            found["batch.exact"] = exact_share(output, repeats)
    if not arguments.building and (not only or "interval.coverage" in only):
        found |= coverage(output, reads=reads)
    told(output, found)
    output.end(found)


if __name__ == "__main__":
    main()

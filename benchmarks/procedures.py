"""Whether procedures find what is planted, and leave alone what is healthy.

    python benchmarks/procedures.py                  all plants, three seeds each: hours
    python benchmarks/procedures.py --only early     a plant, or the plants of a figure
    python benchmarks/procedures.py --hardness       how hard the plants are, by direct training
    python benchmarks/procedures.py --read           what was played before, nothing new

Fifteen plants and six healthy workloads (`planted.py`), each written as a folder with a seed and
given to the command as a user gives it. Its JSON is judged: a plant is `found` when two of three
seeds find it; `wrong` counts plants of which any seed contradicts the truth; `unclear` is what is
neither. Truths that are numbers come from direct training with the plain loop: the best rate from a
dense sweep, survival of the advised warmup at the advised rate, the first step of a full fit.

Figures: `lr_star.worst` is by what factor an answered rate lies outside of the rates whose loss is
within the retraining noise of the best; `warmup.too_short` counts warmups that do not survive;
`length.worst` is the worst share by which a first length is off.

Answers stand in `.bench/procedures.jsonl`, by the code of `procedure/` and of the plant; truths in
`.bench/procedures-truths.jsonl`, by the plant and the training loop. Judging again costs nothing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial

import planted_truths
from measure import BENCH, ROOT, Cache, Output
from planted import (
    BUILDING_SEEDS,
    BY_NAME,
    ENOUGH_SEEDS,
    FOLDER,
    HEALTHY,
    JUDGED_SEEDS,
    LENGTH_SHARE,
    PLANTS,
    RATE_FACTOR,
    Plant,
    Ruling,
    answer,
    is_too_short,
    length_off,
    written,
)

KEY = ("plant", "seed", "code")
LIMIT_S = 3600
BARS = {
    "found": (13, ">="),
    "wrong": (0, "<="),
    "false_alarms": (0, "<="),
    "lr_star.worst": (RATE_FACTOR, "<="),
    "warmup.too_short": (0, "<="),
    "length.worst": (LENGTH_SHARE, "<="),
}
# The plants that a figure is made of; every other name is a plant's.
FIGURES: Mapping[str, Sequence[Plant]] = {
    "found": PLANTS,
    "wrong": PLANTS,
    "healthy": HEALTHY,
    "false_alarms": HEALTHY,
    "lr_star.worst": [plant for plant in BY_NAME.values() if "lr_star" in plant.truths],
    "warmup.too_short": [plant for plant in PLANTS if "survival" in plant.truths],
    "length.worst": [plant for plant in PLANTS if "full_fit" in plant.truths],
}
Row = dict[str, Any]


def digest(*paths: Path) -> str:
    """Of what files mean: comments and layout change no result of Python's."""
    texts = [
        ast.dump(ast.parse(path.read_text())) if path.suffix == ".py" else path.read_text()
        for path in sorted(paths)
    ]
    return hashlib.blake2b("/".join(texts).encode(), digest_size=5).hexdigest()


def plant_files(plant: Plant) -> list[Path]:
    return [FOLDER / plant.name / name for name in ("train.py", "experiment.toml")]


def code_of(plant: Plant) -> str:
    """What changes when an answer may."""
    procedures = sorted((ROOT / "src/etude/procedure").rglob("*.py"))
    typed = f"{plant.commands} {plant.budget}".encode()
    return (
        digest(*procedures, *plant_files(plant)) + hashlib.blake2b(typed, digest_size=2).hexdigest()
    )


def truth_code_of(plant: Plant) -> str:
    """What changes when a truth may."""
    here = ROOT / "benchmarks"
    loops = [*sorted((ROOT / "src/etude/train").glob("*.py")), here / "direct.py"]
    return digest(*loops, here / "planted_truths.py", *plant_files(plant))


# --- playing


def play(plant: Plant, seed: int) -> Row:
    """The answer to a plant with a seed, and what it took."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(plant, seed, folder)
        for command in plant.commands:
            done = typed(plant, command, folder, is_last=command == plant.commands[-1])
            if done.returncode:
                break
        best = best_of(plant, folder) if plant.name == "luck" else None
    return {
        "plant": plant.name,
        "seed": seed,
        "exit": done.returncode,
        "said": said_by(done.stdout),
        "error": done.stderr[-500:],
        "luckiest": best,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def typed(
    plant: Plant, command: Sequence[str], folder: Path, *, is_last: bool
) -> subprocess.CompletedProcess[str]:
    """What a user sees who types a command in the plant's folder."""
    names = {"FILE": "experiment.toml", "NAME": plant.name}
    words = [names.get(word, word) for word in command]
    if is_last:
        words += ["--json", "--budget-steps", str(plant.budget * plant.max_steps)]
    try:
        return subprocess.run(
            [sys.executable, "-m", "etude", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"It took more than {LIMIT_S} s.")


def said_by(text: str) -> Any:
    """The JSON that a command printed: the last whole object."""
    for start in (0, text.rfind("\n{") + 1):
        try:
            return json.loads(text[start:])
        except ValueError:
            continue
    return None


def best_of(plant: Plant, folder: Path) -> float | None:
    """The lowest value of a trial of the round, the luckiest."""
    done = subprocess.run(
        [sys.executable, "-m", "etude", "trials", plant.name, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    trials = (said_by(done.stdout) or {}).get("trials", [])
    values = [one["best"]["value"] for one in trials if one.get("best")]
    return min(values, default=None)


# --- judging


def truth_of(plant: Plant, row: Row, cache: Cache) -> dict[str, Any]:
    """The numbers of a plant's truth with this seed; those of the answer with it."""
    truth: dict[str, Any] = {}
    for name in plant.truths if row["said"] else ():
        task = {"plant": plant.name, "seed": row["seed"], "truth": name}
        task["code"] = truth_code_of(plant)
        task["of"] = planted_truths.asked_of(name, row)
        if (known := cache.get(task)) is None:
            numbers = planted_truths.TRUTHS[name](plant, row["seed"], row)
            known = {**task, "numbers": numbers}
            cache.add(known)
        truth |= known["numbers"]
    return truth


def rate_off(row: Row, truth: Mapping[str, Any]) -> float | None:
    """By what factor the answered rate lies outside of those within the noise of the best."""
    rate = answer(row["said"] or {}).get("best_learning_rate")
    if rate is None or truth.get("low") is None:
        return None
    return max(1.0, truth["low"] / rate, rate / truth["high"])


def ruled(plant: Plant, row: Row, truth: Mapping[str, Any]) -> Ruling:
    return plant.judge(row["said"], truth) if row["said"] else "unclear"


def plant_ruling(rulings: Sequence[Ruling]) -> Ruling:
    if "wrong" in rulings:
        return "wrong"
    return "found" if rulings.count("found") >= ENOUGH_SEEDS else "unclear"


def judged(output: Output, plant: Plant, rows: Sequence[Row], truths: Cache) -> dict[str, Any]:
    """A line for a plant; its rulings, and by how much its numbers are off."""
    pairs = [(row, truth_of(plant, row, truths)) for row in rows]
    rulings = [ruled(plant, row, truth) for row, truth in pairs]
    of_seeds = [
        {
            "rate": rate_off(row, truth),
            "short": is_too_short(row["said"] or {}, truth),
            "length": length_off(row["said"] or {}, truth),
        }
        for row, truth in pairs
    ]
    words = "; ".join(summary(row, off) for row, off in zip(rows, of_seeds, strict=True))
    seconds = sum(row["seconds"] for row in rows)
    short = {"found": "found", "wrong": "WRONG", "unclear": "unclear"}
    marks = " ".join(f"{short[one]:8}" for one in rulings)
    output.say(f"{plant.name:18}{marks:28}{seconds:7.0f} s  {words}")
    return {"ruling": plant_ruling(rulings), "rulings": rulings, "off": of_seeds}


def summary(row: Row, off: Mapping[str, Any]) -> str:
    """What was answered, in a few words."""
    if not row["said"]:
        return f"exit {row['exit']}: {row['error'].strip().splitlines()[-1:] or ''}"
    given = answer(row["said"])
    named = ("verdict", "regime", "full_fit_step", "best_learning_rate", "moved", "turned", "mean")
    parts = [f"{name}={given[name]}" for name in named if given.get(name) is not None]
    if cure := given.get("cure"):
        parts.append(f"cure={cure.get('name')} {cure.get('settings')}")
    parts += [f"{name} off {value:.3g}" for name, value in off.items() if value and value != 1.0]
    return " ".join(parts)[:160]


def figures(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    plants = [results[one.name] for one in PLANTS if one.name in results]
    calm = [results[one.name] for one in HEALTHY if one.name in results]
    offs = [off for one in results.values() for off in one["off"]]
    return {
        "planted": len(plants),
        "found": sum(one["ruling"] == "found" for one in plants),
        "wrong": sum(one["ruling"] == "wrong" for one in plants),
        "healthy": len(calm),
        "false_alarms": sum(one["rulings"].count("wrong") for one in calm),
        "unclear": sum(one["ruling"] == "unclear" for one in (*plants, *calm)),
        "lr_star.worst": max((off["rate"] for off in offs if off["rate"]), default=0.0),
        "warmup.too_short": sum(off["short"] for off in offs),
        "length.worst": max((off["length"] for off in offs if off["length"]), default=0.0),
    }


def chosen(names: Sequence[str]) -> list[Plant]:
    """The plants of these names, or of these figures; all of them for none."""
    wanted = {plant.name for name in names for plant in FIGURES.get(name, ()) or [BY_NAME[name]]}
    return [plant for plant in BY_NAME.values() if not names or plant.name in wanted]


def gathered(plant: Plant, rows: Cache, *, reads: bool) -> Iterator[Row]:
    """The rows of a plant, seed by seed, played where they are not on record."""
    for seed in JUDGED_SEEDS:
        task = {"plant": plant.name, "seed": seed, "code": code_of(plant)}
        row = rows.get(task)
        if row is None and not reads:
            row = {**play(plant, seed), "code": task["code"]}
            if row["said"]:  # what did not answer is asked again
                rows.add(row)
        if row is not None:
            yield row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[], choices=[*FIGURES, *BY_NAME])
    parser.add_argument("--hardness", action="store_true", help="by direct training, nothing kept")
    parser.add_argument("--quick", action="store_true", help="with --hardness: one building seed")
    parser.add_argument("--read", action="store_true", help="what was played before")
    arguments = parser.parse_args()
    output = Output("procedures", keep=not (arguments.only or arguments.hardness))
    if arguments.hardness:
        for plant in chosen(arguments.only):
            seeds = BUILDING_SEEDS[:1] if arguments.quick else BUILDING_SEEDS
            output.say(f"{plant.name:18}{planted_truths.hardness(plant, seeds)}")
        return
    rows = Cache(BENCH / "procedures.jsonl", KEY)
    truths = Cache(BENCH / "procedures-truths.jsonl", ("plant", "seed", "truth", "code", "of"))
    output.say(f"{'plant':18}{'seeds ' + ', '.join(map(str, JUDGED_SEEDS)):28}")
    results = {
        plant.name: judged(output, plant, played, truths)
        for plant in chosen(arguments.only)
        if (played := list(gathered(plant, rows, reads=arguments.read)))
    }
    found = figures(results)
    output.say()
    for name, (bar, sign) in BARS.items():
        holds = found[name] >= bar if sign == ">=" else found[name] <= bar
        output.say(
            f"{name:20}{found[name]:8.3f}   bar {bar:5.2f}   {'holds' if holds else 'MISSED'}"
        )
    output.end(found)


if __name__ == "__main__":
    main()

"""How good a setting adaptive searches find, beside what others offer, and where trials diverge.

    python benchmarks/search.py               20 seeds: hours; stopped and typed again, it goes on
    python benchmarks/search.py --seeds 5     fewer
    python benchmarks/search.py --first 4     seeds 4 to 23: `bayesian` was tuned on 0 to 3
    python benchmarks/search.py --quick       one seed and two problems, nothing kept: does it run?

Regret: how much worse the setting of the best measured trial is than the best there is, without
noise. A study of 20, 50 or 100 trials, one after the other or ten at once. Peers do not know how
many trials are to come; `bayesian` does (its start is a quarter), so it plays each length anew.
What was played is kept: ours in `.bench/search.jsonl`, as long as the code that played it is the
same; of peers in `results/rows/`, by their version. Both add up, over runs and machines.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from measure import BENCH, ROOT, Output, Rows, version
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

HERE = ROOT / "benchmarks" / "peers"
DATA = ROOT.parent / "shared" / "data" / "search" / "mnist"
OURS, YARDSTICK = "bayesian", "quasi_random"
# The file that plays a method, what its environment holds, and what to import of it.
PEERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "optuna_tpe": ("optuna_search", ("optuna", "scipy", "torch==2.13.0"), "optuna, scipy, torch"),
    "optuna_gp": ("optuna_search", ("optuna", "scipy", "torch==2.13.0"), "optuna, scipy, torch"),
    "ax": ("ax_search", ("ax-platform", "torch==2.13.0"), "ax, torch"),
}
METHODS = (OURS, YARDSTICK, *PEERS)
PROBLEMS = ("branin", "hartmann6", "valley_20", "valley_40", "valley_60", "mnist")
CLIFFS = ("valley_20", "valley_40", "valley_60")
BUDGETS = (20, 50, 100)
LONG = 50  # trials from which ours is to be lowest at every cliff
PARALLEL = (1, 10)
# A rank test that cannot tell ours from the lowest at this level is what "within noise" means.
LEVEL = 0.05
WORST = {"branin": 308.0, "hartmann6": 3.33, "mnist": 0.9}  # regret while no trial is healthy
VALLEY_WORST = 1.0
BARS = {
    "problems_within_noise_of_best": 1.0,
    "cliffs_better_than_every_peer": 1.0,
    "cliffs_better_from_50_trials": 1.0,
    "beats_twice_quasi_random": 1.0,
    "infeasible_after_warmup": 0.15,
    "suggestion_s": 1.0,
}
LOW = ("infeasible_after_warmup", "suggestion_s")  # these are to be at most their bar
Task = dict[str, Any]
Results = dict[tuple[str, str, int, int], dict[int, Task]]  # by seed
# By which a study that was played is known again.
KEY = ("problem", "method", "seed", "parallel", "trials")


def lengths(method: str) -> tuple[int, ...]:
    """How many trials the studies of a method have."""
    if method == OURS:
        return BUDGETS
    return (2 * max(BUDGETS),) if method == YARDSTICK else (max(BUDGETS),)


def tasks(method: str, seed: int, chosen: Sequence[str], code: str = "") -> Iterator[Task]:
    # What does not adapt is the same however many trials run at once (Q5).
    for parallel in PARALLEL[:1] if method == YARDSTICK else PARALLEL:
        for problem in chosen:
            for trials in lengths(method):
                given = {"problem": problem, "method": method, "seed": seed}
                given |= {"parallel": parallel, "trials": trials}
                yield given if method in PEERS else {**given, "code": code}


@cache
def python_of(method: str) -> Path:
    """The Python of a method's environment, made with the newest releases if it is missing."""
    if method not in PEERS:
        return Path(sys.executable)
    file, packages, imports = PEERS[method]
    python = BENCH / file / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", f"import {imports}"]).returncode:
        subprocess.run([sys.executable, "-m", "venv", "--clear", BENCH / file], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, *install, *packages], check=True)
    return python


def versions() -> dict[str, str]:
    """The releases of the peers, by method."""
    return {
        method: version(python_of(method), packages[0])
        for method, (_, packages, _) in PEERS.items()
    }


def code_of(method: str) -> str:
    """What changes when results of ours may: the code of the method, and of the problems."""
    paths = [HERE / "problems.py"]
    if method == OURS:
        names = (
            *("bayesian", "surrogate", "acquisition", "observations", "gaussian_process"),
            "marginal_likelihood",
            "quasi_random",
        )
        paths += [ROOT / "src" / "etude" / "search" / f"{name}.py" for name in names]
    # As parsed: comments and layout change no result.
    texts = [ast.dump(ast.parse(path.read_text())).encode() for path in paths]
    return hashlib.blake2b(b"/".join(texts), digest_size=5).hexdigest()


def play(method: str, wanted: Sequence[Task], rows: Rows) -> None:
    """Plays what is not known yet, in one process of the method's environment."""
    missing = [task for task in wanted if rows.get(task) is None]
    if not missing:
        return
    file = PEERS[method][0] if method in PEERS else "etude_search"
    data = str(DATA) if DATA.is_dir() else ""
    ours = {} if method in PEERS else {"PYTHONPATH": str(ROOT / "src")}
    environment = {**ours, **os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [python_of(method), HERE / f"{file}.py", data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(json.dumps(task) + "\n" for task in missing))
    process.stdin.close()
    for line in process.stdout:
        rows.add(row(json.loads(line)))
    if process.wait():
        raise SystemExit(f"{method} failed; what it printed stands above.")


def row(result: Task) -> Task:
    """What is kept of a study: the trials that measured better than all before, and what diverged.

    A trial of the former is its place, what it measured, and the true regret of its setting.
    """
    measured, best = result.pop("measured"), list[list[float]]()
    for place, (value, true) in enumerate(zip(measured, result.pop("regret"), strict=True)):
        if value is not None and (not best or value < best[-1][1]):
            best.append([place, value, true])
    diverged = [place for place, value in enumerate(measured) if value is None]
    return {**result, "best": best, "diverged": diverged}


def gathered(
    seeds: Sequence[int], chosen: Sequence[str], rows: Rows, codes: Mapping[str, str]
) -> Results:
    """Every study on record; seeds that a method has not played yet are left out."""
    found: Results = {}
    for method, seed in product(METHODS, seeds):
        for task in tasks(method, seed, chosen, codes.get(method, "")):
            if (result := rows.get(task)) is not None:
                key = (result["problem"], method, result["parallel"], result["trials"])
                found.setdefault(key, {})[seed] = result
    return found


def regret(result: Task, trials: int) -> float:
    """The true regret of the trial that measured best among the first."""
    best = [true for place, _, true in result["best"] if place < trials]
    return float(best[-1]) if best else WORST.get(result["problem"], VALLEY_WORST)


def regrets(results: Results, problem: str, method: str, parallel: int, n: int) -> NDArray[Any]:
    """The regret after n trials of every seed; of the yardstick, after twice as many."""
    if method == YARDSTICK:
        played = results.get((problem, method, PARALLEL[0], 2 * max(BUDGETS)), {})
        return np.array([regret(one, 2 * n) for _, one in sorted(played.items())])
    trials = n if method == OURS else max(BUDGETS)
    played = results.get((problem, method, parallel, trials), {})
    return np.array([regret(one, n) for _, one in sorted(played.items())])


def within_noise(results: Results, problem: str, parallel: int, n: int) -> bool:
    """Whether ours is lowest, or not told from the lowest; the yardstick has twice the trials."""
    peers = [regrets(results, problem, method, parallel, n) for method in PEERS]
    ours = regrets(results, problem, OURS, parallel, n)
    lowest = min((one for one in peers if len(one)), key=lambda one: float(np.median(one)))
    if np.median(ours) <= np.median(lowest):
        return True
    return bool(mannwhitneyu(ours, lowest, alternative="greater").pvalue >= LEVEL)


def infeasible(results: Results, problem: str, method: str, parallel: int) -> float:
    """The share of the trials after the first quarter that diverge, over all seeds."""
    n = max(BUDGETS)
    played = results.get((problem, method, parallel, n), {}).values()
    later = [sum(n // 4 <= place < n for place in one["diverged"]) for one in played]
    return float(np.mean(later)) / (n - n // 4) if later else math.nan


def table(output: Output, results: Results, chosen: Sequence[str]) -> None:
    for parallel in PARALLEL:
        for problem in chosen:
            output.say()
            at_once = "one after the other" if parallel == 1 else f"{parallel} at once"
            heads = "".join(f"{f'n = {n}':>30}" for n in BUDGETS)
            output.say(f"{f'{problem}, {at_once}':32}{heads}   infeasible  seeds")
            for method in METHODS:
                output.say(line(results, problem, method, parallel))


def line(results: Results, problem: str, method: str, parallel: int) -> str:
    cells = ""
    seeds = 0
    for n in BUDGETS:
        found = regrets(results, problem, method, parallel, n)
        seeds = len(found)
        low, middle, high = np.quantile(found, [0.25, 0.5, 0.75]) if seeds else [math.nan] * 3
        cells += f"{middle:12.3g} [{low:.2g}, {high:.2g}]".rjust(30)
    name = f"{method}, twice n" if method == YARDSTICK else method
    share = infeasible(results, problem, method, parallel)
    shown = "" if math.isnan(share) else f"{100 * share:.0f} %"
    return f"{name:32}{cells}   {shown:>10}  {seeds:5}"


def figures(results: Results, chosen: Sequence[str]) -> dict[str, float]:
    cells = [(problem, k, n) for problem in chosen for k in PARALLEL for n in BUDGETS]
    held = {cell: within_noise(results, *cell) for cell in cells}
    cliffs = [problem for problem in CLIFFS if problem in chosen]
    better = {
        (problem, k, n): all(
            np.median(regrets(results, problem, OURS, k, n)) < np.median(theirs)
            for method in PEERS
            if len(theirs := regrets(results, problem, method, k, n))
        )
        for problem in cliffs
        for k in PARALLEL
        for n in BUDGETS
    }
    beats = {
        (problem, n): bool(
            np.median(regrets(results, problem, OURS, 1, n))
            < np.median(regrets(results, problem, YARDSTICK, 1, n))
        )
        for problem in chosen
        for n in BUDGETS
    }
    shares = [infeasible(results, problem, OURS, k) for problem in cliffs for k in PARALLEL]
    last = max(BUDGETS)
    return {
        "problems_within_noise_of_best": _share(held, chosen),
        "cells_within_noise_of_best": float(np.mean(list(held.values()))),
        "cliffs_better_than_every_peer": _share(better, cliffs),
        "cliffs_better_from_50_trials": _share(
            {cell: held for cell, held in better.items() if cell[2] >= LONG}, cliffs
        ),
        "beats_twice_quasi_random": float(np.mean([beats[problem, last] for problem in chosen])),
        "beats_twice_quasi_random_at_every_length": _share(beats, chosen),
        "infeasible_after_warmup": float(np.mean(shares)),
        "worst_infeasible_after_warmup": max(shares),
        "seeds": min(len(one) for key, one in results.items() if key[1] == OURS),
        "fewest_seeds_of_a_peer": min(
            len(results.get((problem, method, k, last), ()))
            for problem in chosen
            for method in PEERS
            for k in PARALLEL
        ),
    }


def _share(held: Mapping[tuple[Any, ...], bool], chosen: Sequence[str]) -> float:
    """The share of the problems for which it holds everywhere."""
    return float(np.mean([all(held[k] for k in held if k[0] == one) for one in chosen]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one seed, nothing kept")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=4, help="the first seed")
    parser.add_argument("--play", nargs="*", default=list(METHODS), help="methods; others are read")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + (1 if arguments.quick else arguments.seeds))
    chosen = [one for one in PROBLEMS if one != "mnist" or DATA.is_dir()]
    chosen = ["branin", "valley_40"] if arguments.quick else chosen
    releases = versions()
    rows = Rows("search", KEY, releases)
    codes = {method: code_of(method) for method in METHODS if method not in PEERS}
    for seed in seeds:
        for method in arguments.play:
            play(method, list(tasks(method, seed, chosen, codes.get(method, ""))), rows)
    output = Output("search", keep=not arguments.quick)
    report(output, gathered(seeds, chosen, rows, codes), chosen, releases)


def seconds() -> dict[str, float]:
    """What one suggestion takes after 200 trials in eight dimensions."""
    path = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, HERE / "etude_search.py", "--seconds"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def report(
    output: Output, results: Results, chosen: Sequence[str], releases: Mapping[str, str]
) -> None:
    peers = ", ".join(f"{method} {release}" for method, release in releases.items())
    output.say(
        f"Etude {version(sys.executable, 'etude')}; {peers}; Python {sys.version.split()[0]}"
    )
    output.say(
        "Regret, median over seeds [quartiles]; infeasible: of the trials after the first 25."
    )
    output.say(
        "mnist: the mean of the ten nearest trials on record (a fitted surrogate), noise added."
    )
    if "mnist" not in chosen:
        output.say("../shared/data is absent: without mnist.")
    table(output, results, chosen)
    found = figures(results, chosen) | seconds()
    output.say()
    for key, bar in BARS.items():
        held = found[key] <= bar if key in LOW else found[key] >= bar
        output.say(f"{key:32}{found[key]:8.3f}   bar {bar:5.2f}   {'holds' if held else 'MISSED'}")
    output.end(found)


if __name__ == "__main__":
    main()

"""How evenly the first n trials fill the space, beside what others offer.

    python benchmarks/discrepancy.py          everything: some minutes
    python benchmarks/discrepancy.py --quick  few seeds, nothing kept: does it run?

Centred L2 discrepancy, the square root of scipy.stats.qmc.discrepancy(method="CD"), median over
seeds. A sequence is generated once and cut; a Latin hypercube is made anew for each size.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from statistics import fmean, median

import numpy as np
import scipy
from measure import ROOT, Output, child, peer, version
from numpy.typing import NDArray
from scipy.stats import qmc

from etude.search.sobol import VERSION, points

Floats = NDArray[np.float64]
Cells = dict[tuple[int, int], float]  # by dimensions and size

DIMENSIONS = (2, 4, 8)
SIZES = (16, 50, 100)
HALVES = (8, 25, 50)
ALL = tuple(sorted({*SIZES, *HALVES}))
ELSEWHERE = (6, 10, 12, 20, 30, 40, 75, 90, 128, 200, 300, 512, 1000)  # not aimed at, but for 128
PEER = ROOT / "benchmarks" / "peers" / "optuna_discrepancy.py"
BARS = {
    "worst_over_best_peer": 1.0,
    "half_over_sobol": 1.0,
    "over_optimized_latin": 1.5,
    "seconds": 0.2,
}
OURS, SOBOL, OPTIMIZED = "Etude", "scipy Sobol, scrambled", "Latin, random-cd"
SEQUENCES: dict[str, Callable[[int, int, int], Floats]] = {
    OURS: points,
    "numpy random": lambda d, seed, n: np.random.default_rng(seed).random((n, d)),
    "scipy Halton, scrambled": lambda d, seed, n: qmc.Halton(d, rng=seed).random(n),
    SOBOL: lambda d, seed, n: qmc.Sobol(d, rng=seed).random(n),
}
DESIGNS: dict[str, Callable[[int, int, int], Floats]] = {
    "Latin, scipy": lambda d, seed, n: qmc.LatinHypercube(d, rng=seed).random(n),
    OPTIMIZED: lambda d, seed, n: qmc.LatinHypercube(d, rng=seed, optimization="random-cd").random(
        n
    ),
}


def discrepancy(points_TxD: Floats) -> float:
    return float(qmc.discrepancy(points_TxD, method="CD") ** 0.5)


def over_pairs(points_TxD: Floats) -> float:
    """The root of the mean squared discrepancy of the projections on two axes."""
    pairs = combinations(range(points_TxD.shape[1]), 2)
    return fmean(discrepancy(points_TxD[:, pair]) ** 2 for pair in pairs) ** 0.5


def optuna_sequences(seeds: int) -> tuple[str, dict[str, dict[int, Floats]]]:
    """Optuna's version, and its points of every seed by sampler and dimensions."""
    python = peer("optuna_qmc", "optuna", "scipy")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.npz"
        child([python, PEER, str(seeds), str(max(ALL)), path])
        with np.load(path) as file:
            found: dict[str, dict[int, Floats]] = {}
            for key in file.files:
                name, dimensions = key.rsplit("/", 1)
                found.setdefault(name, {})[int(dimensions)] = file[key]
    return version(python, "optuna"), found


def cells(of: Callable[[int, int, int], Floats], seeds: int) -> Cells:
    """The median of every cell, from a function of dimensions, seed and size."""
    return {
        (d, n): median(discrepancy(of(d, seed, n)) for seed in range(seeds))
        for d in DIMENSIONS
        for n in ALL
    }


def cut(sequences: dict[int, Floats]) -> Callable[[int, int, int], Floats]:
    return lambda d, seed, n: sequences[d][seed, :n]


def generated(make: Callable[[int, int, int], Floats], seeds: int, count: int) -> dict[int, Floats]:
    return {d: np.stack([make(d, seed, count) for seed in range(seeds)]) for d in DIMENSIONS}


def seconds(seeds: int) -> float:
    """The median to make the first 100 points in 8 dimensions, of seeds never asked for."""
    times = []
    for seed in range(10_000, 10_000 + seeds):
        begin = time.perf_counter()
        points(8, seed, 100)
        times.append(time.perf_counter() - begin)
    return median(times)


def table(output: Output, medians: dict[str, Cells]) -> None:
    for d in DIMENSIONS:
        output.say()
        output.say(f"{f'{d} dimensions, n =':26}" + "".join(f"{n:9}" for n in ALL))
        for name, found in medians.items():
            note = "" if name not in DESIGNS else "   of that size alone"
            output.say(f"{name:26}" + "".join(f"{found[d, n]:9.4f}" for n in ALL) + note)


def elsewhere(output: Output, seeds: int) -> float:
    """Ours over scrambled Sobol at sizes that nothing was chosen for, and on pairs of axes."""
    made = {name: generated(SEQUENCES[name], seeds, max(ELSEWHERE)) for name in (OURS, SOBOL)}
    ratios = []
    output.say()
    output.say("Over scrambled Sobol at other sizes")
    output.say(f"{'':26}" + "".join(f"{n:6}" for n in ELSEWHERE))
    for d in DIMENSIONS:
        of = {name: cut(sequences) for name, sequences in made.items()}
        row = [
            median(discrepancy(of[OURS](d, seed, n)) for seed in range(seeds))
            / median(discrepancy(of[SOBOL](d, seed, n)) for seed in range(seeds))
            for n in ELSEWHERE
        ]
        ratios += row
        output.say(f"{f'{d} dimensions':26}" + "".join(f"{ratio:6.2f}" for ratio in row))
    output.say("Its projections on two axes, root of their mean square, over scrambled Sobol's")
    output.say(f"{'':26}" + "".join(f"{n:6}" for n in ALL))
    for d in DIMENSIONS[1:]:
        row = [
            median(over_pairs(made[OURS][d][seed, :n]) for seed in range(seeds))
            / median(over_pairs(made[SOBOL][d][seed, :n]) for seed in range(seeds))
            for n in ALL
        ]
        output.say(f"{f'{d} dimensions':26}" + "".join(f"{ratio:6.2f}" for ratio in row))
    return max(ratios)


def figures(medians: dict[str, Cells]) -> dict[str, float]:
    ours, sobol = medians[OURS], medians[SOBOL]
    peers = [found for name, found in medians.items() if name not in {OURS, *DESIGNS}]
    nine = [(d, n) for d in DIMENSIONS for n in SIZES]
    return {
        "worst_over_best_peer": max(ours[at] / min(peer[at] for peer in peers) for at in nine),
        "mean_over_sobol": fmean(ours[at] / sobol[at] for at in nine),
        "half_over_sobol": max(ours[d, n] / sobol[d, n] for d in DIMENSIONS for n in HALVES),
        "over_optimized_latin": max(ours[at] / medians[OPTIMIZED][at] for at in nine),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few seeds, nothing kept")
    quick = parser.parse_args().quick
    seeds = 3 if quick else 50
    warnings.filterwarnings("ignore", message="The balance properties of Sobol")
    optuna, theirs = optuna_sequences(seeds)
    output = Output("discrepancy", keep=not quick)
    output.say(
        f"Etude {version(sys.executable, 'etude')}, generator {VERSION}; Optuna {optuna}, "
        f"scipy {scipy.__version__}, numpy {np.__version__}, Python {sys.version.split()[0]}"
    )
    output.say(f"Centred L2 discrepancy, median over {seeds} seeds; lower is more even.")
    output.say("Optuna draws the first trial of each study at random, whatever the sampler.")
    sequences = {name: generated(make, seeds, max(ALL)) for name, make in SEQUENCES.items()}
    medians = {name: cells(cut(found), seeds) for name, found in {**sequences, **theirs}.items()}
    medians |= {name: cells(make, seeds) for name, make in DESIGNS.items()}
    table(output, medians)
    worst = elsewhere(output, seeds)
    found = {**figures(medians), "elsewhere_over_sobol": worst, "seconds": seconds(seeds)}
    output.say()
    for key, bar in BARS.items():
        held = "holds" if found[key] <= bar else "MISSED"
        output.say(f"{key:22}{found[key]:8.3f}   bar {bar:6.3f}   {held}")
    output.end(found)


if __name__ == "__main__":
    main()

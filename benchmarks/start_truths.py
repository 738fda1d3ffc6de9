"""What is true of the plants of `start_planted.py`, measured without a rule of Etude's.

    python benchmarks/start.py --hardness            of all plants, with the seeds they were made by

A loop is run by `etude run` at a batch size, and writes when each of its steps ended by a clock of
its own (`STEP_TIMES`); controls are the same folder with another constant. Step times are lower
quartiles, or medians of steps taken in turn: of a machine that does other work besides, the mean
tells how much.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from direct import loop_of, trained
from measure import ROOT
from numpy.typing import NDArray
from procedures import digest
from scipy.optimize import curve_fit
from start_planted import FOLDER, JUDGED_SEEDS, TARGET, Plant, substituted, written

from etude.round.result import load
from etude.store import open_store
from etude.train.torch.loop import Loop

Numbers = dict[str, Any]
# Steps that are left out: what is allocated, compiled and cached.
WARMUP = 10


# --- running a loop


@dataclasses.dataclass(frozen=True)
class Timed:
    """A loop that was run.

    Args:
        ends_Sx2: When each step ended, in seconds: on the wall, and of the processor.
        peak_mib: Of the largest process.
        records: Of its trials.
    """

    ends_Sx2: NDArray[np.float64]
    peak_mib: float
    records: Sequence[Any]

    @property
    def durations(self) -> NDArray[np.float64]:
        """How long each step took, the first few left out."""
        return np.diff(self.ends_Sx2[WARMUP:, 0])

    @property
    def step_s(self) -> float:
        """Of a step that nothing else came between."""
        return float(np.quantile(self.durations, 0.25))

    @property
    def cpu_s(self) -> float:
        """What a step takes of the processor, whatever else that does."""
        return float(np.median(np.diff(self.ends_Sx2[WARMUP:, 1])))


def timed(
    plant: Plant, seed: int, *, batch_size: int | None = None, steps: int = 60, **changed: Any
) -> Timed:
    """One trial of a plant at a batch size, by `etude run`."""
    with tempfile.TemporaryDirectory() as name:
        folder, times = Path(name) / "here", Path(name) / "times"
        folder.mkdir()
        times.mkdir()
        file = written(plant, seed, folder, **changed)
        file.write_text(one_trial(file.read_text(), batch_size, steps))
        peak = run(folder, times)
        ends = [np.loadtxt(path, ndmin=2) for path in sorted(times.glob("*.txt"))]
        records = list(load(open_store(folder / "etude.db", create=False), plant.name).records)
        # A rehearsal is a file too, a short one.
        return Timed(max(ends, key=len, default=np.zeros((0, 2))), peak, records)


def one_trial(text: str, batch_size: int | None, steps: int) -> str:
    """An experiment file with one trial at a batch size, whose rate is as fast as any."""
    text = substituted(substituted(text, "trials", 1), "max_steps", steps)
    evaluations = int(re.findall(r"^evaluations = (\d+)$", text, flags=re.MULTILINE)[0])
    text = substituted(text, "evaluations", min(evaluations, steps))
    if batch_size is None:
        return text
    # Not the line of [names].
    return re.sub(r"^(bs|batch_size) = \d+$", rf"\1 = {batch_size}", text, flags=re.MULTILINE)


def run(folder: Path, times: Path) -> float:
    """Runs an experiment to its end; the most memory that a process of it took, in MiB."""
    command = [sys.executable, "-m", "etude", "run", "experiment.toml"]
    environment = {**os.environ, "STEP_TIMES": str(times)}
    with (folder / "out.txt").open("w") as out:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError((folder / "out.txt").read_text()[-800:])
    return used.ru_maxrss / 1024


def series(timing: Timed, metric: str) -> NDArray[np.float64]:
    """A metric of the one trial."""
    (record,) = timing.records
    return np.asarray(record.series(metric).values_P)


# --- truths that judges ask for


def synchronization(plant: Plant, seed: int) -> Numbers:
    """By what factor the loss that is read makes a step longer, here and now.

    Both loops are run in turn, so that what else the machine does falls on both.
    """
    with_S, without_S = [], []
    for _ in range(2):
        for reads, steps in ((True, with_S), (False, without_S)):
            loop = timed(plant, seed, batch_size=64, steps=400, READS_EVERY_STEP=reads)
            steps.append(loop.step_s)
    return {"costs": round(min(with_S) / min(without_S), 3), "step_s": round(min(with_S), 5)}


def critical(plant: Plant, seed: int) -> Numbers:
    """The critical size of McCandlish et al. (2018): where twice the least steps are needed.

    Steps to the target are the fewest of any rate, each by the median of several trainings, on the
    steps that the experiment evaluates. Two readings of that differ by a factor of 1.2 to 1.5, and
    the truth lies in their middle: S = S_min (1 + B_crit / B) fitted to the logarithms of S, and
    the size at which S itself is twice that of the largest.
    """
    noise = plant.constants_of(seed)["NOISE"]
    sizes = 2 ** np.arange(0, 12)
    fewest = np.array([fewest_steps(noise, size, seed) for size in sizes], dtype=float)

    def law(size: Any, least: float, scale: float) -> Any:
        return least + np.log1p(np.exp(scale) / size)

    first = (np.log(fewest[-1]), np.log(fewest[0] / fewest[-1]))
    (least, scale), _ = curve_fit(law, sizes.astype(float), np.log(fewest), p0=first)
    doubled = np.interp(-np.log(2 * fewest[-1]), -np.log(fewest), np.log(sizes))
    return {
        "critical": round(float(np.exp((scale + doubled) / 2)), 2),
        "fitted": round(float(np.exp(scale)), 2),
        "least_steps": round(float(np.exp(least)), 1),
        "doubled": round(float(np.exp(doubled)), 2),
        "fewest": [int(steps) for steps in fewest],
    }


def fewest_steps(noise: float, size: int, seed: int) -> float:
    """Of all rates, the median over trainings of the first evaluation at the target."""
    axes, least, every, trainings = 96, 0.005, 2, 7
    curvatures = np.geomspace(1.0, least, axes)
    spread = np.sqrt(2.0 * noise * curvatures / curvatures.sum() / size)
    rates = np.geomspace(0.02, 1.98, 60)
    draw = np.random.default_rng([seed, size, 77])
    rates_RxTx1 = np.broadcast_to(rates[:, None, None], (len(rates), trainings, 1))
    weights = np.broadcast_to(np.sqrt(2.0 / (axes * curvatures)), (len(rates), trainings, axes))
    first = np.full((len(rates), trainings), np.inf)
    for step in range(1, 3001):
        noises = spread * draw.standard_normal((trainings, axes))
        weights = weights - rates_RxTx1 * (curvatures * weights + noises)
        if step % every == 0:
            reaches = 0.5 * (weights**2) @ curvatures <= TARGET
            first = np.where(reaches & np.isinf(first), step, first)
            if np.median(first, axis=1).min() < step / 1.5:
                break
    return float(np.median(first, axis=1).min())


MEASURED: Mapping[str, Callable[[Plant, int], Numbers]] = {
    "synchronization": synchronization,
    "critical": critical,
}


# --- how hard a plant is


def memory_hardness(plant: Plant, seed: int) -> str:
    """What the largest process takes at the largest size, beside what its examples take."""
    truth, example = plant.truth_of(seed), plant.constants_of(seed)["MIB_PER_EXAMPLE"]
    size, limit = truth["largest_feasible"], truth["limit_mib"]
    peak = timed(plant, seed, batch_size=size, steps=12).peak_mib
    return (
        f"{size} of {example} MiB take {peak:.0f} of {limit} MiB, the interpreter "
        f"{peak - size * example:.0f}; {2 * size} would take {peak + size * example:.0f}"
    )


def gains(plant: Plant, seed: int, sizes: Sequence[int], **changed: Any) -> str:
    """Throughput at each size, as a multiple of the one before: by both clocks."""
    loops = [timed(plant, seed, batch_size=size, **changed) for size in sizes]
    wall = grown(sizes, [loop.step_s for loop in loops])
    cpu = grown(sizes, [loop.cpu_s for loop in loops])
    return f"{sizes[0]}..{sizes[-1]}: x {wall} (processor: x {cpu})"


def grown(sizes: Sequence[int], steps_s: Sequence[float]) -> str:
    rates = [size / step_s for size, step_s in zip(sizes, steps_s, strict=True)]
    gains = " ".join(f"{after / before:.2f}" for before, after in pairwise(rates))
    return f"{gains}, last {steps_s[-1] * 1e3:.1f} ms"


def saturation_hardness(plant: Plant, seed: int) -> str:
    useful = plant.truth_of(seed)["useful"]
    sizes = [useful // 4, useful // 2, useful, 2 * useful, 4 * useful]
    return f"useful {useful}; {gains(plant, seed, sizes)}"


def input_hardness(plant: Plant, seed: int) -> str:
    sizes = (1, 2, 4, 8, 16)
    control = gains(plant, seed, sizes, FETCH_S=0.0)
    return f"{gains(plant, seed, sizes)}; without the sleep {control}"


def synchronization_hardness(plant: Plant, seed: int) -> str:
    return str(synchronization(plant, seed))


def copies_hardness(plant: Plant, seed: int) -> str:
    control = gains(plant, seed, (32, 64, 128), COPIES_EVERY_STEP=False)
    return f"{gains(plant, seed, (32, 64, 128))}; copied once {control}"


def ignored_hardness(plant: Plant, seed: int) -> str:
    return f"{plant.constants_of(seed)}; {gains(plant, seed, (1, 32, 1024))}"


def critical_hardness(plant: Plant, seed: int) -> str:
    """Beside arithmetic, steps of the plant itself at one size."""
    return f"{critical(plant, seed)}; throughput {gains(plant, seed, (1, 16, 256), steps=300)}"


def workload_of_plant(plant: Plant, seed: int, name: str) -> Loop:
    with tempfile.TemporaryDirectory() as folder:
        written(plant, seed, Path(folder))
        return loop_of(Path(folder), name)


ADAM = {
    "optimizer": "adam",
    "beta1": 0.9,
    "beta2": 0.999,
    "epsilon": 1e-8,
    "learning_rate": 0.01,
    "batch_size": 64,
}
MOMENTUM = {"optimizer": "momentum", "momentum": 0.9, "learning_rate": 0.03}


def skewed_hardness(plant: Plant, seed: int) -> str:
    """The error on what is evaluated, and on 5,000 examples like the data."""
    import torch

    loop = workload_of_plant(plant, seed, "Clusters")
    source = loop.workload.loss.__self__  # the workload as the file defines it
    draw = torch.Generator().manual_seed(seed + 1000)
    whole = source.drawn(torch.full((10,), 0.1), 5000, draw)
    fair = Loop(dataclasses.replace(loop.workload, validation=whole))
    run_of = partial(trained, max_steps=600, evaluations=1, metric="valid/error")
    errors = [run_of(one, ADAM, 1).last for one in (loop, fair)]
    counts = np.bincount(np.asarray(loop.workload.validation[1]), minlength=10)
    sd = (errors[0] * (1 - errors[0]) / 600) ** 0.5
    return f"error {errors[0]:.3f} (sd {sd:.3f}), of all data {errors[1]:.3f}; counts {counts}"


def rare_hardness(plant: Plant, seed: int) -> str:
    loop = workload_of_plant(plant, seed, "Faults")
    labels = np.asarray(loop.workload.validation[1])
    errors = [
        trained(loop, ADAM, one, max_steps=600, evaluations=1, metric="valid/error").last
        for one in range(3)
    ]
    return f"{int(labels.sum())} of {len(labels)} faulty, errors {np.round(errors, 4)}"


def overlap_hardness(plant: Plant, seed: int) -> str:
    found = []
    for overlaps in (True, False):
        loop = timed(plant, seed, steps=1280, OVERLAPS=overlaps)
        found.append(returning(series(loop, "valid/loss"), lag=4))
    return f"autocorrelation after an epoch {found[0]:.2f}; shuffled and apart {found[1]:.2f}"


def returning(values_P: NDArray[np.float64], lag: int) -> float:
    """The autocorrelation at a lag, a trend left out."""
    late = values_P[len(values_P) // 4 :]
    at = np.linspace(-1, 1, len(late))
    rest = late - np.polyval(np.polyfit(at, late, 3), at)
    return float((rest[lag:] * rest[:-lag]).mean() / (rest**2).mean())


def batch_norm_hardness(plant: Plant, seed: int) -> str:
    """The last errors of a training by batches of 4 and of 64, as many examples each."""
    loop = workload_of_plant(plant, seed, "Digits")
    run_of = partial(trained, loop, metric="valid/error", evaluations=10)
    few = run_of({**MOMENTUM, "batch_size": 4}, 1, max_steps=1600).values[-5:]
    many = run_of({**MOMENTUM, "batch_size": 64}, 1, max_steps=100).values[-5:]
    return f"errors by 4 {np.round(few, 3)}, by 64 {np.round(many, 3)}"


def online_hardness(plant: Plant, seed: int) -> str:
    loop = timed(plant, seed, steps=600, COMPARES=True)
    seen, fresh = (series(loop, name)[-1] for name in ("train/error", "valid/error"))
    return f"error of the batches {seen:.3f}, of the final model on fresh examples {fresh:.3f}"


def healthy_hardness(plant: Plant, seed: int) -> str:
    """What its one trial reaches; what is no better than chance is not healthy."""
    (record,) = timed(plant, seed, steps=600).records
    metrics = ("valid/error", "valid/loss")
    values = {name: record.series(name).values_P for name in metrics}
    best = {name: round(float(np.min(curve)), 3) for name, curve in values.items() if len(curve)}
    return f"{record.status} {best}"


def hardness(plant: Plant, seed: int) -> str:
    """How hard a plant is with a seed, in a line."""
    if plant.name.startswith("healthy"):
        return healthy_hardness(plant, seed)
    return str(globals()[f"{plant.name}_hardness"](plant, seed))


# --- what an answer depends on

ANSWERING = ("procedure", "analyze", "train", "runner")


@cache
def answering_code() -> str:
    folders = [ROOT / "src/etude" / name for name in ANSWERING]
    return digest(*(path for folder in folders for path in folder.rglob("*.py")))


def code_of(plant: Plant) -> str:
    """What changes when an answer may."""
    own = [FOLDER / plant.name / name for name in ("train.py", "experiment.toml")]
    typed = str([plant.commands, *(plant.constants_of(seed) for seed in JUDGED_SEEDS)]).encode()
    return answering_code() + digest(*own) + hashlib.blake2b(typed, digest_size=2).hexdigest()

"""What is true of a plant, and how hard it is, by direct training with the plain loop.

Truths are of the seed that is judged: its data, and training seeds that no command uses. Hardness
is of `BUILDING_SEEDS`, with which the plants were made:

    python benchmarks/procedures.py --hardness

As the plants were made, on data of seed 101 and two to nine trainings each (x is times lr*; "peak"
is the highest training loss as a multiple of the first):

    early             lr* 0.08, 0.101 of those that survive; broke 33 %, 56 %, 67 % at 0.5, 0.75 and
                      1 x, all at 2 x, in steps 2 to 6; with 60 steps of warmup none at 2 x, 0.105,
                      and 0.088 at 0.2
    mid_training      lr* 0.066, 0.07; all break at 1.5 x, at 60 to 80 % of their steps, at 5 x at
                      45 %, at 10 x at 35 %; 0.13 at 0.68 x, 0.31 at 0.32 x (data of seed 106)
    hidden            lr* 0.0017, 0.0395; peak 3.5 in steps 1 to 3 at 2 x, 8.5 at 3 x, 16 at 6 x,
                      below the first loss at the first evaluation, ends at 0.053, 0.083, 0.098;
                      with a warmup 0.031 at 6 to 18 x; never diverges below 40 x
    norm_after_sum    lr* 0.004, 0.51; 0.72 at 4 x, 2.0 (chance) at 13 x; x + Norm(f(x)) 0.25 there
    branches          lr* 0.003, 1.07; all diverge within 4 steps at 3 x; from zero 0.29 at 10 x
    warmup_300        all diverge from 0.008, two of three at 0.005, by step 5; at 0.05, ten times
                      it, a warmup of 10, 30, 100: none survives; of 300: all
    outliers          lr* 0.03, 0.087; a third diverge at 3 x, all at 10 x, at an outlier; clipped
                      at 2.0 none at 10 x, 0.035; with a warmup a third at 3 x
    clipping_refused  lr* 0.32, 1.21; all diverge at 2 x, in steps 22 to 490; clipped at the 90th
                      percentile half of the updates at 2 x, nearly all at 4 x, and 2.0 and 6.6
    full_fit          training error 0 at step 900, 812, 772 at rates of 0.9, 1.15, 1.45, none at 2
    compute_bound     0.082, 0.051, 0.030, 0.015 at rates up to 0.4, diverges at 1; unsaturated
    width_moves       best at 0.016 at width 16, at 0.004 at width 128
    width_stays       best at 0.016 at width 16, at 0.011 at width 128
    cosine            0.087 at 400 steps and at 2,000 with a spent rate, 0.061 stretched
    turns             80 steps: linear 0.33, network 0.54; 800 steps: linear 0.28, network 0.11
    luck              retraining sd 0.025; settings differ by 0.016 and 0.026
    healthy_clusters  lr* 0.006 to 0.02, twice the loss at 0.3
    healthy_noise     lr* 0.0025 to 0.006; a loss half as high again at 0.1, nothing diverges
    healthy_residual  lr* 0.003 to 0.01
    healthy_cosine    lr* 0.01 to 0.03
"""

from __future__ import annotations

import dataclasses
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from direct import Training, loop_of, trained
from planted import BUILDING_SEEDS, RATE_FACTOR, Plant, answer, cure_settings, written

from etude.train.torch.loop import Loop
from etude.train.workload import workload_of

Numbers = dict[str, Any]
# Seeds of direct trainings: apart from those that a command derives.
RUN_SEEDS = range(9_000, 9_009)
FRESH_SEEDS = range(9_100, 9_109)
# A dense sweep: whole octaves, then steps of a quarter around the best, with as many seeds at each:
# of two seeds that broke an octave was left out in which most train, and the best of all lay there.
FINE, REACH, SWEPT_SEEDS = 1.25, 3, 9
# What survives of a rate's trainings that counts: below, no one would call it usable.
USABLE = 0.25


@lru_cache(maxsize=8)
def loop(plant: Plant, seed: int) -> Loop:
    """The loop of a plant's workload with this seed."""
    with tempfile.TemporaryDirectory() as name:
        written(plant, seed, Path(name))
        return loop_of(Path(name), plant.workload)


def trainings(
    plant: Plant, seed: int, setting: Mapping[str, Any], *, count: int, **given: Any
) -> list[Training]:
    """Trainings of a setting that differ by their seed alone."""
    lengths = {"max_steps": plant.max_steps, "evaluations": plant.evaluations}
    return [
        trained(
            loop(plant, seed),
            {**plant.fixed, **setting},
            run_seed,
            **{**lengths, "metric": plant.metric, **given},
        )
        for run_seed in list(RUN_SEEDS)[:count]
    ]


@dataclasses.dataclass(frozen=True)
class Rate:
    """What trainings at one rate come to: the share that broke, median and spread of the others.

    The spread is the sd that normal losses with this median absolute deviation have.
    """

    rate: float
    broke: float
    median: float
    spread: float


def at_rate(plant: Plant, seed: int, rate: float, *, count: int, **more: Any) -> Rate:
    runs = trainings(plant, seed, {"learning_rate": rate, **more}, count=count)
    ends = np.array([run.best for run in runs if not run.diverged])
    broke = 1.0 - len(ends) / len(runs)
    if len(ends) < USABLE * len(runs):
        return Rate(rate, broke, math.inf, 0.0)
    # Of survivors one may have nearly broken: its loss says nothing of how the others differ.
    spread = 1.4826 * float(np.median(np.abs(ends - np.median(ends))))
    return Rate(rate, broke, float(np.median(ends)), spread)


# --- truths


def lr_star(plant: Plant, seed: int, row: Mapping[str, Any]) -> Numbers:
    """The best rate of a dense sweep, and the rates whose loss is within its retraining noise."""
    del row
    sweep = dense_sweep(plant, seed)
    best = min(sweep, key=lambda one: one.median)
    within = [one.rate for one in sweep if one.median <= best.median + best.spread]
    return {
        "best": best.rate,
        "loss": best.median,
        "noise": best.spread,
        "low": min(within),
        "high": max(within),
    }


def dense_sweep(plant: Plant, seed: int, **more: Any) -> list[Rate]:
    low, high = plant.rates
    octaves = np.geomspace(low, high, math.ceil(math.log2(high / low)) + 1)
    coarse = [at_rate(plant, seed, rate, count=SWEPT_SEEDS, **more) for rate in octaves]
    middle = min(coarse, key=lambda one: one.median).rate
    near = [middle * FINE**power for power in range(-REACH, REACH + 1) if power]
    fine = [at_rate(plant, seed, rate, count=SWEPT_SEEDS, **more) for rate in near]
    return sorted([*coarse, *fine], key=lambda one: one.rate)


def survival(plant: Plant, seed: int, row: Mapping[str, Any]) -> Numbers:
    """Which share survives the warmup that was advised, and a tenth of it, at the advised rate."""
    asked = advised_warmup(row)
    if asked is None:
        return {"survives": None, "tenth_survives": None}
    rate, steps = asked
    return {
        "survives": surviving(plant, seed, rate, steps),
        "tenth_survives": surviving(plant, seed, rate, max(1, steps // 10)),
    }


def advised_warmup(row: Mapping[str, Any]) -> tuple[float, int] | None:
    said = row.get("said") or {}
    settings = cure_settings(said)
    rate = settings.get("learning_rate") or answer(said).get("best_learning_rate")
    steps = settings.get("warmup_steps")
    return None if rate is None or steps is None else (float(rate), int(steps))


def surviving(plant: Plant, seed: int, rate: float, steps: int) -> float:
    """Of a ramp of so many steps and a hold of twice as many, the share that ends below its start.

    Source: D7.
    """
    setting = {"learning_rate": rate, "warmup_steps": steps}
    runs = trainings(plant, seed, setting, count=5, max_steps=3 * steps + 20, evaluations=1)
    return float(np.mean([survived(run) for run in runs]))


def survived(run: Training) -> bool:
    return not run.diverged and float(run.losses[-20:].mean()) < float(run.losses[0])


def full_fit(plant: Plant, seed: int, row: Mapping[str, Any]) -> Numbers:
    """The fewest steps to training error 0 at any constant rate, the median over seeds.

    These are others than those that chose the rate: the lowest of several medians is lucky (A1).
    """
    del row
    coarse, near, fresh = RUN_SEEDS[:3], RUN_SEEDS[:5], FRESH_SEEDS
    steps = {rate: fit_steps(plant, seed, rate, coarse) for rate in 2.0 ** np.arange(-3, 3)}
    middle = min(steps, key=lambda rate: steps[rate])
    medians = {
        rate: fit_steps(plant, seed, rate, near) for rate in middle * 1.19 ** np.arange(-3, 4)
    }
    best = min(medians, key=lambda rate: medians[rate])
    return {
        "full_fit_step": fit_steps(plant, seed, best, fresh),
        "full_fit_rate": float(best),
    }


def fit_steps(
    plant: Plant, seed: int, rate: float, run_seeds: Sequence[int], *, every: int = 5
) -> float:
    """The first step after which no training example is wrong; the median over seeds."""
    known = loop(plant, seed)
    on_training = Loop(dataclasses.replace(known.workload, validation=known.workload.training))
    setting = {**plant.fixed, "learning_rate": rate, "dropout": 0.0}
    firsts = []
    for run_seed in run_seeds:
        run = trained(
            on_training,
            setting,
            run_seed,
            max_steps=plant.max_steps,
            evaluations=range(every - 1, plant.max_steps, every),
            metric="valid/error",
        )
        zeros = np.flatnonzero(run.values == 0.0)
        firsts.append(run.steps[zeros[0]] + 1 if len(zeros) else math.inf)
    return float(np.median(firsts))


def extension(plant: Plant, seed: int, row: Mapping[str, Any]) -> Numbers:
    """From which length to which a schedule is extended, and what the file fixes."""
    del seed, row
    words = plant.commands[-1]
    longer = int(words[words.index("--max-steps") + 1])
    return {"fixed": plant.fixed, "from_steps": plant.max_steps, "max_steps": longer}


def luck(plant: Plant, seed: int, row: Mapping[str, Any]) -> Numbers:
    """What the winning setting is worth over nine trainings, beside the luckiest trial."""
    setting = answer(row.get("said") or {}).get("setting")
    if not setting or row.get("luckiest") is None:
        return {"mean": None}
    runs = trainings(plant, seed, setting, count=len(RUN_SEEDS))
    values = np.array([run.best for run in runs])
    spread = float(values.std(ddof=1))
    return {
        "mean": float(values.mean()),
        "sd": spread,
        "standard_error": spread / len(values) ** 0.5,
        "luckiest": row["luckiest"],
    }


TRUTHS: Mapping[str, Callable[[Plant, int, Mapping[str, Any]], Numbers]] = {
    "lr_star": lr_star,
    "survival": survival,
    "full_fit": full_fit,
    "extension": extension,
    "luck": luck,
}


def asked_of(truth: str, row: Mapping[str, Any]) -> str:
    """What a truth depends on beside the plant and the seed."""
    if truth == "survival":
        return str(advised_warmup(row))
    if truth == "luck":
        return str(answer(row.get("said") or {}).get("setting"))
    return ""


# --- hardness


def hardness(plant: Plant, seeds: Sequence[int] = BUILDING_SEEDS) -> str:
    """How hard a plant is, in numbers, a line a building seed; and what a training costs."""
    begin = time.process_time()
    trainings(
        plant, BUILDING_SEEDS[0], {**EXTRA.get(plant.name, {}), "learning_rate": 1e-3}, count=1
    )
    cost_s = time.process_time() - begin
    words = HARDNESS.get(plant.name, of_healthy)
    lines = [f"seed {seed}: {words(plant, seed)}" for seed in seeds]
    return "\n    ".join(["", *lines, f"a training: {cost_s:.2f} s"])


# What a training needs beside what the file fixes.
EXTRA = {"turns": {"kind": "network"}, "luck": {"dropout": 0.2}}


def of_unstable(plant: Plant, seed: int) -> str:
    """Where trainings break around the best rate, and what the cure gains that fits."""
    best = lr_star(plant, seed, {})
    rate = best["best"]
    shares = [at_rate(plant, seed, rate * share, count=6).broke for share in (0.5, 0.63, 0.8, 1.0)]
    at_two = trainings(plant, seed, {"learning_rate": 2 * rate}, count=5)
    text = (
        f"lr* {rate:.3g}, loss {best['loss']:.3g} +- {best['noise']:.2g}; "
        f"broke at 0.5 to 1 x lr* {100 * np.mean(shares):.0f} %, at 2 x {share_broken(at_two)}, "
        f"peak {peaks(at_two)}"
    )
    return f"{text}; {cured(plant, seed, rate)}"


def share_broken(runs: Sequence[Training]) -> str:
    return f"{100 * np.mean([run.diverged for run in runs]):.0f} %"


def peaks(runs: Sequence[Training]) -> str:
    """By how many times the first loss the highest is above it, and at which step."""
    high = np.median([run.losses.max() / run.losses[0] for run in runs])
    where = np.median([run.losses.argmax() for run in runs])
    return f"{high:.3g} x the first loss at step {where:.0f}"


def cured(plant: Plant, seed: int, rate: float) -> str:
    """The lowest loss with the cure that fits, at rates above the best."""
    name, settings = CURES[plant.name]
    with constant(plant, seed, settings) as found:
        more = {key: value for key, value in settings.items() if key.islower()}
        at = [
            (times, rate_with(plant, seed, found, rate * times, more)) for times in (1, 2, 4, 8, 16)
        ]
    times, (loss, broke) = min(at, key=lambda one: one[1][0])
    return f"with {name}: loss {loss:.3g} at {times} x lr*, {100 * broke:.0f} % broke"


def rate_with(
    plant: Plant, seed: int, found: Loop, rate: float, more: Mapping[str, Any]
) -> tuple[float, float]:
    del seed
    setting = {**plant.fixed, **more, "learning_rate": rate}
    longer = plant.max_steps + int(more.get("warmup_steps", 0))
    runs = [
        trained(found, setting, run_seed, max_steps=longer, evaluations=plant.evaluations)
        for run_seed in list(RUN_SEEDS)[:3]
    ]
    broke = float(np.mean([run.diverged for run in runs]))
    return float(np.median([run.best for run in runs])), broke


@contextmanager
def constant(plant: Plant, seed: int, settings: Mapping[str, Any]) -> Iterator[Loop]:
    """The loop of a plant with constants of its file changed: names in capitals."""
    found = loop(plant, seed)
    module = sys.modules[type(found.workload.model.__self__).__module__]  # type: ignore[attr-defined]  # a method
    before = {key: getattr(module, key) for key in settings if key.isupper()}
    for key in before:
        setattr(module, key, settings[key])
    yield Loop(workload_of(getattr(module, plant.workload)))
    for key, value in before.items():
        setattr(module, key, value)


CURES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "early": ("60 steps of warmup", {"warmup_steps": 60}),
    "mid_training": ("no weight decay", {"weight_decay": 0.0}),
    "hidden": ("60 steps of warmup", {"warmup_steps": 60}),
    "norm_after_sum": ("x + Norm(f(x))", {"BEFORE_SUM": True}),
    "branches": ("branches from zero", {"FROM_ZERO": True}),
    "warmup_300": ("300 steps of warmup", {"warmup_steps": 300}),
    "outliers": ("clipping at 2.0", {"gradient_clip": 2.0}),
    "clipping_refused": ("clipping at 4.4 (the 90th percentile)", {"gradient_clip": 4.4}),
}


def of_clipping(plant: Plant, seed: int) -> str:
    """As of the unstable, and which share is cut above the best rate at the 90th percentile."""
    rate = lr_star(plant, seed, {})["best"]
    usual = np.concatenate(
        [run.norms for run in trainings(plant, seed, {"learning_rate": rate}, count=3)]
    )
    limit = float(np.quantile(usual, 0.9))
    cut = {
        times: np.mean(
            [
                (run.norms > limit).mean()
                for run in trainings(
                    plant,
                    seed,
                    {"learning_rate": times * rate, "gradient_clip": limit},
                    count=3,
                )
            ]
        )
        for times in (2, 4)
    }
    shares = ", ".join(f"{100 * share:.0f} % at {times} x lr*" for times, share in cut.items())
    return f"{of_unstable(plant, seed)}; clipped at p90 {limit:.2g}: {shares}"


def of_warmup(plant: Plant, seed: int) -> str:
    """Which warmups survive at ten times the rate where it becomes unstable."""
    rates = np.geomspace(*plant.rates, 25)
    broke = (rate for rate in rates if share_broken_early(plant, seed, rate) >= 0.5)
    unstable = float(next(broke))
    shares = {
        steps: surviving(plant, seed, 10 * unstable, steps) for steps in (10, 30, 100, 300, 1000)
    }
    text = ", ".join(f"{steps}: {100 * share:.0f} %" for steps, share in shares.items())
    return f"unstable from {unstable:.2g}; at 10 x it survive {text}; {of_unstable(plant, seed)}"


def share_broken_early(plant: Plant, seed: int, rate: float) -> float:
    runs = trainings(plant, seed, {"learning_rate": rate}, count=5, max_steps=100, evaluations=1)
    return float(np.mean([run.diverged for run in runs]))


def of_full_fit(plant: Plant, seed: int) -> str:
    numbers = full_fit(plant, seed, {})
    step, rate = numbers["full_fit_step"], numbers["full_fit_rate"]
    return f"training error 0 at step {step:.0f}, at a rate of {rate:.2g}"


def of_compute_bound(plant: Plant, seed: int) -> str:
    """By how much the loss at the best rate falls when the length is doubled, again and again."""
    rate = 0.4
    losses = [
        np.median(
            [
                run.best
                for run in trainings(plant, seed, {"learning_rate": rate}, count=2, max_steps=steps)
            ]
        )
        for steps in (500, 1000, 2000, 4000, 8000)
    ]
    text = ", ".join(f"{one:.3g}" for one in losses)
    return f"loss after 500, 1,000, ... 8,000 steps at {rate}: {text}"


def of_width(plant: Plant, seed: int) -> str:
    """The best rate of each width, of a sweep in octaves."""
    rates = 2.0 ** np.arange(-11, -2)
    best = {}
    for width in (16, 64, 128):
        ends = {rate: at_rate(plant, seed, rate, count=3, width=width).median for rate in rates}
        logs = np.log2(rates)
        least = min(ends.values())
        weights = np.exp(-(np.array(list(ends.values())) / least - 1.0) / 0.05)
        best[width] = 2.0 ** float((weights * logs).sum() / weights.sum())
    return "best rate " + ", ".join(f"{rate:.3g} at width {width}" for width, rate in best.items())


def of_cosine(plant: Plant, seed: int) -> str:
    """What the added steps are worth at a spent rate and at a stretched one."""
    rate = lr_star(plant, seed, {})["best"]
    longer = extension(plant, seed, {})["max_steps"]
    losses = [
        np.median(
            [
                run.best
                for run in trainings(plant, seed, {"learning_rate": rate, **more}, count=3, **given)
            ]
        )
        for more, given in (
            ({}, {}),
            ({}, {"max_steps": longer}),
            ({"decay_steps": longer}, {"max_steps": longer}),
        )
    ]
    short, spent, stretched = (f"{loss:.3g}" for loss in losses)
    text = f"loss {short} at {plant.max_steps} steps"
    return f"{text}; at {longer}: {spent} spent, {stretched} stretched"


def of_turns(plant: Plant, seed: int) -> str:
    """The best loss of each kind, short and at full length."""
    parts = []
    for steps in (plant.max_steps, 10 * plant.max_steps):
        lows = {}
        for kind in ("linear", "network"):
            ends = [
                [
                    run.best
                    for run in trainings(
                        plant, seed, {"learning_rate": rate, "kind": kind}, count=3, max_steps=steps
                    )
                ]
                for rate in (0.05, 0.1, 0.2, 0.4, 0.8)
            ]
            best = min(ends, key=np.median)
            lows[kind] = f"{kind} {np.median(best):.3g} +- {np.std(best, ddof=1):.2g}"
        parts.append(f"{steps} steps: {', '.join(lows.values())}")
    return "; ".join(parts)


def of_luck(plant: Plant, seed: int) -> str:
    """How much settings differ, beside how much retrainings of one do."""
    means, spreads = [], []
    for rate in (0.025, 0.045, 0.08):
        for rate_of_dropout in (0.1, 0.3):
            runs = trainings(
                plant, seed, {"learning_rate": rate, "dropout": rate_of_dropout}, count=6
            )
            values = [run.best for run in runs]
            means.append(np.mean(values))
            spreads.append(np.std(values, ddof=1))
    text = f"means of six settings {min(means):.3f} to {max(means):.3f}"
    return f"{text}; retraining sd {np.mean(spreads):.3f}"


def of_healthy(plant: Plant, seed: int) -> str:
    """How far the best rate lies below what breaks, and what a warmup and clipping would gain."""
    best = lr_star(plant, seed, {})
    rate = best["best"]
    usual = np.concatenate(
        [run.norms for run in trainings(plant, seed, {"learning_rate": rate}, count=2)]
    )
    limit = float(np.quantile(usual, 0.9))
    gains = {
        name: min(
            np.median(
                [
                    run.best
                    for run in trainings(
                        plant,
                        seed,
                        {"learning_rate": rate * times, **more},
                        count=3,
                        max_steps=plant.max_steps + int(more.get("warmup_steps", 0)),
                    )
                ]
            )
            for times in (1, 2, 4)
        )
        for name, more in (
            ("a warmup", {"warmup_steps": plant.max_steps // 10}),
            ("clipping", {"gradient_clip": limit}),
        )
    }
    shares = {times: share_bad(plant, seed, rate * times, best["loss"]) for times in (2, 5, 10)}
    bad = ", ".join(f"{100 * share:.0f} % at {times} x" for times, share in shares.items())
    gained = ", ".join(f"{name} {loss:.3g}" for name, loss in gains.items())
    text = f"lr* {rate:.3g}, loss {best['loss']:.3g} +- {best['noise']:.2g}"
    return f"{text}; broke or doubled the loss {bad}; best with {gained}"


def share_bad(plant: Plant, seed: int, rate: float, loss: float) -> float:
    runs = trainings(plant, seed, {"learning_rate": rate}, count=5)
    return float(np.mean([run.diverged or run.best > 2 * loss for run in runs]))


HARDNESS: Mapping[str, Callable[[Plant, int], str]] = {
    **dict.fromkeys(
        ("early", "mid_training", "hidden", "norm_after_sum", "branches", "outliers"), of_unstable
    ),
    "warmup_300": of_warmup,
    "clipping_refused": of_clipping,
    "full_fit": of_full_fit,
    "compute_bound": of_compute_bound,
    "width_moves": of_width,
    "width_stays": of_width,
    "cosine": of_cosine,
    "turns": of_turns,
    "luck": of_luck,
}
assert RATE_FACTOR > FINE  # the sweep is finer than what is asked of an answer

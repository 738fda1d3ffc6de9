"""How often C1 finds a bound that cuts off the optimum, and how often it alarms where none does.

    python benchmarks/boundary.py             everything: some minutes
    python benchmarks/boundary.py --quick     few studies, nothing kept: does it run?
    python benchmarks/boundary.py --seed 7    other studies, nothing kept: for setting thresholds

Synthetic studies are quasi-random trials over valleys; real ones are cut from random search on
MNIST (`search/mnist` of ../shared/data), trials with their own noise. Found is a `problem` on the
side that cuts off; a false alarm is a `problem` on any side of a study whose optimum lies inside.

Axes: T trials of a study, D hyperparameters that vary.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from measure import ROOT, Output
from numpy.random import Generator
from numpy.typing import NDArray

from etude.analyze.checks.boundary import Boundary, boundary
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.search.quasi_random import points
from etude.space import Choice, Domain, Integer, Real, Scalar
from etude.study import Study

Floats: TypeAlias = NDArray[np.float64]

METRIC = "valid/loss"
SIZES = (20, 50, 100)
REPORTED_SEED = 20261121
MNIST = ROOT.parent / "shared" / "data" / "search" / "mnist"


@dataclass(frozen=True)
class Case:
    """A study with its trials, and what is true of it.

    Args:
        side: The hyperparameter and side in question, where there is one.
        noise: The standard deviation of a trial by chance, as a share of the range of the losses;
            NaN where it is not known.
        gain: What lies beyond the bound is better by so many of these standard deviations;
            infinite in the CNNs, whose cuts lie well away from the best rates.
    """

    study: Study
    records: list[Record]
    truth: str
    side: tuple[str, str] | None = None
    noise: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A case and what C1 says of its sides."""

    case: Case
    status: dict[tuple[str, str], str]

    @property
    def found(self) -> bool:
        return self.case.side is not None and self.status[self.case.side] == "problem"

    @property
    def noticed(self) -> bool:
        return self.case.side is not None and self.status[self.case.side] == "notice"

    @property
    def alarmed(self) -> bool:
        return "problem" in self.status.values()


def study_of(domains: dict[str, Domain], trials: int) -> Study:
    question = Experiment(metric=METRIC, max_steps=1, trials=trials, nuisance=domains)
    return split(question)[0]


def record(study: Study, index: int, loss: float, setting: dict[str, Scalar]) -> Record:
    """A trial that ended with this loss, infeasible where that is NaN."""
    lost = math.isnan(loss)
    return Record(
        id=index,
        study=study.name,
        index=index,
        setting=study.setting(setting),
        seed=index,
        status="infeasible" if lost else "completed",
        reason="diverged" if lost else "",
        points=Points(np.array([(0, 0, loss)], dtype=POINT), (METRIC,)),
    )


@dataclass(frozen=True)
class Valley:
    """A valley over D axes: how its loss rises away from `bottom_D`.

    A tilted valley mixes its axes; a steep one rises up to ten times as fast on one side.
    """

    bottom_D: Floats
    weight_D: Floats
    tilt_DxD: Floats
    steep_Dx2: Floats
    shape: str
    level: float = 0.0
    middle: float = 1.0

    def loss(self, unit_TxD: Floats) -> Floats:
        away_TxD = unit_TxD - self.bottom_D
        low_D, high_D = self.steep_Dx2.T
        away_TxD = away_TxD * np.where(away_TxD < 0, low_D, high_D) * np.sqrt(self.weight_D)
        bowl_T = np.einsum("td,de,te->t", away_TxD, self.tilt_DxD, away_TxD)
        shaped: dict[str, Callable[[], Floats]] = {
            "root": lambda: np.sqrt(bowl_T),
            "plateau": lambda: np.maximum(bowl_T - self.level, 0.0),
            "saturated": lambda: bowl_T / (bowl_T + self.middle),
        }
        return np.asarray(shaped.get(self.shape, lambda: bowl_T)())


def drawn_valley(rng: Generator, bottom_D: Floats, needed: int) -> Valley:
    """A quarter of the axes do not matter at all, the others by a factor of up to ten."""
    axes = len(bottom_D)
    weight_D = 10 ** rng.uniform(-1, 0, axes)
    mattering = weight_D[needed]
    weight_D *= rng.random(axes) > 0.25
    weight_D[needed] = mattering
    rotation_DxD, _ = np.linalg.qr(rng.normal(size=(axes, axes)))
    mixed_DxD = rotation_DxD @ np.diag(np.linspace(0.3, 1.7, axes)) @ rotation_DxD.T
    tilt = rng.uniform(0, 0.5) * (rng.random() < 0.5)
    shape = str(rng.choice(["bowl", "root", "plateau", "saturated", "steep"]))
    steep_Dx2 = np.ones((axes, 2))
    if shape == "steep":
        steep_Dx2[np.arange(axes), rng.integers(2, size=axes)] = 10 ** rng.uniform(0, 0.5, axes)
    return Valley(
        bottom_D=bottom_D,
        weight_D=weight_D,
        tilt_DxD=(1 - tilt) * np.eye(axes) + tilt * mixed_DxD,
        steep_Dx2=steep_Dx2,
        shape=shape,
    )


def space_of(axes: int) -> dict[str, Domain]:
    """Half of the axes logarithmic; their names mean nothing, so that no limit is natural."""
    return {f"x{axis}": Real(1e-5, 1e-1, log=axis % 2 == 0) for axis in range(axes)}


def bottom(rng: Generator, axes: int, truth: str, axis: int, *, high: bool) -> Floats:
    """Where the lowest point lies: well inside, but for the axis in question."""
    bottom_D = rng.uniform(0.2, 0.8, axes)
    places = {"beyond": 1 + rng.uniform(0.1, 0.6), "at": 1.0, "cliff": 1 + rng.uniform(-0.1, 0.6)}
    if truth in places:
        bottom_D[axis] = places[truth] if high else 1 - places[truth]
    return bottom_D


def synthetic(truth: str, trials: int, seed: int, index: int) -> Case:
    """One valley with everything about it drawn at random, a third of them with random failures."""
    rng = np.random.default_rng([seed, index, trials, sum(map(ord, truth))])
    axes, high = int(rng.integers(2, 9)), bool(rng.random() < 0.5)
    unit_TxD = points(axes, int(rng.integers(2**31)), trials)
    valley = drawn_valley(rng, bottom(rng, axes, truth, 0, high=high), 0)
    raw_T = replace(valley, shape="bowl").loss(unit_TxD)
    valley = replace(
        valley,
        level=float(np.quantile(raw_T, rng.uniform(0, 0.1))),
        middle=float(np.median(raw_T) * rng.uniform(0.5, 2)),
    )
    loss_T = valley.loss(unit_TxD)
    share = rng.uniform(0, 0.3)
    noise = float(share * np.ptp(loss_T))
    edge_D = np.clip(valley.bottom_D, 0.0, 1.0)
    gain = valley.loss(edge_D[None])[0] - valley.loss(valley.bottom_D[None])[0]
    loss_T = loss_T * (truth != "nothing") + rng.normal(0, noise, trials)
    depth_T = unit_TxD[:, 0] if high else 1 - unit_TxD[:, 0]
    loss_T[broken(rng, truth, depth_T)] = np.nan
    study = study_of(space_of(axes), trials)
    records = [
        record(study, place, float(loss), study.space.setting(unit_D.tolist()))
        for place, (loss, unit_D) in enumerate(zip(loss_T, unit_TxD, strict=True))
    ]
    side = ("x0", "high" if high else "low") if truth in ("beyond", "at", "cliff") else None
    return Case(study, records, truth, side, share, float(gain) / max(noise, 1e-12))


def broken(rng: Generator, truth: str, depth_T: Floats) -> NDArray[np.bool_]:
    """Which trials break: one in ten anywhere in a third of the studies, and all beyond a cliff.

    The cliff of a valley that is inside, in a third of these studies, leaves it inside.
    """
    broken_T = rng.random(len(depth_T)) < 0.1 * (rng.random() < 1 / 3)
    if truth == "cliff":
        broken_T |= depth_T > rng.uniform(0.7, 0.9)
    if truth == "inside" and rng.random() < 1 / 3:
        broken_T |= depth_T > 0.9
    return broken_T


@dataclass(frozen=True)
class Row:
    """One trial of the random search, at eight epochs."""

    setting: dict[str, Scalar]
    error: float


def mnist() -> dict[str, list[Row]]:
    """The trials by kind of network; nothing where the data is absent."""
    if not (MNIST / "trials.csv").exists():
        return {}
    kinds: dict[str, list[Row]] = {"mnist, cnn": [], "mnist, all networks": []}
    with (MNIST / "trials.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            ended = line["status_ep8"] == "SUCCESS"
            setting: dict[str, Scalar] = {
                "learning_rate": float(line["learning_rate"]),
                "dropout_rate": float(line["dropout_rate"]),
                "batch_size": int(line["batch_size"]),
            }
            error = 1 - float(line["accuracy_ep8"]) if ended else math.nan
            if (line["model"], line["activation"]) == ("cnn", "relu"):
                kinds["mnist, cnn"].append(Row(setting, error))
            network = {"model": line["model"], "activation": line["activation"]}
            kinds["mnist, all networks"].append(Row(setting | network, error))
    return kinds


# labels.csv: the best rates of the CNN lie within 7e-4 and 4.5e-3 of the 1e-4 to 1e-1 searched.
CUTS = {
    "beyond, high": ((1e-4, 3e-4), (1e-4, 4e-4), (1e-4, 5e-4)),
    "beyond, low": ((6e-3, 1e-1), (7.5e-3, 1e-1), (9e-3, 1e-1)),
    "inside": ((1e-4, 1e-1), (1e-4, 3e-2), (2e-4, 2e-2), (1e-4, 1.5e-2)),
}


def cut(kind: str, rows: Sequence[Row], truth: str, trials: int, rng: Generator) -> Case:
    """Random trials of those between two learning rates, as if these had been the bounds."""
    low, high = CUTS[truth][int(rng.integers(len(CUTS[truth])))]
    domains: dict[str, Domain] = {
        "learning_rate": Real(low, high, log=True),
        "dropout_rate": Real(0.1, 0.9),
        "batch_size": Integer(16, 256),
    }
    if kind != "mnist, cnn":
        domains["model"] = Choice(["cnn", "mlp"])
        domains["activation"] = Choice(["relu", "sigmoid", "tanh"])
    inside = [row for row in rows if low <= float(row.setting["learning_rate"]) <= high]
    study = study_of(domains, trials)
    picked = rng.permutation(len(inside))[:trials]
    records = [
        record(study, place, inside[index].error, inside[index].setting)
        for place, index in enumerate(picked.tolist())
    ]
    kind_of, _, which = truth.partition(", ")
    side = ("learning_rate", which) if which else None
    return Case(study, records, kind_of, side, noise=math.nan, gain=math.inf)


def judged(case: Case) -> Judged:
    found: Boundary = boundary(case.study, outcomes(case.study, case.records))
    return Judged(case, {(each.hyperparameter, each.side): each.status for each in found.sides})


SYNTHETIC = {"beyond": 160, "at": 60, "inside": 140, "nothing": 30, "cliff": 50}
REAL = {"beyond, high": 15, "beyond, low": 15, "inside": 30}


def synthetic_cases(trials: int, seed: int, share: float) -> list[Judged]:
    return [
        judged(synthetic(truth, trials, seed, index))
        for truth, count in SYNTHETIC.items()
        for index in range(round(share * count))
    ]


def real_cases(
    kind: str, rows: Sequence[Row], trials: int, seed: int, share: float
) -> Iterator[Judged]:
    for place, (truth, count) in enumerate(REAL.items()):
        for index in range(round(share * count)):
            rng = np.random.default_rng([seed, index, trials, place])
            yield judged(cut(kind, rows, truth, trials, rng))


def percent(hits: Sequence[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):6.1f} ({len(hits)})" if hits else "-"


def table(
    output: Output,
    title: str,
    rows: dict[str, Callable[[Judged], bool]],
    by_size: dict[int, list[Judged]],
    hit: Callable[[Judged], bool],
) -> None:
    """A line for each kind of study, a column for each size."""
    output.say()
    output.say(title)
    output.say(f"{'':34}" + "".join(f"{f'T = {trials}':>15}" for trials in by_size))
    for name, chosen in rows.items():
        cells = [percent([hit(one) for one in each if chosen(one)]) for each in by_size.values()]
        output.say(f"{name:34}" + "".join(f"{cell:>15}" for cell in cells))


def split_up(truth: str) -> dict[str, Callable[[Judged], bool]]:
    """The studies of a truth: all, by what the wider space would win, by noise, by dimensions."""

    def of(test: Callable[[Case], bool]) -> Callable[[Judged], bool]:
        return lambda one: one.case.truth == truth and test(one.case)

    rows = {"all": of(lambda _: True)}
    if truth == "beyond":
        rows |= {
            "gain above the noise of a trial": of(lambda case: case.gain > 1),
            "gain below it": of(lambda case: case.gain <= 1),
        }
    if truth != "nothing":
        rows |= {
            "noise below 10 % of the range": of(lambda case: case.noise < 0.1),
            "noise 10 to 20 %": of(lambda case: 0.1 <= case.noise < 0.2),
            "noise 20 to 30 %": of(lambda case: case.noise >= 0.2),
        }
    return rows | {
        "D = 2, 3": of(lambda case: case.study.space.dimensions <= 3),
        "D = 4, 5": of(lambda case: case.study.space.dimensions in (4, 5)),
        "D = 6, 7, 8": of(lambda case: case.study.space.dimensions >= 6),
    }


def say_synthetic(output: Output, by_size: dict[int, list[Judged]]) -> None:
    titles = {
        "beyond": "Valley with its lowest point 0.1 to 0.6 of an axis beyond a bound: found, %",
        "at": "Lowest point exactly at a bound: found, %",
        "inside": "Lowest point inside, 0.2 to 0.8 on every axis: a false alarm in the study, %",
        "nothing": "Nothing matters: a false alarm in the study, %",
    }
    for truth, title in titles.items():
        wrong = truth in ("inside", "nothing")
        hit = (lambda one: one.alarmed) if wrong else (lambda one: one.found)
        table(output, title + " (in brackets: studies)", split_up(truth), by_size, hit)
    cliff = {"all": lambda one: one.case.truth == "cliff"}
    title = "Lowest point beyond where training breaks: told to widen, %"
    table(output, title, cliff, by_size, lambda one: one.found)
    table(
        output, "the same: a notice that does not widen, %", cliff, by_size, lambda one: one.noticed
    )


def say_real(output: Output, kind: str, by_size: dict[int, list[Judged]]) -> None:
    def sided(which: str) -> Callable[[Judged], bool]:
        return lambda one: one.case.side == ("learning_rate", which)

    found = {"upper bound below 7e-4": sided("high"), "lower bound above 4.5e-3": sided("low")}
    table(output, f"{kind}: found, %", found, by_size, lambda one: one.found)
    inside = {"all": lambda one: one.case.truth == "inside"}
    title = f"{kind}, optimum inside: a false alarm on"
    rate = (("learning_rate", "low"), ("learning_rate", "high"))
    table(
        output,
        f"{title} the learning rate, %",
        inside,
        by_size,
        lambda one: any(one.status[side] == "problem" for side in rate),
    )
    # Of all networks the error falls down to the lowest dropout rate: that bound does cut off.
    known = kind == "mnist, cnn"
    sides = "any side" if known else "any side (dropout's lower bound does cut off)"
    table(output, f"{title} {sides}, %", inside, by_size, lambda one: one.alarmed)


def share_of(cases: Sequence[Judged], hit: Callable[[Judged], bool]) -> float:
    return 100 * sum(map(hit, cases)) / max(len(cases), 1)


def figures(cases: Sequence[Judged]) -> dict[str, float]:
    """Of valleys and CNNs of one size, %: cut-off optima found, interior ones alarmed at."""
    beyond = [one for one in cases if one.case.truth == "beyond"]
    inside = [one for one in cases if one.case.truth == "inside"]
    sides = [status for one in inside for status in one.status.values()]
    chosen = {
        "all": beyond,
        "gain above the noise of a trial": [one for one in beyond if one.case.gain > 1],
        "noise below 10 % of the range": [one for one in beyond if one.case.noise < 0.1],
        "noise 10 to 30 %": [one for one in beyond if one.case.noise >= 0.1],
        "CNNs": [one for one in beyond if math.isnan(one.case.noise)],
    }
    found = {
        f"found, {name}": share_of(some, lambda one: one.found) for name, some in chosen.items()
    }
    return found | {
        "false alarms per study": share_of(inside, lambda one: one.alarmed),
        "false alarms per side": 100 * sides.count("problem") / max(len(sides), 1),
    }


def say_figures(output: Output, said: dict[int, dict[str, float]]) -> None:
    """A line for each figure, a column for each size."""
    output.say()
    output.say("Valleys and CNNs together, %")
    output.say(f"{'':38}" + "".join(f"{f'T = {trials}':>11}" for trials in said))
    for name in said[SIZES[0]]:
        output.say(f"{name:38}" + "".join(f"{each[name]:11.1f}" for each in said.values()))


def say_bars(output: Output, said: dict[int, dict[str, float]]) -> None:
    """The bars of found and of false alarms, and whether they hold."""
    output.say()
    for name in ("found, all", "found, gain above the noise of a trial"):
        found = said[50][name]
        holds = "holds" if found >= 90 else "MISSED"
        output.say(f"{f'{name}, T = 50':50}{found:6.1f}   {holds} (bar 90)")
    for trials, each in said.items():
        alarms = each["false alarms per study"]
        holds = "holds" if alarms <= 5 else "MISSED"
        output.say(f"{f'false alarms per study, T = {trials}':50}{alarms:6.1f}   {holds} (bar 5)")


def speed_ms(trials: int, axes: int) -> float:
    """Milliseconds of C1 on one study."""
    study = study_of(space_of(axes), trials)
    unit_TxD = points(axes, 0, trials)
    records = [
        record(
            study, place, float(((unit_D - 0.4) ** 2).sum()), study.space.setting(unit_D.tolist())
        )
        for place, unit_D in enumerate(unit_TxD)
    ]
    begin = time.perf_counter()
    boundary(study, outcomes(study, records))
    return 1e3 * (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few studies, nothing kept")
    parser.add_argument("--seed", type=int, default=REPORTED_SEED, help="of the studies")
    options = parser.parse_args()
    share = 0.1 if options.quick else 1.0
    keep = not options.quick and options.seed == REPORTED_SEED
    output = Output("boundary", keep=keep)
    output.say(f"seed {options.seed}, {round(500 * share)} studies of each size")
    by_size = {trials: synthetic_cases(trials, options.seed, share) for trials in SIZES}
    say_synthetic(output, by_size)
    real = mnist()
    if not real:
        output.say("../shared/data is absent: no study was cut from search/mnist")
    for kind, rows in real.items():
        cases = {
            trials: list(real_cases(kind, rows, trials, options.seed, share)) for trials in SIZES
        }
        say_real(output, kind, cases)
        if kind == "mnist, cnn":
            by_size = {trials: [*by_size[trials], *cases[trials]] for trials in SIZES}
    said = {trials: figures(cases) for trials, cases in by_size.items()}
    say_figures(output, said)
    say_bars(output, said)
    speeds = {f"ms, {trials} trials, 8 axes": speed_ms(trials, 8) for trials in (50, 1000, 10_000)}
    flat = {f"{name}, {trials}": each for trials in said for name, each in said[trials].items()}
    output.end(flat | speeds)


if __name__ == "__main__":
    main()

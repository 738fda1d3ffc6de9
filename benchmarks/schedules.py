"""How many training steps schedules need to reach what 60 quasi-random trials reach.

    python benchmarks/schedules.py               everything: an hour on a quiet 2-core machine
    python benchmarks/schedules.py --quick       one seed, a third of the trials, no result kept

What was run is kept, ours in .bench/schedules.jsonl by its code, Ray's in results/rows by its
version: typed again after an interruption, it goes on.

The demo's network (examples/optimizer, Nesterov momentum), 600 steps, 30 evaluations. First 60
quasi-random trials are trained to their end: their best validation error is the mark. Then Etude's
`asha` and `pbt`, and Ray Tune's, begin with the same settings, two trials at a time, with the same
train function, rungs and intervals. Counted are updates of all trials together until the first
value at the mark or below, and seconds. Where the mark is not reached, the updates of the whole
study count as a lower bound, marked with `>`, and the bar is held on the best value reached. The
ratio to Ray is of the two medians over the seeds; its range, 5 % to 95 %, is of seeds drawn again.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial, for every contender

from measure import ROOT, Output, Rows, child, peer, version

import etude
from etude.event import Event, Logged
from etude.round.observer import Opening
from etude.search.sobol import points
from etude.study import derived_seed

WORKERS, ETA, INTERVAL, MEMBERS = 2, 3, 60, 12
NAMES = ("quasi_random", "asha", "ray_asha", "pbt", "ray_pbt")
# By which a run is known again.
KEY = ("method", "seed", "trials")
RESAMPLES = 10_000
RANGES = {
    "learning_rate": etude.Real(1e-3, 10.0, log=True),
    "momentum": etude.Real(0.7, 0.999, scale="one_minus_log"),
    "weight_decay": etude.Real(1e-6, 1e-2, log=True),
}
FIXED = {"optimizer": "nesterov", "batch_size": 50, "width": 16, "dropout": 0.25}


@dataclass
class Watch:
    """An observer: updates of all trials so far, seconds and error at each evaluation."""

    begin: float = field(default_factory=time.time)
    updates: int = 0
    seen: list[tuple[int, float, float]] = field(default_factory=list)

    def begin_round(self) -> None:
        self.begin = time.time()

    def see(self, events: Sequence[Event]) -> None:
        for event in events:
            for _, name, value in event.rows if isinstance(event, Logged) else ():
                self.updates += name == "train/loss"
                if name == "valid/error":
                    self.seen.append((self.updates, time.time() - self.begin, value))

    def end(self) -> None:
        """Nothing to close."""


class Observer:
    """Hands the round's news to a watch."""

    def __init__(self) -> None:
        self.watch = Watch()

    def begin(self, opening: Opening) -> None:
        del opening
        self.watch.begin_round()

    def see(self, events: Sequence[Event]) -> None:
        self.watch.see(events)

    def end(self) -> None:
        self.watch.end()


@dataclass(frozen=True)
class Run:
    """One contender with one seed.

    Args:
        lower: Updates, seconds and error of each evaluation that was lower than all before.
        updates: Of the whole run.
    """

    lower: Sequence[tuple[int, float, float]]
    updates: int

    @property
    def best(self) -> float:
        return self.lower[-1][2]

    def reached(self, mark: float) -> tuple[int, float] | None:
        """Updates and seconds to a value at the mark or below."""
        hits = [(done, at_s) for done, at_s, value in self.lower if value <= mark]
        return hits[0] if hits else None


def run_of(seen: Sequence[tuple[int, float, float]]) -> Run:
    """The run of these evaluations, in the order in which they came."""
    least = np.minimum.accumulate([value for _, _, value in seen])
    lower = [seen[0], *(seen[k + 1] for k, (a, b) in enumerate(pairwise(least)) if b < a)]
    return Run(lower, seen[-1][0])


def experiment(seed: int, trials: int, **given: Any) -> etude.Experiment:
    return etude.Experiment(
        name="schedules",
        metric="valid/error",
        max_steps=600,
        evaluations=30,
        trials=trials,
        seed=seed,
        train="train.py:train",
        nuisance=RANGES,
        fixed=FIXED,
        **given,
    )


def ours(one: etude.Experiment) -> Run:
    sys.path.insert(0, str(ROOT / "examples" / "optimizer"))
    from train import train

    observer = Observer()
    with tempfile.TemporaryDirectory() as folder:
        etude.run(
            one,
            train,
            store=Path(folder) / "etude.db",
            runner="processes",
            workers=WORKERS,
            observers=[observer],
        )
    return run_of(observer.watch.seen)


def rays(name: str, one: etude.Experiment, trials: int) -> Run:
    (study,) = designed(one)
    units_TxD = points(study.space.dimensions, study.seed, trials)
    plan = {
        "settings": [
            {**study.space.setting(unit), "seed": derived_seed(study.seed, place)}
            for place, unit in enumerate(units_TxD)
        ],
        "fixed": FIXED,
        "ranges": {key: [domain.low, domain.high] for key, domain in RANGES.items()},
        "max_steps": 600,
        "every": 20,
        "min_steps": 80,
        "eta": ETA,
        "interval": INTERVAL,
        "workers": WORKERS,
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "plan.json", Path(folder) / "log.jsonl"]
        paths[0].write_text(json.dumps(plan))
        script = ROOT / "benchmarks" / "peers" / "ray_schedules.py"
        told = child([ray_python(), script, name.removeprefix("ray_"), *paths]).said
        lines = [json.loads(line) for line in paths[1].read_text().splitlines()]
    lines.sort(key=lambda line: line["time"])
    seen, done = [], 0
    for line in lines:
        done += line["steps"]
        seen.append((done, line["time"] - told["begin"], line["error"]))
    return run_of(seen)


def designed(one: etude.Experiment) -> Sequence[Any]:
    from etude.design.studies import studies

    return studies(one)


def ray_python() -> Path:
    return peer("ray", "ray", "torch", "sklearn", "pandas", "pyarrow", "pydantic")


def code() -> str:
    """What changes when results of ours may: the schedules, and the demo's training."""
    search = ROOT / "src" / "etude" / "search"
    own = ("asha", "standings", "pbt", "population", "perturbation")
    names = (*own, "quasi_random", "rungs", "sequence", "sobol")
    paths = [search / f"{name}.py" for name in names]
    paths.append(ROOT / "examples" / "optimizer" / "train.py")
    texts = [ast.dump(ast.parse(path.read_text())).encode() for path in paths]
    return hashlib.blake2b(b"/".join(texts), digest_size=5).hexdigest()


def contest(seed: int, trials: int, members: int, rows: Rows) -> dict[str, Run]:
    whole = experiment(seed, trials)
    asha = {"schedule": "asha", "schedule_options": {"eta": ETA, "min_steps": 80}}
    pbt = {"schedule": "pbt", "schedule_options": {"interval": INTERVAL}}
    few = replace(whole, trials=members)
    made = {
        "quasi_random": lambda: ours(whole),
        "asha": lambda: ours(replace(whole, **asha)),
        "pbt": lambda: ours(replace(few, **pbt)),
        "ray_asha": lambda: rays("ray_asha", whole, trials),
        "ray_pbt": lambda: rays("ray_pbt", few, members),
    }
    task = {"seed": seed, "trials": trials, "code": code()}
    return {name: kept({"method": name, **task}, make, rows) for name, make in made.items()}


def kept(task: Mapping[str, Any], make: Callable[[], Run], rows: Rows) -> Run:
    """A run, or what stands on record of it."""
    if (row := rows.get(dict(task))) is None:
        row = {**task, **asdict(make())}
        rows.add(row)
    return Run(row["lower"], row["updates"])


def told(output: Output, seed: int, runs: Mapping[str, Run]) -> dict[str, int]:
    """A line a contender; the updates each needed."""
    mark, needed = runs["quasi_random"].best, {}
    output.say(f"\nseed {seed}: the mark is an error of {mark:.4f}")
    for name in NAMES:
        run = runs[name]
        hit = run.reached(mark)
        needed[name] = hit[0] if hit else run.updates
        at = (
            f"{hit[0]:>7,} updates {hit[1]:7.1f} s"
            if hit
            else f">{run.updates:>6,} updates       -  "
        )
        output.say(f"  {name:13} {at}   best {run.best:.4f} after {run.updates:,}")
    return needed


def figures(found: Sequence[tuple[Mapping[str, Run], Mapping[str, int]]]) -> dict[str, float]:
    figured: dict[str, float] = {}
    for name in ("asha", "pbt"):
        updates = [[needed[who] for _, needed in found] for who in (name, f"ray_{name}")]
        ratio, low, high = ratio_of_medians(*updates)
        figured[f"{name}_steps_over_ray"] = ratio
        figured[f"{name}_steps_over_ray_low"] = low
        figured[f"{name}_steps_over_ray_high"] = high
        figured[f"{name}_steps_over_quasi_random"] = median(
            needed[name] / needed["quasi_random"] for _, needed in found
        )
        for who in (name, f"ray_{name}"):
            hits = [runs[who].reached(runs["quasi_random"].best) for runs, _ in found]
            figured[f"{who}_reached"] = sum(hit is not None for hit in hits) / len(found)
    return figured


def ratio_of_medians(ours: Sequence[int], theirs: Sequence[int]) -> tuple[float, float, float]:
    """The ratio, and its range from 5 % to 95 % where seeds are drawn again on both sides."""
    rng = np.random.default_rng(0)
    draws = [
        np.median(rng.choice(side, size=(RESAMPLES, len(side))), axis=1) for side in (ours, theirs)
    ]
    low, high = np.quantile(draws[0] / draws[1], [0.05, 0.95])
    return median(ours) / median(theirs), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed, few trials, nothing kept")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    trials, members = (20, 4) if args.quick else (60, MEMBERS)
    output = Output("schedules", keep=not args.quick)
    release = version(ray_python(), "ray")
    rows = Rows("schedules", KEY, {name: release for name in NAMES if name.startswith("ray")})
    output.say(
        f"Etude {version(sys.executable, 'etude')}; Ray {release}; {trials} trials, "
        f"populations of {members}, 2 at once"
    )
    found = []
    for seed in range(1 if args.quick else args.seeds):
        runs = contest(seed, trials, members, rows)
        found.append((runs, told(output, seed, runs)))
    output.end(figures(found))


if __name__ == "__main__":
    main()

"""How many training steps schedules need to reach what 60 quasi-random trials reach.

    python benchmarks/schedules.py               everything: half an hour on a quiet 2-core machine
    python benchmarks/schedules.py --quick       one seed, a third of the trials, no result kept

What was run is kept in .bench/schedules: typed again after an interruption, it goes on.

The demo's network (examples/optimizer, Nesterov momentum), 600 steps, 30 evaluations. First 60
quasi-random trials are trained to their end: their best validation error is the mark. Then Etude's
`asha` and `pbt`, and Ray Tune's, begin with the same settings, two trials at a time, with the same
train function, rungs and intervals. Counted are updates of all trials together until the first
value at the mark or below, and seconds. Where the mark is not reached, the updates of the whole
study count as a lower bound, marked with `>`, and the bar is held on the best value reached.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial, for every contender

from measure import BENCH, ROOT, Output, child, peer, version

import etude
from etude.event import Event, Logged
from etude.round.observer import Opening
from etude.search.sobol import points
from etude.study import derived_seed

WORKERS, ETA, INTERVAL, MEMBERS = 2, 3, 60, 12
NAMES = ("quasi_random", "asha", "ray asha", "pbt", "ray pbt")
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
    """One contender with one seed: updates, seconds and error, in the order in which they came."""

    name: str
    seen: Sequence[tuple[int, float, float]]

    @property
    def best(self) -> float:
        return min(value for _, _, value in self.seen)

    @property
    def updates(self) -> int:
        return self.seen[-1][0]

    def reached(self, mark: float) -> tuple[int, float] | None:
        """Updates and seconds to a value at the mark or below."""
        hits = [(done, at_s) for done, at_s, value in self.seen if value <= mark]
        return hits[0] if hits else None


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


def ours(name: str, one: etude.Experiment) -> Run:
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
    return Run(name, observer.watch.seen)


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
        python = peer("ray", "ray", "torch", "sklearn", "pandas", "pyarrow")
        script = ROOT / "benchmarks" / "peers" / "ray_schedules.py"
        told = child([python, script, name.removeprefix("ray "), *paths]).said
        lines = [json.loads(line) for line in paths[1].read_text().splitlines()]
    lines.sort(key=lambda line: line["time"])
    seen, done = [], 0
    for line in lines:
        done += line["steps"]
        seen.append((done, line["time"] - told["begin"], line["error"]))
    return Run(name, seen)


def designed(one: etude.Experiment) -> Sequence[Any]:
    from etude.design.studies import studies

    return studies(one)


def contest(seed: int, trials: int, members: int) -> dict[str, Run]:
    whole = experiment(seed, trials)
    asha = {"schedule": "asha", "schedule_options": {"eta": ETA, "min_steps": 80}}
    pbt = {"schedule": "pbt", "schedule_options": {"interval": INTERVAL}}
    few = replace(whole, trials=members)
    made = {
        "quasi_random": lambda: ours("quasi_random", whole),
        "asha": lambda: ours("asha", replace(whole, **asha)),
        "pbt": lambda: ours("pbt", replace(few, **pbt)),
        "ray asha": lambda: rays("ray asha", whole, trials),
        "ray pbt": lambda: rays("ray pbt", few, members),
    }
    return {name: kept(f"{seed}-{trials}-{name}", make) for name, make in made.items()}


def kept(key: str, make: Callable[[], Run]) -> Run:
    """A run, or what an interrupted benchmark kept of it; `--anew` forgets."""
    path = BENCH / "schedules" / f"{key.replace(' ', '-')}.json"
    if not path.exists():
        run = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"name": run.name, "seen": run.seen}))
    return Run(**json.loads(path.read_text()))


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
        over = [needed[name] / needed[f"ray {name}"] for _, needed in found]
        figured[f"{name}_steps_over_ray"] = median(over)
        figured[f"{name}_steps_over_quasi_random"] = median(
            needed[name] / needed["quasi_random"] for _, needed in found
        )
        for who in (name, f"ray {name}"):
            hits = [runs[who].reached(runs["quasi_random"].best) for runs, _ in found]
            key = f"{who.replace(' ', '_')}_reached"
            figured[key] = sum(hit is not None for hit in hits) / len(found)
    return figured


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed, few trials, nothing kept")
    parser.add_argument("--anew", action="store_true", help="forget the runs that were kept")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    if args.anew:
        shutil.rmtree(BENCH / "schedules", ignore_errors=True)
    trials, members = (20, 4) if args.quick else (60, MEMBERS)
    output = Output("schedules", keep=not args.quick)
    python = peer("ray", "ray", "torch", "sklearn", "pandas", "pyarrow")
    output.say(
        f"Ray {version(python, 'ray')}; {trials} trials, populations of {members}, 2 at once"
    )
    found = []
    for seed in range(1 if args.quick else args.seeds):
        runs = contest(seed, trials, members)
        found.append((runs, told(output, seed, runs)))
    output.end(figures(found))


if __name__ == "__main__":
    main()

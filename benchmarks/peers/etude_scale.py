"""Etude's side of `scale.py`: `CELL SIZE FOLDER`. The last line is JSON.

`build` fills a store without training; what looks at a store is a process of its own after it.
"""

from __future__ import annotations

import contextlib
import heapq
import io
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import etude
from etude.assignment import Assignment, Halt
from etude.event import Began, Ended, Event, Logged
from etude.runner.base import Deliver
from etude.runner.batches import HOLD_S

RATE = {"x": etude.Real(0.0, 1.0)}
# Workers of the simulated cluster, and reports of one of its trials, one a virtual second.
WORKERS, REPORTS = 1000, 100
ONE_STEP = {"max_steps": 1, "evaluations": 1}
HALVED = {"max_steps": 27, "evaluations": 9}
METRICS = ("valid/loss", "train/loss", "valid/error", "grad_norm")


def experiment(trials: int, **given: Any) -> etude.Experiment:
    plain = {"name": "s", "metric": "valid/loss", "trials": trials, "nuisance": RATE}
    return etude.Experiment(**{**plain, **given})


def silent(trial: etude.Trial) -> None:
    trial.report(trial.max_steps - 1, {"valid/loss": trial["x"]})


def saving(trial: etude.Trial) -> None:
    trial.restore(lambda _: None)
    for step in trial.steps():
        if trial.evaluates(step):
            value = trial["x"] / (step + 1)
            trial.report(step, {"valid/loss": value}, checkpoint=lambda _: None)


def reporting(trial: etude.Trial) -> None:
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0 / (step + 1)})


def measuring(trial: etude.Trial) -> None:
    names = [f"layer/{number}" for number in range(199)]
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0 / (step + 1), **dict.fromkeys(names, 0.5)})


# --- runs


def run(size: int, folder: Path) -> int:
    etude.run(experiment(size, **ONE_STEP), silent, store=folder / "etude.db")
    return size


def asha(size: int, folder: Path) -> int:
    halved = {**HALVED, "schedule": "asha", "schedule_options": {"min_steps": 3}}
    etude.run(experiment(size, **halved), saving, store=folder / "etude.db")
    return size


def pbt(size: int, folder: Path) -> int:
    halved = {**HALVED, "schedule": "pbt", "schedule_options": {"interval": 9}}
    etude.run(experiment(size, **halved), saving, store=folder / "etude.db")
    return size


def reports(size: int, folder: Path) -> int:
    one = experiment(1, max_steps=size, evaluations=size)
    etude.run(one, reporting, store=folder / "etude.db")
    return size


def metrics(size: int, folder: Path) -> int:
    etude.run(experiment(10, max_steps=size), measuring, store=folder / "etude.db")
    return size


def workers(size: int, folder: Path) -> dict[str, float]:
    """As many processes as trials: what the driver takes, and what all of them do."""
    begin = time.perf_counter()
    one = experiment(size, **ONE_STEP)
    etude.run(one, silent, store=folder / "etude.db", runner="processes", workers=size)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall_s": time.perf_counter() - begin, "children_s": used.ru_utime + used.ru_stime}


def entry(one: etude.Experiment) -> Any:
    from etude.experiment.entry import Entry, Launch
    from etude.experiment.toml import dumps

    launch = Launch(command="scale", folder="", process=1, started="2026-01-01")
    return Entry(experiment=one, text=dumps(one), launches=(launch,))


# --- a cluster that takes no time


class Cluster:
    """A thousand workers on a virtual clock, each of which reports once a second.

    What happens in as long as a report is held comes in one batch, as from real workers.
    """

    def __init__(self) -> None:
        self.slots = WORKERS
        self.events, self.own_s, self.batches = 0, 0.0, 0
        self._random = random.Random(0)
        self._now_s = 0.0
        self._queue: list[tuple[float, int]] = []
        self._running: dict[int, Assignment] = {}
        self._steps: dict[int, int] = {}
        self._halted: set[int] = set()

    @property
    def free(self) -> int:
        return self.slots - len(self._running)

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        begin = time.process_time()
        for order in orders:
            if isinstance(order, Halt):
                self._halted.add(order.trial_id)
            else:
                self._running[order.id], self._steps[order.id] = order, 0
                heapq.heappush(self._queue, (self._now_s + self._random.random(), order.id))
        self.own_s += time.process_time() - begin

    def wait(self, deliver: Deliver) -> bool:
        begin = time.process_time()
        if not self._queue:
            return False
        self._now_s = max(self._now_s + HOLD_S, self._queue[0][0])
        batch: list[Event] = []
        while self._queue and self._queue[0][0] <= self._now_s:
            due_s, trial_id = heapq.heappop(self._queue)
            batch += self._events(trial_id)
            if trial_id in self._running:
                heapq.heappush(self._queue, (due_s + 1.0, trial_id))
        self.events, self.batches = self.events + len(batch), self.batches + 1
        self.own_s += time.process_time() - begin
        deliver(batch)
        return True

    def close(self) -> None:
        """Nothing runs on."""

    def _events(self, trial_id: int) -> Iterator[Event]:
        order, step = self._running[trial_id], self._steps[trial_id]
        if step == 0:
            yield Began(trial_id, 0, order.study)
        is_halted = trial_id in self._halted
        if not is_halted:
            value = float(order.setting["x"]) + 1.0 / (step + 1)
            yield Logged(trial_id, ((step, "valid/loss", value),))
            self._steps[trial_id] = step + 1
        if is_halted or step + 1 == REPORTS:
            del self._running[trial_id], self._steps[trial_id]
            status = "stopped" if is_halted else "completed"
            yield Ended(trial_id, status, "schedule" if is_halted else "", steps=step + 1)


def cluster(size: int, folder: Path, **given: Any) -> dict[str, float]:
    from etude.round.loop import play, started
    from etude.round.opening import open_round

    one = experiment(size, max_steps=REPORTS, evaluations=REPORTS, **given)
    runner = Cluster()
    with open_round(entry(one), folder / "etude.db") as opened:
        begin = time.process_time()
        started(opened.plan, opened.store, one.name)
        play(one, opened.plan, runner=runner, store=opened.store, see=lambda _: None)
        driver_s = time.process_time() - begin - runner.own_s
    event_us = 1e6 * driver_s / runner.events
    return {"events": runner.events, "event_us": event_us, "workers": 1e6 / event_us}


def cluster_asha(size: int, folder: Path) -> dict[str, float]:
    return cluster(size, folder, schedule="asha", schedule_options={"min_steps": 4})


# --- stores to look at


def build(one: etude.Experiment, folder: Path, names: Sequence[str] = METRICS[:1]) -> None:
    """A store in which every trial of an experiment has completed."""
    from etude.design.studies import studies
    from etude.record import Records
    from etude.search import search_of
    from etude.store import open_store

    store = open_store(folder / "etude.db")
    store.begin(entry(one))
    chance = random.Random(0)
    every = one.max_steps // one.evaluations
    for study in studies(one):
        moves = search_of(study).moves(study, Records.of([]), study.max_trials)
        records = store.reserve(one.name, study, moves)
        for begin in range(0, len(records), 1000):
            batch: list[Event] = []
            for record in records[begin : begin + 1000]:
                level = sum(float(v) for v in record.setting.values() if isinstance(v, float))
                rows = [
                    (step, name, (level + chance.gauss(0, 0.02)) * (1 + 3.0 / (step + 1)))
                    for step in range(every - 1, one.max_steps, every)
                    for name in names
                ]
                batch += [Began(record.id, 0), Logged(record.id, tuple(rows))]
                batch += [Ended(record.id, "completed", steps=one.max_steps, wall_s=1.0)]
            store.append(one.name, batch)
    store.close()


def many(size: int, folder: Path) -> None:
    build(experiment(size, max_steps=10, evaluations=10), folder)


def wide(size: int, folder: Path) -> None:
    build(experiment(size, max_steps=100, evaluations=100), folder, METRICS)


def studies(size: int, folder: Path) -> None:
    compared = {"scientific": {"kind": [f"k{number}" for number in range(size)]}}
    build(experiment(8, max_steps=10, evaluations=10, **compared), folder)


def axes(size: int, folder: Path) -> None:
    ranges = {f"axis_{number:02}": etude.Real(0.0, 1.0) for number in range(size)}
    build(experiment(200, max_steps=10, evaluations=10, nuisance=ranges), folder)


def rounds(size: int, folder: Path) -> None:
    """A line of rounds, each of which names the one before; the last is `s`."""
    names = [*(f"round_{number}" for number in range(size - 1)), "s"]
    for number, name in enumerate(names):
        before = {"parent": names[number - 1]} if number else {}
        build(experiment(20, name=name, max_steps=10, evaluations=10, **before), folder)


def command(name: str) -> Callable[[int, Path], dict[str, float]]:
    """A command over the store in a folder, as a person types it."""

    def typed(size: int, folder: Path) -> dict[str, float]:
        import os

        from etude.cli.app import app

        os.environ["ETUDE_STORE"] = str(folder / "etude.db")
        page = folder / "report.html"
        options = {"report": ["-o", str(page)], "next": ["-o", str(folder / "next.toml")]}
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            app([name, "s", *options.get(name, [])])
        assert size
        return {
            "lines": said.getvalue().count("\n"),
            **({"mb": page.stat().st_size / 1e6} if page.exists() else {}),
        }

    return typed


CELLS: dict[str, Callable[[int, Path], Any]] = {
    "run": run,
    "asha": asha,
    "pbt": pbt,
    "reports": reports,
    "metrics": metrics,
    "workers": workers,
    "cluster": cluster,
    "cluster_asha": cluster_asha,
    "build_many": many,
    "build_wide": wide,
    "build_studies": studies,
    "build_axes": axes,
    "build_rounds": rounds,
    "check": command("check"),
    "next": command("next"),
    "report": command("report"),
}


if __name__ == "__main__":
    cell, size, place = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if cell in ("run", "asha", "pbt"):  # imports and first calls are not what grows
        (place / "warm").mkdir()
        CELLS[cell](10, place / "warm")
    begin_s = time.process_time()
    found = CELLS[cell](size, place)
    figures = {"cpu_s": time.process_time() - begin_s}
    figures["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**figures, **(found if isinstance(found, dict) else {})}))

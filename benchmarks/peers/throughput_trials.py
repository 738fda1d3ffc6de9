"""One contender's part of `throughput.py`; the last line is JSON.

round RUNNER FILE    a whole round, as `etude run` plays it; the store is forgotten
apart FILE N         N of its trials, each in a process of its own, as many at once as cores
trial FILE NUMBER    one trial with the plain loop, and nothing else
ray FILE N           N of its trials with Ray Tune as it comes; its trainable is the same loop
stacks FILE WIDTHS   seconds of a step of one trial in stacks of each width, 1 for the plain
                     loop, and of the arithmetic alone
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import etude
from etude.assignment import Assignment
from etude.experiment import toml
from etude.runner.devices import cores, environments
from etude.trial import Trial


def assignments(file: Path, folder: Path) -> list[Assignment]:
    """The trials of a round, as `etude run` hands them to workers, to be written in a folder."""
    from etude.design.studies import studies
    from etude.experiment.entry import Entry
    from etude.round.loop import pending, started
    from etude.round.resume import assignment
    from etude.search import search_of
    from etude.store import open_store

    experiment = toml.read(file)
    store = open_store(folder / "store.db")
    with store.own(experiment.name):
        store.begin(Entry(experiment=experiment, text=file.read_text(encoding="utf-8")))
        plan = [(study, search_of(study)) for study in studies(experiment)]
        started(plan, store, experiment.name)
        found = pending(plan, store, experiment.name)
        made = [assignment(experiment, store, record) for record in found]
    store.close()
    # Of every study some, however few are taken.
    half = (len(made) + 1) // 2
    return [one for pair in zip(made[:half], made[half:], strict=False) for one in pair]


def loop_of(file: Path) -> Any:
    from etude.runner.user_code import train_function

    return train_function(toml.read(file).train, file.parent)


def a_round(runner: str, file: Path) -> dict[str, Any]:
    import etude

    said: list[str] = []

    class Listener:
        def begin(self, opening: Any) -> None:
            said.append(opening.choice)

        def see(self, *_: Any) -> None:
            pass

        def end(self) -> None:
            pass

    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        result = etude.run(
            file, store=Path(folder) / "store.db", runner=runner, observers=[Listener()]
        )
        wall_s = time.perf_counter() - begin
        return {"trials": len(result.trials), "wall_s": wall_s, "choice": "".join(said)}


def apart(file: Path, count: int) -> dict[str, Any]:
    """A process a trial, with the threads that a worker of ours has."""
    environment = {**os.environ, **environments()[0]}

    def one(number: int) -> None:
        command = [sys.executable, __file__, "trial", str(file), str(number)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    begin = time.perf_counter()
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(one, range(count)))
    return {"trials": count, "wall_s": time.perf_counter() - begin}


class Channel:
    """Where a trial's news goes: evaluations to whoever wants them."""

    def __init__(self, report: Callable[[Mapping[str, float]], Any]) -> None:
        self._report = report

    def marked(self, moment: str, step: int) -> None:
        pass

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        if any(name.startswith("valid/") for name in values):
            self._report(values)

    def saved(self, step: int, value: float | None) -> None:
        pass


def trained(
    loop: Any, assignment: Assignment, report: Callable[[Mapping[str, float]], Any]
) -> None:
    from etude.errors import Leave

    try:
        loop(Trial(assignment, Channel(report), now_s=time.monotonic))
    except Leave:  # diverged: a result like any other
        return


def a_trial(file: Path, number: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        trained(loop_of(file), assignments(file, Path(folder))[number], lambda values: None)
    return {}


def with_ray(file: Path, count: int) -> dict[str, Any]:
    """As Ray's own pages show it: one core a trial, everything else left as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = assignments(file, Path(folder))[:count]
        begin = time.perf_counter()
        from ray import tune

        def trainable(given: dict[str, Any]) -> None:
            import sys as of_worker

            of_worker.path[:0] = paths
            from throughput_trials import loop_of, trained

            trained(loop_of(file), given["assignment"], lambda values: tune.report(dict(values)))

        paths = [str(Path(__file__).parent), str(Path(etude.__file__).parents[1])]
        space = {"assignment": tune.grid_search(chosen)}
        results = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space=space,
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
        wall_s = time.perf_counter() - begin
        assert results.num_errors == 0, results.errors
        return {"trials": len(results), "wall_s": wall_s}


def stacks(file: Path, widths: list[int]) -> dict[str, Any]:
    from etude.train.gate import probe_trial
    from etude.train.torch.loop import Learner
    from etude.train.torch.member import Member
    from etude.train.torch.vectorized import Stack

    loop = loop_of(file)
    with tempfile.TemporaryDirectory() as folder:
        chosen = assignments(file, Path(folder))
    learner, steps = Learner(loop, probe_trial(chosen[0])), iter(range(10**9))
    found = {"1": _seconds(lambda count: [learner.update(next(steps)) for _ in range(count)])}
    arithmetic: dict[str, float] = {}
    for width in widths:
        again = [chosen[place % len(chosen)] for place in range(width)]
        stack = Stack(loop, [Member(loop, probe_trial(one)) for one in again])
        found[str(width)] = _seconds(stack.rows_after) / width
        arithmetic[str(width)] = _arithmetic_s(stack) / width
    return {"device": str(loop.device), "steps_s": found, "arithmetic_s": arithmetic}


def _seconds(run: Callable[[int], Any]) -> float:
    """Seconds for one of `run(count)`; a GPU's work is waited for."""
    import torch

    def timed(count: int) -> float:
        begin = time.perf_counter()
        run(count)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - begin

    timed(3)
    count = max(3, int(0.5 / timed(1)))
    return min(timed(count) for _ in range(3)) / count


def _arithmetic_s(stack: Any) -> float:
    """Seconds of the device in the products of matrices of one step: what no program can save."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    on_gpu = torch.cuda.is_available()
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    stack.rows_after(2)
    with profile(activities=activities) as seen:
        stack.rows_after(4)
    products = [one for one in seen.key_averages() if any(name in one.key for name in _PRODUCTS)]
    spent = (one.device_time_total if on_gpu else one.self_cpu_time_total for one in products)
    return sum(spent) / 4e6


_PRODUCTS = ("aten::bmm", "aten::mm", "aten::addmm", "aten::baddbmm", "convolution")


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "round":
        said = a_round(rest[0], Path(rest[1]))
    elif what == "stacks":
        said = stacks(Path(rest[0]), [int(width) for width in rest[1].split(",")])
    else:
        said = {"apart": apart, "trial": a_trial, "ray": with_ray}[what](
            Path(rest[0]), int(rest[1])
        )
    print(json.dumps(said))


if __name__ == "__main__":
    main()

"""One turn on Ray: so many trials of Etude or of Ray Tune, on workers that are warm.

    python benchmarks/peers/on_ray.py etude|reused|fresh TRIALS REPORTS

Two trials more are trained than are counted: they start the workers. The last line has the seconds
of that start, and those from then to the last result.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import ray

WORKERS = 2
TRAIN = """
def train(trial):
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0 / (step + 1)})
"""


class Clock:
    """The seconds until the workers have each trained a trial, and from then to the last one."""

    def __init__(self) -> None:
        self.asked, self.warm, self.last, self.ends = time.perf_counter(), 0.0, 0.0, 0

    def ended(self, count: int = 1) -> None:
        if not count:
            return
        self.ends += count
        self.last = time.perf_counter()
        if self.ends <= WORKERS:
            self.warm = self.last

    def figures(self) -> dict[str, float]:
        return {"start_s": self.warm - self.asked, "wall_s": self.last - self.warm}


def etude(trials: int, reports: int, folder: Path) -> dict[str, float]:
    from etude.event import Ended, Event
    from etude.experiment import Experiment
    from etude.round.run import run
    from etude.runner.ray.runner import Ray
    from etude.space import Real

    class Watch(Clock):
        def begin(self, opening: object) -> None:
            """Nothing is to be done."""

        def see(self, events: Sequence[Event]) -> None:
            self.ended(sum(isinstance(event, Ended) for event in events))

        def end(self) -> None:
            """Nothing is to be done."""

    watch = Watch()
    (folder / "train.py").write_text(TRAIN)
    experiment = Experiment(
        name="cost",
        metric="valid/loss",
        max_steps=reports,
        trials=trials + WORKERS,
        evaluations=reports,
        nuisance={"learning_rate": Real(0.1, 1.0)},
    )
    runner = Ray("train.py:train", folder, workers=WORKERS)
    while runner.slots < WORKERS:
        runner.wait(list)
        time.sleep(0.01)
    run(
        experiment,
        store=folder / "etude.db",
        runner=runner,
        observers=[watch],
        folder=folder,
    )
    return watch.figures()


def tune(trials: int, reports: int, folder: Path, *, reuse: bool) -> dict[str, float]:
    from ray import tune

    clock = Clock()

    class Ends(tune.Callback):
        def on_trial_complete(self, iteration: int, trials: list, trial: object, **info: object):
            clock.ended()

    def train(config: dict[str, float]) -> None:
        for step in range(reports):
            tune.report({"loss": 1.0 / (step + 1)})

    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={"learning_rate": tune.uniform(0.1, 1.0)},
        tune_config=tune.TuneConfig(
            num_samples=trials + WORKERS,
            max_concurrent_trials=WORKERS,
            reuse_actors=reuse,
            metric="loss",
            mode="min",
        ),
        run_config=tune.RunConfig(storage_path=str(folder), verbose=0, callbacks=[Ends()]),
    )
    tuner.fit()
    return clock.figures()


def main() -> None:
    method, trials, reports = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    warnings.simplefilter("ignore")
    given = os.environ.get("RAY_ADDRESS", "local")
    own = {"num_cpus": WORKERS, "include_dashboard": False} if given == "local" else {}
    ray.init(address=given, **own, log_to_driver=False, logging_level=logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        if method == "etude":
            figures = etude(trials, reports, Path(place))
        else:
            figures = tune(trials, reports, Path(place), reuse=method == "reused")
    ray.shutdown()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

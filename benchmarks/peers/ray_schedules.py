"""Ray Tune's ASHA or PBT on the demo's network: steps and errors, in the order in which they came.

    python ray_schedules.py asha|pbt PLAN.json LOG.jsonl

The plan lists the settings, so that every contender begins with the same ones. Every evaluation of
every trial is a line of the log: when, how many updates since the last one, the error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

os.environ["RAY_TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, PopulationBasedTraining
from ray.tune.search import BasicVariantGenerator

ROOT = Path(__file__).resolve().parents[2]


class Handle:
    """What the demo's train function calls, as Ray Tune has it."""

    def __init__(self, config: Mapping[str, Any], plan: Mapping[str, Any], log: str) -> None:
        self._setting = {**plan["fixed"], **config}
        self._every = plan["every"]
        self._log = log
        self._begin = 0
        self.max_steps = plan["max_steps"]
        self.seed = int(config["seed"])

    def __getitem__(self, name: str) -> Any:
        return self._setting[name]

    def restore(self, load: Callable[[Path], object]) -> None:
        checkpoint = tune.get_checkpoint()
        if checkpoint is not None:
            with checkpoint.as_directory() as folder:
                load(Path(folder))
                self._begin = int((Path(folder) / "step").read_text()) + 1

    def steps(self) -> Iterator[int]:
        yield from range(self._begin, self.max_steps)

    def evaluates(self, step: int) -> bool:
        return (step + 1) % self._every == 0

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Ray Tune is told of evaluations alone."""

    def report(self, step: int, values: Mapping[str, float], checkpoint: Any) -> None:
        line = {"time": time.time(), "steps": self._every, "error": values["valid/error"]}
        with open(self._log, "a") as file:
            file.write(json.dumps(line) + "\n")
        with tempfile.TemporaryDirectory() as folder:
            checkpoint(Path(folder))
            (Path(folder) / "step").write_text(str(step))
            tune.report(
                {"error": values["valid/error"]}, checkpoint=tune.Checkpoint.from_directory(folder)
            )


def trainable(config: dict[str, Any], plan: dict[str, Any], log: str) -> None:
    import importlib.util

    sys.path.insert(0, str(ROOT / "src"))
    spec = importlib.util.spec_from_file_location("demo", ROOT / "examples/optimizer/train.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    import torch

    torch.set_num_threads(1)
    demo.train(Handle(config, plan, log))


def scheduler(name: str, plan: Mapping[str, Any]) -> Any:
    if name == "asha":
        return ASHAScheduler(
            max_t=plan["max_steps"] // plan["every"],
            grace_period=plan["min_steps"] // plan["every"],
            reduction_factor=plan["eta"],
        )
    return PopulationBasedTraining(
        perturbation_interval=plan["interval"] // plan["every"],
        hyperparam_mutations={
            "learning_rate": tune.loguniform(*plan["ranges"]["learning_rate"]),
            "momentum": tune.uniform(*plan["ranges"]["momentum"]),
            "weight_decay": tune.loguniform(*plan["ranges"]["weight_decay"]),
        },
    )


def main(name: str, plan: dict[str, Any], log: str) -> None:
    ray.init(
        num_cpus=plan["workers"],
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    points = plan["settings"]
    ranges = plan["ranges"]
    space = {key: tune.uniform(*ranges[key]) for key in ranges} | {"seed": tune.randint(0, 2**31)}
    with tempfile.TemporaryDirectory() as folder:
        begin = time.time()
        tune.Tuner(
            tune.with_resources(tune.with_parameters(trainable, plan=plan, log=log), {"cpu": 1}),
            param_space=space,
            tune_config=tune.TuneConfig(
                metric="error",
                mode="min",
                num_samples=len(points),
                max_concurrent_trials=plan["workers"] if name == "asha" else None,
                scheduler=scheduler(name, plan),
                reuse_actors=True,
                search_alg=BasicVariantGenerator(points_to_evaluate=points),
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
    print(json.dumps({"begin": begin, "wall_s": time.time() - begin}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), sys.argv[3])

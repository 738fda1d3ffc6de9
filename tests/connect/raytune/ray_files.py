"""Files of Ray Tune experiments: written by hand as Ray 2 writes them, and by Ray itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What Ray runs: a function that returns early, reaches the end, is stopped by ASHA, or fails; last
# the one that takes its process with it, for the next would wait for a new one.
SCRIPT = """
import math, sys

from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler


def train(config):
    for step in range(4):
        if config["rate"] == 0.3 and step == 1:
            raise ValueError("no <b>data</b>")
        if config["rate"] == 0.4 and step == 3:
            return
        loss = math.nan if (config["rate"], step) == (0.1, 2) else config["rate"] / (step + 1)
        error = math.inf if (config["rate"], step) == (0.1, 1) else step / 8
        tune.report({"loss": loss, "valid": {"error": error}, "phase": "warm"})


tune.Tuner(
    train,
    param_space={
        "rate": tune.grid_search([0.4, 0.1, 0.9, 0.3]),
        "net": {"width": 8, "norm": None, "sizes": [1, 2]},
        "call": math.sqrt,
    },
    tune_config=tune.TuneConfig(
        metric="loss",
        mode="min",
        scheduler=AsyncHyperBandScheduler(max_t=4, grace_period=1, reduction_factor=2),
        reuse_actors=True,
    ),
    run_config=tune.RunConfig(name="rates", storage_path=sys.argv[1], verbose=0),
).fit()
"""


def result(iteration: int, *, done: bool = False, **reported: object) -> dict[str, object]:
    """A result as Ray writes it, with the names that Ray adds."""
    return {
        **reported,
        "timestamp": 1747922700,
        "checkpoint_dir_name": None,
        "done": done,
        "training_iteration": iteration,
        "trial_id": "a",
        "date": "2025-05-22_16-05-00",
        "time_this_iter_s": 0.5,
        "time_total_s": 0.5 * iteration,
        "pid": 17500,
        "hostname": "here",
        "node_ip": "127.0.0.1",
        "time_since_restore": 0.5,
        "iterations_since_restore": iteration,
    }


def state_entry(name: str, status: str = "TERMINATED", **more: object) -> list[str]:
    """The entry of a trial in an experiment's state: two JSON texts."""
    keys = {
        "trial_id": name,
        "status": status,
        "config": {"rate": 0.1},
        "relative_logdir": name,
        "stopping_criterion": {},
        "storage": {"_type": "CLOUDPICKLE_FALLBACK", "value": "8005"},
    }
    return [json.dumps({**keys, **more}), json.dumps({"last_result": more.get("last_result", {})})]


def write_state(folder: Path, *trials: Sequence[str], metric: str | None = None) -> None:
    content = {"trial_data": trials, "runner_data": {"_metric": metric}, "stats": {}}
    (folder / "experiment_state-2026-01-01_00-00-00.json").write_text(json.dumps(content))


def write_trial(
    folder: Path, name: str, *results: Mapping[str, Any] | str, setting: object = None
) -> Path:
    """Writes the folder of a trial with its results, a line for each."""
    path = folder / name
    path.mkdir(parents=True)
    lines = [result if isinstance(result, str) else json.dumps(result) for result in results]
    (path / "result.json").write_text("".join(f"{line}\n" for line in lines))
    (path / "params.json").write_text(json.dumps({"rate": 0.1} if setting is None else setting))
    return path

"""What Ray Tune runs with a search of Etude: a regression by gradient descent, in two studies."""

from __future__ import annotations

# The rates of this space diverge where they are high. One trial fails the first time: the folder
# says whether it did. Printed is what the searcher knows, and the settings as Ray had them.
EXPERIMENT = """
[experiment]
name = "fits"
metric = "valid/loss"
max_steps = 4
trials = 3
evaluations = 4

[scientific]
optimizer = ["plain", "momentum"]

[nuisance]
learning_rate = { low = 0.01, high = 100.0, log = true }
[nuisance.when.optimizer.momentum]
beta = { low = 0.1, high = 0.9 }

[fixed]
width = 3
"""
SCRIPT = """
import json, pickle, sys
from pathlib import Path

import numpy as np
from ray import tune

from etude.connect.raytune.searcher import EtudeSearch

folder = Path(sys.argv[1])


def train(config):
    X = np.random.default_rng(0).normal(size=(32, config["width"]))
    y, weights, speed = X @ np.arange(config["width"]), np.zeros(config["width"]), 0.0
    with np.errstate(all="ignore"):
        for step in range(4):
            if config["optimizer"] == "momentum" and step == 1 and not (folder / "failed").exists():
                (folder / "failed").touch()
                raise ValueError("no data yet")
            for _ in range(400):
                gradient = X.T @ (X @ weights - y) / len(y)
                speed = config.get("beta", 0.0) * speed - config["learning_rate"] * gradient
                weights = weights + speed
            tune.report({"valid": {"loss": float(np.mean((X @ weights - y) ** 2))}})


def fit(search, name, samples):
    return tune.Tuner(
        train,
        tune_config=tune.TuneConfig(search_alg=search, num_samples=samples, reuse_actors=True),
        run_config=tune.RunConfig(name=name, storage_path=str(folder), verbose=0),
    ).fit()


first = EtudeSearch(folder / "experiment.toml")
fit(first, "first", 4)
later = EtudeSearch(first.experiment)
later.restore_from_dir(str(folder / "first"))
rest = fit(later, "rest", -1)
tuner = tune.Tuner.restore(str(folder / "first"), trainable=train, resume_errored=True)
again = tuner.fit()
copy = pickle.loads(pickle.dumps(tuner._local_tuner._tune_config.search_alg))
state = next((folder / "first").glob("searcher-state-*"))
(folder / "known.json").write_text(json.dumps({
    "first": json.loads(first.dumps()),
    "later": json.loads(later.dumps()),
    "again": json.loads(copy.dumps()),
    "settings": [one.config for one in rest],
    "state": json.loads(state.read_text()),
}))
"""

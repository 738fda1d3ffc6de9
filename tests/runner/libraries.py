"""Runners of the workloads in `works.py` and `works_jax.py`, by library and kind."""

from __future__ import annotations

import importlib

from tests.runner.sample import HERE, assignment

from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.user_code import train_function
from etude.runner.vectorized import Vectorized

FILES = {"torch": "works.py", "jax": "works_jax.py"}
SETTING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 4}


def inline(file, name):
    return Inline(lambda: train_function(f"{file}:{name}", HERE))


def processes(file, name):
    return Processes(f"{file}:{name}", HERE, workers=1)


def vectorized(file, name, width=4):
    return Vectorized(lambda: train_function(f"{file}:{name}", HERE), width=width)


def wide(file, name):
    """Stacks in a worker process."""
    runner = processes(file, name)
    runner.widen(4)
    return runner


KINDS = {"inline": inline, "processes": processes, "vectorized": vectorized, "wide": wide}
IN_THIS_PROCESS = ("inline", "vectorized")


def runner_of(library, kind):
    """Makes a runner of a workload by its name; skips where the library is missing."""
    if library == "jax":
        importlib.import_module("tests.train.needs_jax")
    return lambda name: KINDS[kind](FILES[library], name)


def trial(folder, **given):
    return assignment(folder, **{"setting": SETTING, **given})


def trials(folder):
    return [trial(folder, id=number, seed=number) for number in range(3)]

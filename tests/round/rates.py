"""A small experiment for rounds, from Python and as a file."""

from etude.experiment import Experiment
from etude.space import Real

FILE = """
[experiment]
name = "rates"
metric = "valid/loss"
max_steps = 8
trials = 4
evaluations = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.01, high = 0.5 }
"""


def experiment(**given):
    plain = {
        "name": "rates",
        "metric": "valid/loss",
        "max_steps": 8,
        "trials": 4,
        "evaluations": 4,
        "nuisance": {"learning_rate": Real(0.01, 0.5)},
    }
    return Experiment(**{**plain, **given})

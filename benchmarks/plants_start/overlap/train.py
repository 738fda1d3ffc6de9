"""Measurements in the order of their time, of which some are evaluated on as well."""

import numpy as np

SEED = 0
FIRST = 128  # of the examples to evaluate on, among those to train on
OVERLAPS = True
EXAMPLES, EVALUATED, INPUTS = 512, 96, 6
DRIFT, NOISE = 1.0, 0.5


def measured(count, draw):
    """Inputs and targets over a day, in which what the inputs tell turns once around."""
    phases = 2 * np.pi * np.arange(count) / count
    ways = draw.normal(size=(3, INPUTS))
    turning = ways[0] + DRIFT * (
        np.outer(np.sin(phases), ways[1]) + np.outer(np.cos(phases), ways[2])
    )
    inputs = draw.normal(size=(count, INPUTS))
    return inputs, (inputs * turning).sum(axis=1) + NOISE * draw.normal(size=count)


def train(trial):
    inputs, targets = measured(EXAMPLES, np.random.default_rng(SEED))
    order = np.arange(EXAMPLES)
    part = slice(FIRST, FIRST + EVALUATED)
    if OVERLAPS:
        held_inputs, held_targets = inputs[part], targets[part]
    else:
        draw = np.random.default_rng(trial.seed)
        order = draw.permutation(EXAMPLES)
        held_inputs, held_targets = inputs[order[:EVALUATED]], targets[order[:EVALUATED]]
        order = order[EVALUATED:]
    size = trial["batch_size"]
    weights = np.zeros(INPUTS)
    for step in trial.steps():
        if not OVERLAPS and step % (len(order) // size) == 0:
            draw.shuffle(order)
        first = step * size % (len(order) - size + 1)
        rows = order[first : first + size]
        error = inputs[rows] @ weights - targets[rows]
        weights = weights - trial["learning_rate"] * inputs[rows].T @ error / size
        trial.log(step, {"train/loss": float((error**2).mean())})
        if trial.evaluates(step):
            value = float(((held_inputs @ weights - held_targets) ** 2).mean())
            trial.report(step, {"valid/loss": value})

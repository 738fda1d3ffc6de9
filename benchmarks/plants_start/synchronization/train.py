"""A recurrent network in JAX; of each step's examples a record is written on the host."""

import os
import time

import jax
import jax.numpy as jnp
import numpy as np

SEED = 0
READS_EVERY_STEP = True
RECORD_S = 3e-5
EXAMPLES, LENGTH, WIDTH = 4096, 48, 64


def data():
    draw = np.random.default_rng(SEED)
    inputs = draw.normal(size=(LENGTH, EXAMPLES, 4)).astype(np.float32)
    return jnp.asarray(inputs), jnp.asarray(np.tanh(inputs.sum(axis=(0, 2)) / 10))


def apply(weights, inputs):
    def cell(state, now):
        return jnp.tanh(state @ weights["state"] + now @ weights["input"]), None

    start = jnp.zeros((inputs.shape[1], WIDTH))
    state, _ = jax.lax.scan(cell, start, inputs)
    return (state @ weights["out"])[:, 0]


def error(weights, inputs, targets):
    return jnp.mean((apply(weights, inputs) - targets) ** 2)


@jax.jit
def update(weights, inputs, targets, rows, rate):
    batch = jnp.take(inputs, rows, axis=1), targets[rows]
    loss, gradients = jax.value_and_grad(error)(weights, *batch)
    return jax.tree.map(lambda old, g: old - rate * g, weights, gradients), loss


def record(rows):
    """Keeps the processor of the host busy for so much of its time an example."""
    end = time.thread_time() + RECORD_S * len(rows)
    while time.thread_time() < end:
        pass


def clock(batch_size):
    """Writes down when a step ended, by both clocks, where STEP_TIMES names a folder."""
    if not (folder := os.environ.get("STEP_TIMES")):
        return lambda: None
    name = f"{folder}/{batch_size}-{os.getpid()}-{time.monotonic_ns()}.txt"
    file = os.open(name, os.O_WRONLY | os.O_CREAT)
    return lambda: os.write(file, f"{time.monotonic()} {time.process_time()}\n".encode())


def train(trial):
    batch_size = trial["batch_size"]
    inputs, targets = data()
    draw = np.random.default_rng(trial.seed)
    shapes = {"state": (WIDTH, WIDTH), "input": (4, WIDTH), "out": (WIDTH, 1)}
    weights = {
        name: jnp.asarray(draw.normal(size=shape) / 8, dtype=jnp.float32)
        for name, shape in shapes.items()
    }
    losses = []
    tick = clock(batch_size)
    for step in trial.steps():
        rows = draw.integers(EXAMPLES, size=batch_size)
        weights, loss = update(weights, inputs, targets, rows, trial["learning_rate"])
        losses.append(float(loss) if READS_EVERY_STEP else loss)
        record(rows)
        tick()
        if trial.evaluates(step):
            trial.log(step, {"train/loss": float(np.mean([float(one) for one in losses]))})
            losses.clear()
            value = error(weights, inputs[:, :256], targets[:256])
            trial.report(step, {"valid/loss": float(value)})

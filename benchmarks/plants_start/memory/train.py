"""A loop that needs so much memory for each example of a batch, from its first step on."""

import os
import time

import numpy as np

SEED = 0
MIB_PER_EXAMPLE = 32
STEP_S, EXAMPLE_S = 0.01, 2e-5


def work(seconds):
    """Keeps the processor busy for so much of its time."""
    end = time.thread_time() + seconds
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
    target = np.random.default_rng(SEED).normal(size=8)
    noise = np.random.default_rng(trial.seed)
    weights = np.zeros(8)
    activations = None
    tick = clock(batch_size)
    for step in trial.steps():
        if activations is None:
            activations = np.ones((batch_size, MIB_PER_EXAMPLE, 2**20), dtype=np.uint8)
        work(STEP_S + EXAMPLE_S * batch_size)
        gradient = weights - target + noise.normal(size=8) / batch_size**0.5
        weights -= trial["learning_rate"] * gradient
        trial.log(step, {"train/loss": float(((weights - target) ** 2).mean())})
        tick()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": float(((weights - target) ** 2).mean())})

"""A loop whose step takes as long for a few examples as for FULL, and longer only beyond."""

import os
import time

import numpy as np

SEED = 0
FULL = 32
STEP_S = 0.0002
EXAMPLE_S = 0.0003


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
    draw = np.random.default_rng(trial.seed)
    weights = np.zeros(8)
    tick = clock(batch_size)
    for step in trial.steps():
        batch = draw.normal(size=(batch_size, 8))
        work(STEP_S + EXAMPLE_S * max(batch_size, FULL))
        gradient = weights - target + batch.mean(axis=0)
        weights -= trial["learning_rate"] * gradient
        trial.log(step, {"train/loss": float(((weights - target) ** 2).mean())})
        tick()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": float(((weights - target) ** 2).mean())})

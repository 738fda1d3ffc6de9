"""A quadratic whose gradient is the mean of a batch of noisy ones (McCandlish et al. 2018)."""

import os
import time

import numpy as np

SEED = 0
NOISE = 1.0
AXES, LEAST_CURVATURE = 96, 0.005
STEP_S = 0.0004


def problem():
    """Curvatures, a start from which each axis has as much loss, and the noise of an example."""
    curvatures = np.geomspace(1.0, LEAST_CURVATURE, AXES)
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], AXES)
    start = signs * np.sqrt(2.0 / (AXES * curvatures))
    return curvatures, start, np.sqrt(2.0 * NOISE * curvatures / curvatures.sum())


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
    batch_size, rate = trial["batch_size"], trial["learning_rate"]
    curvatures, weights, spread = problem()
    draw = np.random.default_rng(trial.seed)
    tick = clock(batch_size)
    for step in trial.steps():
        noise = draw.standard_normal((batch_size, AXES)).mean(axis=0)
        work(STEP_S)
        weights = weights - rate * (curvatures * weights + spread * noise)
        tick()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": float(0.5 * curvatures @ weights**2)})

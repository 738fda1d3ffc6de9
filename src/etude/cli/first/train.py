"""A small network in NumPy on two interleaved spirals: replace it by your own training."""

from itertools import pairwise
from pathlib import Path

import numpy as np

import etude


def spirals(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 2) on two noisy spirals, and which one each lies on (count, 1)."""
    rng = np.random.default_rng(seed)
    turn = 3.0 * np.sqrt(rng.random(count))
    side = rng.integers(0, 2, count)
    angle = 2.0 * turn + np.pi * side
    points = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1)
    return points + 0.1 * rng.normal(size=points.shape), side[:, None].astype(float)


TRAIN, VALID = spirals(1, 400), spirals(2, 400)


def build(layers: int, width: int, seed: int) -> list[np.ndarray]:
    """Weights and biases of a network 2 -> width (layers times) -> 1."""
    rng = np.random.default_rng(seed)
    sizes = [2, *[width] * layers, 1]
    parameters = []
    for fan_in, fan_out in pairwise(sizes):
        parameters.append(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in))
        parameters.append(np.zeros(fan_out))
    return parameters


def loss_and_gradient(
    parameters: list[np.ndarray], points: np.ndarray, labels: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """Mean logistic loss, and its gradient by backpropagation."""
    activations = [points]
    for position in range(0, len(parameters), 2):
        logits = activations[-1] @ parameters[position] + parameters[position + 1]
        activations.append(np.tanh(logits))
    loss = float(np.mean(np.logaddexp(0.0, logits) - labels * logits))
    delta = (1.0 / (1.0 + np.exp(-logits)) - labels) / len(points)
    gradient: list[np.ndarray] = []
    for position in range(len(parameters) - 2, -1, -2):
        inputs = activations[position // 2]
        gradient = [inputs.T @ delta, delta.sum(axis=0), *gradient]
        delta = (delta @ parameters[position].T) * (1.0 - inputs**2)
    return loss, gradient


def clipped(gradient: list[np.ndarray], most: float) -> tuple[list[np.ndarray], float]:
    """The gradient with a norm of at most this much (0: as it is), and the norm that it had."""
    norm = float(np.sqrt(sum(np.sum(slope**2) for slope in gradient)))
    if 0.0 < most < norm:
        gradient = [slope * (most / norm) for slope in gradient]
    return gradient, norm


def train(trial: etude.Trial) -> None:
    """Stochastic gradient descent with momentum."""
    parameters = build(trial["layers"], trial["width"], trial.seed)
    velocity = [np.zeros_like(one) for one in parameters]
    state = [*parameters, *velocity]
    trial.restore(lambda folder: read(state, folder))  # after an interruption: the last checkpoint
    with np.errstate(over="ignore", invalid="ignore"):  # a trial that diverges is data, not noise
        for step in trial.steps():
            rng = np.random.default_rng([trial.seed, step])  # by the step: resumed, it is the same
            batch = rng.integers(0, len(TRAIN[0]), trial["batch_size"])
            loss, gradient = loss_and_gradient(parameters, TRAIN[0][batch], TRAIN[1][batch])
            gradient, norm = clipped(gradient, trial["gradient_clip"])
            for weight, speed, slope in zip(parameters, velocity, gradient, strict=True):
                speed *= trial["momentum"]
                speed += slope
                weight -= trial["learning_rate"] * speed
            trial.log(step, {"train/loss": loss, "grad_norm": norm})
            if trial.evaluates(step):
                loss = loss_and_gradient(parameters, *VALID)[0]
                trial.report(step, {"valid/loss": loss}, checkpoint=lambda to: write(state, to))


def write(state: list[np.ndarray], folder: Path) -> None:
    """Everything that the next step depends on."""
    np.savez(folder / "state.npz", *state)


def read(state: list[np.ndarray], folder: Path) -> None:
    """Puts it back in place."""
    with np.load(folder / "state.npz") as saved:
        for place, name in zip(state, saved.files, strict=True):
            place[...] = saved[name]

"""One hidden layer in NumPy, in a loop of its own: replace what you like of it.

A network of one hidden layer reads digits well (S1): LeCun et al. 1998, Gradient-based learning
applied to document recognition, section III. A convolutional one reads them better: write it in
your library.
"""

from itertools import pairwise

import numpy as np
from digits import CLASSES, load

import etude

TRAIN, VALID = load()


def build(width, seed):
    """Weights and biases of pixels -> width -> classes."""
    rng = np.random.default_rng(seed)
    sizes = [TRAIN[0][0].size, width, CLASSES]
    pairs = pairwise(sizes)
    return [
        part for n, m in pairs for part in (rng.normal(size=(n, m)) * (2 / n) ** 0.5, np.zeros(m))
    ]


def predict(parameters, images):
    """The hidden layer, and the logarithm of each class's odds."""
    w1, b1, w2, b2 = parameters
    hidden = np.maximum(images.reshape(len(images), -1) @ w1 + b1, 0.0)
    logits = hidden @ w2 + b2
    logits = logits - logits.max(axis=1, keepdims=True)
    return hidden, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def gradient(parameters, images, labels):
    """The mean cross entropy, and its gradient by backpropagation."""
    hidden, odds = predict(parameters, images)
    rows = np.arange(len(labels))
    delta = np.exp(odds)
    delta[rows, labels] -= 1.0
    delta /= len(labels)
    back = (delta @ parameters[2].T) * (hidden > 0.0)
    inputs = images.reshape(len(images), -1)
    slopes = [inputs.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
    return -odds[rows, labels].mean(), slopes


def evaluate(parameters):
    images, labels = VALID
    odds = predict(parameters, images)[1]
    wrong = odds.argmax(axis=1) != labels
    return {"valid/error": wrong.mean(), "valid/loss": -odds[np.arange(len(labels)), labels].mean()}


def train(trial: etude.Trial) -> None:
    """Stochastic gradient descent with momentum; weight decay is the gradient of an L2 penalty."""
    if trial["optimizer"] != "momentum":
        raise ValueError("This loop has momentum alone.")
    parameters = build(trial["width"], trial.seed)
    velocity = [np.zeros_like(weights) for weights in parameters]
    state = [*parameters, *velocity]
    trial.restore(lambda folder: read(state, folder))  # after an interruption: the last checkpoint
    with np.errstate(over="ignore", invalid="ignore"):  # a trial that diverges is data, not noise
        for step in trial.steps():
            rng = np.random.default_rng([trial.seed, step])  # by the step: resumed, it is the same
            batch = rng.integers(0, len(TRAIN[0]), trial["batch_size"])
            loss, slopes = gradient(parameters, TRAIN[0][batch], TRAIN[1][batch])
            norm = np.sqrt(sum(np.sum(slope**2) for slope in slopes))  # unclipped (D5)
            for weights, speed, slope in zip(parameters, velocity, slopes, strict=True):
                speed *= trial["momentum"]
                speed += slope + trial["weight_decay"] * weights
                weights -= trial["learning_rate"] * speed
            trial.log(step, {"train/loss": loss, "grad_norm": norm})
            if trial.evaluates(step):
                trial.report(
                    step, evaluate(parameters), checkpoint=lambda folder: write(state, folder)
                )


def write(state, folder):
    np.savez(folder / "state.npz", *state)


def read(state, folder):
    with np.load(folder / "state.npz") as saved:
        for place, name in enumerate(saved.files):
            state[place][...] = saved[name]

"""A small MLP in NumPy, in a loop of its own: replace what you like of it.

Two hidden layers with rectifiers: the baseline of Gorishniy et al. 2021, Revisiting deep learning
models for tabular data, arXiv:2106.11959 (S1). Its optimizer is AdamW: Loshchilov and Hutter 2019,
arXiv:1711.05101. Hold it against boosted trees too: on tables they are hard to beat.
"""

from itertools import pairwise

import numpy as np
from functions import CLASSES, load

import etude

TRAIN, VALID = load()


def build(width, seed):
    """Weights and biases of columns -> width -> width -> classes."""
    rng = np.random.default_rng(seed)
    pairs = pairwise([TRAIN[0].shape[1], width, width, CLASSES])
    return [
        part for n, m in pairs for part in (rng.normal(size=(n, m)) * (2 / n) ** 0.5, np.zeros(m))
    ]


def predict(parameters, rows):
    """What enters each layer, and the logarithm of each class's odds."""
    w1, b1, w2, b2, w3, b3 = parameters
    first = np.maximum(rows @ w1 + b1, 0.0)
    second = np.maximum(first @ w2 + b2, 0.0)
    logits = second @ w3 + b3
    logits = logits - logits.max(axis=1, keepdims=True)
    return [rows, first, second], logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def gradient(parameters, rows, labels):
    """The mean cross entropy, and its gradient by backpropagation."""
    inputs, odds = predict(parameters, rows)
    places = np.arange(len(labels))
    delta = np.exp(odds)
    delta[places, labels] -= 1.0
    delta /= len(labels)
    slopes = []
    for layer in (2, 1, 0):
        slopes = [inputs[layer].T @ delta, delta.sum(axis=0), *slopes]
        delta = (delta @ parameters[2 * layer].T) * (inputs[layer] > 0.0)
    return -odds[places, labels].mean(), slopes


def evaluate(parameters):
    rows, labels = VALID
    odds = predict(parameters, rows)[1]
    wrong = odds.argmax(axis=1) != labels
    return {"valid/error": wrong.mean(), "valid/loss": -odds[np.arange(len(labels)), labels].mean()}


def train(trial: etude.Trial) -> None:
    """AdamW: every hyperparameter of it is named in the experiment file (S2)."""
    if trial["optimizer"] != "adamw":
        raise ValueError("This loop has AdamW alone.")
    parameters = build(trial["width"], trial.seed)
    first = [np.zeros_like(weights) for weights in parameters]
    second = [np.zeros_like(weights) for weights in parameters]
    state = [*parameters, *first, *second]
    trial.restore(lambda folder: read(state, folder))  # after an interruption: the last checkpoint
    with np.errstate(over="ignore", invalid="ignore"):  # a trial that diverges is data, not noise
        for step in trial.steps():
            rng = np.random.default_rng([trial.seed, step])  # by the step: resumed, it is the same
            batch = rng.integers(0, len(TRAIN[0]), trial["batch_size"])
            loss, slopes = gradient(parameters, TRAIN[0][batch], TRAIN[1][batch])
            norm = np.sqrt(sum(np.sum(slope**2) for slope in slopes))  # unclipped (D5)
            update(parameters, slopes, first, second, trial, step + 1)
            trial.log(step, {"train/loss": loss, "grad_norm": norm})
            if trial.evaluates(step):
                trial.report(
                    step, evaluate(parameters), checkpoint=lambda folder: write(state, folder)
                )


def update(parameters, slopes, first, second, trial, count):
    """One step of AdamW, in place; `count` is its number, from 1 on."""
    rate, beta1, beta2 = trial["learning_rate"], trial["beta1"], trial["beta2"]
    for weights, slope, m, v in zip(parameters, slopes, first, second, strict=True):
        m += (1.0 - beta1) * (slope - m)
        v += (1.0 - beta2) * (slope**2 - v)
        below = np.sqrt(v / (1.0 - beta2**count)) + trial["epsilon"]
        weights -= rate * (m / (1.0 - beta1**count) / below + trial["weight_decay"] * weights)


def write(state, folder):
    np.savez(folder / "state.npz", *state)


def read(state, folder):
    with np.load(folder / "state.npz") as saved:
        for place, name in enumerate(saved.files):
            state[place][...] = saved[name]

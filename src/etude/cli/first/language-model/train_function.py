"""A small language model in NumPy, in a loop of its own: replace what you like of it.

Embed the characters before, one hidden layer, the odds of the next character: Bengio et al. 2003,
A neural probabilistic language model (S1). A transformer reads further back: write it in your
library. Its optimizer is AdamW: Loshchilov and Hutter 2019, arXiv:1711.05101.
"""

import numpy as np
from characters import CHARACTERS, load

import etude

CONTEXT = 8  # characters that are read before the next is predicted
TRAIN, VALID = load()


def build(width, seed):
    """The embeddings, then weights and biases of CONTEXT embeddings -> 4 width -> characters."""
    rng = np.random.default_rng(seed)
    inputs, wide = CONTEXT * width, 4 * width
    first = rng.normal(size=(inputs, wide)) * inputs**-0.5
    second = rng.normal(size=(wide, CHARACTERS)) * wide**-0.5
    return [
        rng.normal(size=(CHARACTERS, width)),
        first,
        np.zeros(wide),
        second,
        np.zeros(CHARACTERS),
    ]


def split(windows):
    """Every stretch of CONTEXT characters in the windows, and the character after each."""
    stretches = np.lib.stride_tricks.sliding_window_view(windows, CONTEXT + 1, axis=1)
    stretches = stretches.reshape(-1, CONTEXT + 1)
    return stretches[:, :-1], stretches[:, -1]


def predict(parameters, characters):
    """What enters each layer, and the logarithm of each character's odds."""
    embedding, w1, b1, w2, b2 = parameters
    read = embedding[characters].reshape(len(characters), -1)
    hidden = np.tanh(read @ w1 + b1)
    logits = hidden @ w2 + b2
    logits = logits - logits.max(axis=1, keepdims=True)
    return read, hidden, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def gradient(parameters, windows):
    """The mean cross entropy, and its gradient by backpropagation."""
    characters, following = split(windows)
    read, hidden, odds = predict(parameters, characters)
    rows = np.arange(len(following))
    delta = np.exp(odds)
    delta[rows, following] -= 1.0
    delta /= len(following)
    back = (delta @ parameters[3].T) * (1.0 - hidden**2)
    embedded = np.zeros_like(parameters[0])
    np.add.at(embedded, characters, (back @ parameters[1].T).reshape(*characters.shape, -1))
    slopes = [embedded, read.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
    return -odds[rows, following].mean(), slopes


def evaluate(parameters):
    characters, following = split(VALID)
    odds = predict(parameters, characters)[-1]
    return {"valid/loss": -odds[np.arange(len(following)), following].mean()}


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
            batch = rng.integers(0, len(TRAIN), trial["batch_size"])
            loss, slopes = gradient(parameters, TRAIN[batch])
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

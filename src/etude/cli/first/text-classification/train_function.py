"""An average of word embeddings in NumPy, in a loop of its own: replace what you like of it.

Embed each word, average, one linear layer: Joulin et al. 2017, Bag of tricks for efficient text
classification, arXiv:1607.01759 (S1). Its optimizer is AdamW: Loshchilov and Hutter 2019,
arXiv:1711.05101.
"""

import numpy as np
from passages import BUCKETS, CLASSES, load

import etude

TRAIN, VALID = load()


def build(width, seed):
    """The embeddings, and the weights and biases of the linear layer."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(width, CLASSES)) * width**-0.5
    return [rng.normal(size=(BUCKETS, width)), weights, np.zeros(CLASSES)]


def predict(parameters, words):
    """The average embedding, and the logarithm of each class's odds."""
    embedding, weights, biases = parameters
    average = embedding[words].mean(axis=1)
    logits = average @ weights + biases
    logits = logits - logits.max(axis=1, keepdims=True)
    return average, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def gradient(parameters, words, labels):
    """The mean cross entropy, and its gradient by backpropagation."""
    average, odds = predict(parameters, words)
    rows = np.arange(len(labels))
    delta = np.exp(odds)
    delta[rows, labels] -= 1.0
    delta /= len(labels)
    embedded = np.zeros_like(parameters[0])
    back = (delta @ parameters[1].T)[:, None] / words.shape[1]
    np.add.at(embedded, words, np.broadcast_to(back, (*words.shape, back.shape[-1])))
    return -odds[rows, labels].mean(), [embedded, average.T @ delta, delta.sum(axis=0)]


def evaluate(parameters):
    words, labels = VALID
    odds = predict(parameters, words)[1]
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

"""One trial: a small convolutional network learns handwritten digits with one of two optimizers.

Axes: N examples, C classes, S steps, B examples in a batch.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

import etude


class Digits(NamedTuple):
    images: Tensor  # (N, 1, 8, 8)
    labels: Tensor  # (N,)

    def take(self, rows: Tensor) -> Digits:
        return Digits(self.images[rows], self.labels[rows])


@cache
def load_split() -> tuple[Digits, Digits]:
    """400 digits to train on and 1,397 to validate on, the same ones in every trial."""
    pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
    rows = torch.arange(len(labels))
    train, valid = train_test_split(rows, train_size=400, stratify=labels, random_state=0)
    scaled = (pixels - pixels[train].mean()) / pixels[train].std()
    digits = Digits(scaled.float().view(-1, 1, 8, 8), labels)
    return digits.take(train), digits.take(valid)


def shuffled_epochs(examples: int, steps: int, batch_size: int, seed: int) -> Tensor:
    """Which examples each step sees, shape (S, B); a resumed trial only looks its step up."""
    stream = torch.Generator().manual_seed(seed)
    epochs = -(-steps * batch_size // examples)  # rounded up
    rows = torch.cat([torch.randperm(examples, generator=stream) for _ in range(epochs)])
    return rows[: steps * batch_size].view(steps, batch_size)


def build_model(width: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * width * 2 * 2, 10),
    )


def build_optimizer(model: nn.Module, trial: etude.Trial) -> Optimizer:
    """The optimizer in question. Weight decay is the same L2 penalty in both."""
    lr, decay = float(trial["learning_rate"]), float(trial["weight_decay"])
    if trial["optimizer"] == "nesterov":
        momentum = float(trial["momentum"])
        return SGD(model.parameters(), lr, momentum=momentum, nesterov=True, weight_decay=decay)
    betas, epsilon = (float(trial["beta1"]), float(trial["beta2"])), float(trial["epsilon"])
    return Adam(model.parameters(), lr, betas=betas, eps=epsilon, weight_decay=decay)


def update(model: nn.Module, optimizer: Optimizer, batch: Digits) -> dict[str, float]:
    """One step; the loss before it, and the norm of the full, unclipped gradient (D5)."""
    model.train()
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(batch.images), batch.labels)
    loss.backward()
    gradients = [weights.grad for weights in model.parameters() if weights.grad is not None]
    grad_norm = nn.utils.get_total_norm(gradients)
    optimizer.step()
    return {"train/loss": loss.item(), "grad_norm": grad_norm.item()}


@torch.no_grad()
def evaluate(model: nn.Module, data: Digits) -> dict[str, float]:
    """Error rate and loss over all of `data`, in one batch (E1)."""
    model.eval()
    logits_NxC = model(data.images)
    error = (logits_NxC.argmax(dim=1) != data.labels).double().mean()
    loss = nn.functional.cross_entropy(logits_NxC, data.labels)
    return {"valid/error": error.item(), "valid/loss": loss.item()}


def save(folder: Path, model: nn.Module, optimizer: Optimizer) -> None:
    """All that the next step depends on; the random state is that of dropout (K2)."""
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**parts, "random": torch.get_rng_state()}, folder / "state.pt")


def load(folder: Path, model: nn.Module, optimizer: Optimizer) -> None:
    state = torch.load(folder / "state.pt")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])


def train(trial: etude.Trial) -> None:
    torch.manual_seed(trial.seed)  # initialization and dropout; the order has a stream of its own
    data, held_out = load_split()
    batch_size = int(trial["batch_size"])
    rows_SxB = shuffled_epochs(len(data.labels), trial.max_steps, batch_size, trial.seed)
    model = build_model(int(trial["width"]), float(trial["dropout"]))
    optimizer = build_optimizer(model, trial)
    trial.restore(lambda folder: load(folder, model, optimizer))
    for step in trial.steps():
        trial.log(step, update(model, optimizer, data.take(rows_SxB[step])))
        if trial.evaluates(step):
            values = evaluate(model, held_out)
            trial.report(step, values, checkpoint=lambda folder: save(folder, model, optimizer))

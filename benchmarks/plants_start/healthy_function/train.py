"""Handwritten digits in a loop of one's own; its batches are drawn from memory."""

import os
import time

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

SEED = 0
WIDTH = 64


def data():
    pixels, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SEED))
    pixels, labels = ((pixels - pixels.mean()) / pixels.std()).float()[order], labels[order]
    return (pixels[:1000], labels[:1000]), (pixels[1000:], labels[1000:])


def clock(batch_size):
    """Writes down when a step ended, by both clocks, where STEP_TIMES names a folder."""
    if not (folder := os.environ.get("STEP_TIMES")):
        return lambda: None
    name = f"{folder}/{batch_size}-{os.getpid()}-{time.monotonic_ns()}.txt"
    file = os.open(name, os.O_WRONLY | os.O_CREAT)
    return lambda: os.write(file, f"{time.monotonic()} {time.process_time()}\n".encode())


def train(trial):
    torch.manual_seed(trial.seed)
    (pixels, labels), (valid_pixels, valid_labels) = data()
    model = nn.Sequential(nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=trial["learning_rate"])
    tick = clock(trial["batch_size"])
    for step in trial.steps():
        rows = torch.randint(len(labels), (trial["batch_size"],))
        loss = F.cross_entropy(model(pixels[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trial.log(step, {"train/loss": loss.item()})
        tick()
        if trial.evaluates(step):
            with torch.no_grad():
                logits = model(valid_pixels)
            wrong = (logits.argmax(dim=1) != valid_labels).double().mean().item()
            value = F.cross_entropy(logits, valid_labels).item()
            trial.report(step, {"valid/error": wrong, "valid/loss": value})

"""Pictures on the host, a small model on the device."""

import os
import time

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
COPIES_EVERY_STEP = True
EXAMPLES, SIDE = 1024, 224


def clock(batch_size):
    """Writes down when a step ended, by both clocks, where STEP_TIMES names a folder."""
    if not (folder := os.environ.get("STEP_TIMES")):
        return lambda: None
    name = f"{folder}/{batch_size}-{os.getpid()}-{time.monotonic_ns()}.txt"
    file = os.open(name, os.O_WRONLY | os.O_CREAT)
    return lambda: os.write(file, f"{time.monotonic()} {time.process_time()}\n".encode())


def train(trial):
    batch_size = min(trial["batch_size"], EXAMPLES)
    draw = torch.Generator().manual_seed(SEED)
    images = torch.randn(EXAMPLES, 3, SIDE, SIDE, generator=draw)
    targets = images.mean(dim=(1, 2, 3)) * 100
    if not COPIES_EVERY_STEP:
        images, targets = images.cuda(), targets.cuda()
    torch.manual_seed(trial.seed)
    model = nn.Sequential(nn.AvgPool2d(32), nn.Flatten(), nn.LazyLinear(1)).cuda()
    model(images[:1].cuda())
    optimizer = torch.optim.SGD(model.parameters(), lr=trial["learning_rate"])
    tick = clock(trial["batch_size"])
    for step in trial.steps():
        first = step * batch_size % max(1, EXAMPLES - batch_size + 1)
        batch = slice(first, first + batch_size)
        loss = F.mse_loss(model(images[batch].cuda())[:, 0], targets[batch].cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if trial.evaluates(step):
            trial.log(step, {"train/loss": loss.item()})
            trial.report(step, {"valid/loss": loss.item()})
        tick()

"""Records that a loader fetches one by one, and a small model that learns from them at once."""

import os
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

SEED = 0
FETCH_S = 0.002
EXAMPLES, INPUTS = 4096, 16


class Records(Dataset):
    def __init__(self):
        draw = torch.Generator().manual_seed(SEED)
        self.inputs = torch.randn(EXAMPLES, INPUTS, generator=draw)
        self.targets = self.inputs @ torch.randn(INPUTS, generator=draw)

    def __len__(self):
        return EXAMPLES

    def __getitem__(self, index):
        time.sleep(FETCH_S)
        return self.inputs[index], self.targets[index]


def clock(batch_size):
    """Writes down when a step ended, by both clocks, where STEP_TIMES names a folder."""
    if not (folder := os.environ.get("STEP_TIMES")):
        return lambda: None
    name = f"{folder}/{batch_size}-{os.getpid()}-{time.monotonic_ns()}.txt"
    file = os.open(name, os.O_WRONLY | os.O_CREAT)
    return lambda: os.write(file, f"{time.monotonic()} {time.process_time()}\n".encode())


def endless(loader):
    while True:
        yield from loader


def train(trial):
    torch.manual_seed(trial.seed)
    records = Records()
    batches = endless(DataLoader(records, batch_size=trial["bs"], shuffle=True))
    model = nn.Sequential(nn.Linear(INPUTS, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=trial["learning_rate"])
    tick = clock(trial["bs"])
    for step in trial.steps():
        inputs, targets = next(batches)
        loss = F.mse_loss(model(inputs)[:, 0], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trial.log(step, {"train/loss": loss.item()})
        tick()
        if trial.evaluates(step):
            with torch.no_grad():
                error = F.mse_loss(model(records.inputs)[:, 0], records.targets)
            trial.report(step, {"valid/loss": error.item()})

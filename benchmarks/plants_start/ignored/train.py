"""A classifier whose loader is made with a number of its own."""

import os
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
READS_ALL = False
BATCH_SIZE = 32
EXAMPLES, INPUTS, CLASSES = 2048, 24, 8


def data():
    draw = torch.Generator().manual_seed(SEED)
    labels = torch.randint(CLASSES, (2 * EXAMPLES,), generator=draw)
    centres = torch.randn(CLASSES, INPUTS, generator=draw)
    inputs = centres[labels] + torch.randn(2 * EXAMPLES, INPUTS, generator=draw)
    return (inputs[:EXAMPLES], labels[:EXAMPLES]), (inputs[EXAMPLES:], labels[EXAMPLES:])


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
    config = dict(trial.setting) if READS_ALL else {"learning_rate": trial["learning_rate"]}
    torch.manual_seed(trial.seed)
    training, validation = data()
    loader = DataLoader(TensorDataset(*training), batch_size=BATCH_SIZE, shuffle=True)
    batches = endless(loader)
    model = nn.Sequential(nn.Linear(INPUTS, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=config["learning_rate"])
    tick = clock(BATCH_SIZE)
    for step in trial.steps():
        inputs, labels = next(batches)
        loss = F.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trial.log(step, {"train/loss": loss.item()})
        tick()
        if trial.evaluates(step):
            with torch.no_grad():
                value = F.cross_entropy(model(validation[0]), validation[1])
            trial.report(step, {"valid/loss": value.item()})

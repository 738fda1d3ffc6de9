"""The training that Etude is given."""

import torch
from network import DEVICE, loader, loss_of, network


def train(trial):
    torch.manual_seed(trial.seed)
    model = network().to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=trial["learning_rate"])
    batches = iter(())
    for step in trial.steps():
        try:
            batch = next(batches)
        except StopIteration:
            batches = iter(loader(trial["batch_size"]))
            batch = next(batches)
        optimizer.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        optimizer.step()
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": loss.item()})

"""A classifier that is judged by the batches that it is trained on, as they come."""

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
COMPARES = False
EXAMPLES, INPUTS, CLASSES = 1024, 32, 8


def data():
    draw = torch.Generator().manual_seed(SEED)
    labels = torch.randint(CLASSES, (3 * EXAMPLES,), generator=draw)
    centres = 0.6 * torch.randn(CLASSES, INPUTS, generator=draw)
    inputs = centres[labels] + torch.randn(3 * EXAMPLES, INPUTS, generator=draw)
    return (inputs[:EXAMPLES], labels[:EXAMPLES]), (inputs[EXAMPLES:], labels[EXAMPLES:])


@torch.no_grad()
def error(model, inputs, labels):
    return (model(inputs).argmax(dim=1) != labels).double().mean().item()


def train(trial):
    torch.manual_seed(trial.seed)
    (inputs, labels), fresh = data()
    model = nn.Sequential(nn.Linear(INPUTS, 128), nn.ReLU(), nn.Linear(128, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=trial["learning_rate"], momentum=0.9)
    seen = []
    for step in trial.steps():
        rows = torch.randint(EXAMPLES, (trial["batch_size"],))
        logits = model(inputs[rows])
        seen.append((logits.argmax(dim=1) != labels[rows]).double().mean().item())
        loss = F.cross_entropy(logits, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trial.log(step, {"train/loss": loss.item()})
        if trial.evaluates(step):
            values = {"train/error": sum(seen) / len(seen)}
            seen.clear()
            if COMPARES:
                values["valid/error"] = error(model, *fresh)
            trial.report(step, values)

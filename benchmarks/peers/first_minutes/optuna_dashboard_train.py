"""Trains a small network on the digits."""

import optuna
import torch
from sklearn.datasets import load_digits
from torch import nn

EPOCHS = 20
BATCH = 64


def data():
    images, labels = load_digits(return_X_y=True)
    images, labels = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], labels[order]
    return (images[:1400], labels[:1400]), (images[1400:], labels[1400:])


def train(trial):
    torch.manual_seed(trial.number)
    lr = trial.suggest_float("lr", 1e-3, 1.0, log=True)
    weight_decay = trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True)
    (x, y), (x_valid, y_valid) = data()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=weight_decay)
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            error = (model(x_valid).argmax(1) != y_valid).float().mean().item()
        print(f"epoch {epoch + 1}/{EPOCHS}  loss {loss.item():.3f}  error {error:.3f}")
    return error


if __name__ == "__main__":
    study = optuna.create_study(
        study_name="digits", storage="sqlite:///optuna.db", load_if_exists=True
    )
    study.optimize(train, n_trials=8)
    print(study.best_value, study.best_params)

"""Trains a small network on the digits."""

import argparse
import random

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser(description="digits")
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
images, labels = load_digits(return_X_y=True)
x_train, x_valid, y_train, y_valid = (
    torch.as_tensor(part, device=device)
    for part in train_test_split(images.astype("float32") / 16, labels, random_state=0)
)


def make_model():
    return torch.nn.Sequential(
        torch.nn.Linear(64, args.hidden), torch.nn.ReLU(), torch.nn.Linear(args.hidden, 10)
    ).to(device)


def train_epoch(model, optimizer):
    model.train()
    for rows in torch.randperm(len(x_train)).split(args.batch_size):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
    return loss.item()


@torch.no_grad()
def evaluate(model):
    model.eval()
    return (model(x_valid).argmax(1) == y_valid).float().mean().item()


def train(trial):
    vars(args).update(trial.setting)
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = True
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    for epoch in range(args.epochs):
        loss = train_epoch(model, optimizer)
        accuracy = evaluate(model)
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.4f}")
        trial.report(epoch, {"train/loss": loss, "valid/accuracy": accuracy})

"""A small graph network in PyTorch. Etude has the loop: it logs, saves and restores.

Two graph convolutions, each an average over neighbours: Kipf and Welling 2017, arXiv:1609.02907
(S1). An example is a node; the graph is a part of the model, and all of it is read for every
batch. For graphs that do not fit: sampled neighbours, Hamilton et al. 2017, arXiv:1706.02216.
"""

import torch
from network import CLASSES, load
from torch import nn
from torch.nn import functional as F


class GraphNetwork(nn.Module):
    def __init__(self, features, neighbours, width):
        super().__init__()
        self.register_buffer("features", features, persistent=False)
        self.register_buffer("neighbours", neighbours, persistent=False)
        self.first = nn.Linear(features.shape[1], width)
        self.second = nn.Linear(width, CLASSES)

    def forward(self, nodes):
        hidden = F.relu(self.neighbours @ self.first(self.features))
        return (self.neighbours @ self.second(hidden))[nodes]


class Nodes:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        features, edges, labels, training, validation = (torch.as_tensor(part) for part in load())
        self.features = features.float()
        self.neighbours = averaging(edges, len(features))
        self.training = training, labels[training]
        self.validation = validation, labels[validation]

    def model(self, setting):
        return GraphNetwork(self.features, self.neighbours, setting["width"])

    def loss(self, predict, batch, setting):
        nodes, labels = batch
        return F.cross_entropy(predict(nodes), labels)

    def metrics(self, predict, batch):
        nodes, labels = batch
        logits = predict(nodes)
        wrong = logits.argmax(dim=-1) != labels
        return {"error": wrong.double(), "loss": F.cross_entropy(logits, labels, reduction="none")}


def averaging(edges, count):
    """A + 1, each entry over the root of both degrees: (N, N), dense, so for thousands of nodes."""
    adjacency = torch.eye(count)
    adjacency[edges[:, 0], edges[:, 1]] = 1.0
    adjacency[edges[:, 1], edges[:, 0]] = 1.0
    root = adjacency.sum(1) ** -0.5
    return root[:, None] * adjacency * root


train = Nodes

"""A small transformer in PyTorch. Etude has the loop: it logs, saves and restores.

A decoder with the norm before each layer: Radford et al. 2019, Language models are unsupervised
multitask learners (S1). Letters: B examples in a batch, T characters in a window, D numbers a
character.
"""

import torch
from characters import CHARACTERS, WINDOW, load
from torch import nn
from torch.nn import functional as F

HEADS = 2
DEPTH = 2


class Layer(nn.Module):
    """Causal attention and a feed-forward layer, normalized before each (D6)."""

    def __init__(self, width):
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.before_feed = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        wide = 4 * width
        self.feed = nn.Sequential(nn.Linear(width, wide), nn.GELU(), nn.Linear(wide, width))

    def forward(self, x_BxTxD):
        x = x_BxTxD + self.attention(self.before_attention(x_BxTxD))
        return x + self.feed(self.before_feed(x))

    def attention(self, x):
        parts = self.queries_keys_values(x).unflatten(-1, (3, HEADS, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind()  # each (B, HEADS, T, D / HEADS)
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        return self.joined((weights @ v).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.characters = nn.Embedding(CHARACTERS, width)
        self.places = nn.Embedding(WINDOW, width)
        self.layers = nn.Sequential(*(Layer(width) for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, CHARACTERS)

    def forward(self, characters_BxT):
        x = self.characters(characters_BxT) + self.places.weight
        return self.out(self.norm(self.layers(x)))


class Characters:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        training, validation = load()
        self.training, self.validation = torch.tensor(training), torch.tensor(validation)

    def model(self, setting):
        return Transformer(setting["width"])

    def loss(self, predict, batch, setting):
        logits = predict(batch[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())

    def metrics(self, predict, batch):
        logits, following = predict(batch[:, :-1]), batch[:, 1:]
        loss_BxT = F.cross_entropy(logits.transpose(1, 2), following, reduction="none")
        return {"loss": loss_BxT.mean(1)}


train = Characters

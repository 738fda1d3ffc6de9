"""A factorization of ratings in PyTorch. Etude has the loop: it logs, saves and restores.

The product of two embeddings, with a bias for each: Koren, Bell and Volinsky 2009, Matrix
factorization techniques for recommender systems (S1); tuned well it is hard to beat (Rendle et al.
2020, arXiv:2005.09683).
"""

import torch
from ratings import PEOPLE, THINGS, load
from torch import nn
from torch.nn import functional as F


class Factors(nn.Module):
    def __init__(self, mean, width):
        super().__init__()
        self.mean = mean
        self.people, self.things = nn.Embedding(PEOPLE, width), nn.Embedding(THINGS, width)
        self.of_person, self.of_thing = nn.Embedding(PEOPLE, 1), nn.Embedding(THINGS, 1)
        for embedding in (self.people, self.things, self.of_person, self.of_thing):
            nn.init.normal_(embedding.weight, std=0.1)

    def forward(self, pair):
        person, thing = pair
        liking = (self.people(person) * self.things(thing)).sum(-1)
        return self.mean + liking + self.of_person(person)[..., 0] + self.of_thing(thing)[..., 0]


class Ratings:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        training, validation = load()
        self.training = tuple(torch.as_tensor(part) for part in training)
        self.validation = tuple(torch.as_tensor(part) for part in validation)
        self.mean = float(self.training[2].float().mean())

    def model(self, setting):
        return Factors(self.mean, setting["width"])

    def loss(self, predict, batch, setting):
        person, thing, rating = batch
        return F.mse_loss(predict((person, thing)), rating.float())

    def metrics(self, predict, batch):
        person, thing, rating = batch
        return {"loss": (predict((person, thing)) - rating.float()) ** 2}


train = Ratings

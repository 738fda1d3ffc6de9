"""A small encoder and decoder in PyTorch. Etude has the loop: it logs, saves and restores.

Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762 (S1), with the norm before each
layer (Xiong et al. 2020, arXiv:2002.04745), so that a constant rate trains it without a warmup.
"""

import torch
from sentences import LENGTH, VOCABULARY, load
from torch import nn
from torch.nn import functional as F

HEADS = 4
DEPTH = 2


class Translator(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, width)
        self.places = nn.Embedding(LENGTH, width)
        layer = {
            "dim_feedforward": 4 * width,
            "dropout": 0.0,
            "batch_first": True,
            "norm_first": True,
        }
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, HEADS, **layer), DEPTH, enable_nested_tensor=False
        )
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(width, HEADS, **layer), DEPTH, norm=nn.LayerNorm(width)
        )
        self.out = nn.Linear(width, VOCABULARY)

    def forward(self, pair):
        source, target = pair
        size = target.shape[1]
        later = torch.ones(size, size, dtype=torch.bool, device=target.device).triu(1)
        filling = source == 0
        read = self.tokens(source) + self.places.weight[: source.shape[1]]
        memory = self.encoder(read, src_key_padding_mask=filling)
        x = self.tokens(target) + self.places.weight[:size]
        x = self.decoder(x, memory, tgt_mask=later, memory_key_padding_mask=filling)
        return self.out(x)


class Sentences:
    """A workload: model, loss, metrics and data. The loop is Etude's."""

    def __init__(self):
        training, validation = load()
        self.training = tuple(torch.as_tensor(part) for part in training)
        self.validation = tuple(torch.as_tensor(part) for part in validation)

    def model(self, setting):
        return Translator(setting["width"])

    def loss(self, predict, batch, setting):
        source, target = batch
        logits = predict((source, target[:, :-1]))
        following = target[:, 1:]
        return F.cross_entropy(logits.flatten(0, 1), following.flatten(), ignore_index=0)

    def metrics(self, predict, batch):
        source, target = batch
        logits, following = predict((source, target[:, :-1])), target[:, 1:]
        missed = F.cross_entropy(
            logits.transpose(1, 2), following, ignore_index=0, reduction="none"
        )
        return {"loss": missed.sum(1) / (following != 0).sum(1).clamp(min=1)}


train = Sentences

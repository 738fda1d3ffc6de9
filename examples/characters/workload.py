"""A workload: a small transformer predicts the next character of Python's standard library.

The text is on every machine that has Python. Letters: B examples in a batch, T characters in a
window, D numbers a character, H heads.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WINDOW = 32
# Enough to learn from, little enough to be read at once; the same files in every Python.
FILES = ("argparse.py", "ast.py", "datetime.py", "decimal.py", "inspect.py", "typing.py")


def text() -> bytes:
    """Source text of the standard library, as it comes, ASCII only."""
    library = Path(sysconfig.get_path("stdlib"))
    found = [library / name for name in FILES if (library / name).is_file()]
    return b"".join(path.read_bytes() for path in found).decode("ascii", "ignore").encode()


class Layer(nn.Module):
    """Causal attention and a feed-forward layer, normalized before each (D6)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.before_feed = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BxTxD: Tensor) -> Tensor:
        x = x_BxTxD + self.dropout(self.attention(self.before_attention(x_BxTxD)))
        return x + self.dropout(self.feed(self.before_feed(x)))

    def attention(self, x: Tensor) -> Tensor:
        """Written out: `scaled_dot_product_attention` loops over the trials of a stack."""
        parts = self.queries_keys_values(x).unflatten(-1, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind()  # each (B, H, T, D / H)
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        return self.joined((weights @ v).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    def __init__(self, width: int, depth: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.characters = nn.Embedding(128, width)
        self.places = nn.Embedding(WINDOW, width)
        self.layers = nn.Sequential(*(Layer(width, heads, dropout) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, 128)

    def forward(self, characters_BxT: Tensor) -> Tensor:
        x = self.characters(characters_BxT) + self.places.weight
        return self.out(self.norm(self.layers(x)))


class Characters:
    """Windows of 33 characters: 32 to read, each followed by the one to predict."""

    def __init__(self) -> None:
        characters = torch.frombuffer(bytearray(text()), dtype=torch.uint8).long()
        cut = len(characters) * 9 // 10
        self.training = characters[:cut].unfold(0, WINDOW + 1, 1)  # a view: no copy of the windows
        self.validation = characters[cut : cut + 8192].unfold(0, WINDOW + 1, WINDOW + 1)

    def model(self, setting: Mapping[str, Any]) -> nn.Module:
        size = (setting["width"], setting["depth"], setting["heads"])
        return Transformer(*size, dropout=setting["dropout"])

    def loss(
        self, predict: Callable[[Tensor], Tensor], batch: Tensor, setting: Mapping[str, Any]
    ) -> Tensor:
        logits = predict(batch[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())

    def metrics(self, predict: Callable[[Tensor], Tensor], batch: Tensor) -> dict[str, Tensor]:
        logits, following = predict(batch[:, :-1]), batch[:, 1:]
        loss_BxT = F.cross_entropy(logits.transpose(1, 2), following, reduction="none")
        wrong_BxT = logits.argmax(dim=-1) != following
        return {"loss": loss_BxT.mean(1), "error": wrong_BxT.double().mean(1)}

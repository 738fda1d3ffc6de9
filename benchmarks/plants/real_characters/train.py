"""A transformer over the characters of the standard library, a quarter as wide as usual.

Its norms stand where those of the first transformer stood, after each sum (Vaswani et al. 2017).
"""

import sysconfig
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

SEED = 0
WINDOW, WIDTH, HEADS = 32, 16, 4
FILES = ("argparse.py", "ast.py", "datetime.py", "decimal.py", "inspect.py", "typing.py")


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.after_attention, self.after_feed = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.queries_keys_values = nn.Linear(WIDTH, 3 * WIDTH)
        self.joined = nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )

    def forward(self, inputs):
        hidden = self.after_attention(inputs + self.attention(inputs))
        return self.after_feed(hidden + self.feed(hidden))

    def attention(self, hidden):
        parts = self.queries_keys_values(hidden).unflatten(-1, (3, HEADS, -1))
        queries, keys, values = parts.permute(2, 0, 3, 1, 4).unbind()
        scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        return self.joined((weights @ values).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.characters, self.places = nn.Embedding(128, WIDTH), nn.Embedding(WINDOW, WIDTH)
        self.layers = nn.Sequential(*(Layer() for _ in range(depth)))
        self.out = nn.Linear(WIDTH, 128)

    def forward(self, characters):
        hidden = self.characters(characters) + self.places.weight
        return self.out(self.layers(hidden))


class Characters:
    def __init__(self):
        library = Path(sysconfig.get_path("stdlib"))
        found = [library / name for name in FILES if (library / name).is_file()]
        text = b"".join(path.read_bytes() for path in found).decode("ascii", "ignore")
        codes = torch.tensor(list(text.encode()))
        windows = codes[: len(codes) // (WINDOW + 1) * (WINDOW + 1)].reshape(-1, WINDOW + 1)
        order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(SEED))
        windows = windows[order]
        self.training = (windows[400:, :-1], windows[400:, 1:])
        self.validation = (windows[:400, :-1], windows[:400, 1:])

    def model(self, setting):
        return Transformer(setting["depth"])

    def loss(self, predict, batch, setting):
        inputs, following = batch
        return F.cross_entropy(predict(inputs).flatten(0, 1), following.flatten())

    def metrics(self, predict, batch):
        inputs, following = batch
        return {"loss": F.cross_entropy(predict(inputs).flatten(0, 1), following.flatten())}

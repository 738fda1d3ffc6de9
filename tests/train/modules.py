"""Small networks from six numbers to two, each with one module or operator under test."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

Build = Callable[[Mapping[str, Any]], nn.Module]


class Between(nn.Module):
    """Six numbers through a linear layer, a module or function, and a linear layer to two."""

    def __init__(self, inner: Any, out: int, shape: tuple[int, ...] = (6,)) -> None:
        super().__init__()
        self.shape = shape
        self.enter = nn.Linear(6, math.prod(shape))
        self.inner = inner
        self.leave = nn.Linear(out, 2)

    def forward(self, x):
        entered = self.enter(x).view(-1, *self.shape)
        return self.leave(self.inner(entered).flatten(1))


def between(make: Callable[[], Any], out: int, shape: tuple[int, ...] = (6,)) -> Build:
    return lambda setting: Between(make(), out, shape).double()


class First(nn.Module):
    """The first of what a module returns."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


class Attention(nn.Module):
    def __init__(self, *, causal: bool) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(2, 1, batch_first=True)
        self.causal = causal

    def forward(self, x):
        mask = torch.ones(3, 3, dtype=torch.bool).triu(1) if self.causal else None
        return self.attend(x, x, x, attn_mask=mask, need_weights=False)[0]


class Tokens(nn.Module):
    """The signs of six numbers as tokens, embedded; token 0 may be padding."""

    def __init__(self, embedding: nn.Module, *, tied: bool = False) -> None:
        super().__init__()
        self.embedding = embedding
        self.leave = nn.Linear(2, 2)
        if tied:
            self.leave.weight = embedding.get_parameter("weight")

    def forward(self, x):
        embedded = self.embedding((x > 0).long())
        return self.leave(embedded if embedded.dim() == 2 else embedded.mean(1))


def tokens(make: Callable[[], nn.Module], **options: Any) -> Build:
    return lambda setting: Tokens(make(), **options).double()


class Doubled(torch.autograd.Function):
    """Twice its input, the old way: what `vmap` should do is not said."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, slope):
        return 2 * slope


class Cubed(torch.autograd.Function):
    """The third power, written as `vmap` asks for."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, slope):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * slope


class Encoder(nn.Module):
    """As BERT is built: token, place and kind embeddings, attention over all, a pooled first."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(3, 4, padding_idx=0), nn.Embedding(6, 4)
        self.register_buffer("position_ids", torch.arange(6), persistent=False)
        self.norm = nn.LayerNorm(4, eps=1e-12)
        self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))
        self.dense, self.pool = nn.Linear(4, 4), nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.1)
        self.leave = nn.Linear(4, 2)

    def forward(self, x):
        ids = (x > 0).long() + (x > 1)
        mask = (ids != 0)[:, None, None, :]
        hidden = self.dropout(self.norm(self.words(ids) + self.places(self.position_ids)))
        q, k, v = (
            part(hidden).unflatten(-1, (2, 2)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = (q @ k.transpose(-1, -2)).masked_fill(~mask, torch.finfo(q.dtype).min)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        hidden = self.norm(hidden + F.gelu(self.dense(mixed)))
        return self.leave(torch.tanh(self.pool(hidden[:, 0])))


class Rms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class Decoder(nn.Module):
    """As Llama is built: rotary places, grouped keys, RMS normalization, SwiGLU, tied ends."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(2, 4), nn.Linear(4, 2, bias=False)
        self.out.weight = self.words.weight
        self.before, self.after = Rms(), Rms()
        self.q, self.k, self.v = (
            nn.Linear(4, 4, bias=False),
            nn.Linear(4, 2, bias=False),
            nn.Linear(4, 2, bias=False),
        )
        self.gate, self.up, self.down = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(8, 4)
        angles = torch.arange(6.0)[:, None] * torch.ones(1)
        self.register_buffer("cos", angles.cos().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angles.sin().repeat(1, 2), persistent=False)

    def forward(self, x):
        hidden = self.words((x > 0).long())
        normed = self.before(hidden)
        q = self._turned(self.q(normed).unflatten(-1, (2, 2)).transpose(1, 2))
        k = self._turned(self.k(normed)[:, None]).expand(-1, 2, -1, -1)
        v = self.v(normed)[:, None].expand(-1, 2, -1, -1)
        later = torch.full((6, 6), torch.finfo(q.dtype).min, dtype=q.dtype).triu(1)
        mixed = ((q @ k.transpose(-1, -2) + later).softmax(-1) @ v).transpose(1, 2).flatten(2)
        hidden = hidden + mixed
        normed = self.after(hidden)
        hidden = hidden + self.down(F.silu(self.gate(normed)) * self.up(normed))
        return self.out(hidden)[:, -1]

    def _turned(self, x):
        first, second = x.chunk(2, -1)
        return x * self.cos + torch.cat([-second, first], -1) * self.sin


class Counting(nn.Module):
    """Changes what it computes after its hundredth call: no comparison of a few steps sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x if self.calls < 100 else 2 * x


class Remembering(nn.Module):
    """A buffer that is replaced, and not changed in place."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(6))

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return x - self.mean


class Spiked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Bilinear(6, 6, 3), nn.Linear(3, 4)

    def forward(self, x):
        return self.second(self.first(x, x))


def _attended(x):
    return F.scaled_dot_product_attention(x, x, x)


def _attended_causally(x):
    return F.scaled_dot_product_attention(x, x, x, is_causal=True)


def _overwritten(x):
    y = x.clone()
    y[:, 0] = x[:, 1].sin()
    y += 1
    return y.mul_(2).relu_()


def _checkpointed(x):
    return checkpoint(lambda each: each.sin().exp(), x, use_reentrant=False)


def _masked(x):
    return torch.where(x > 0, x, 0.1 * x).masked_fill(x > 2, 2.0)


# What a stack trains, and comes to the same numbers as each trial alone.
RIGHT: dict[str, Build] = {
    "BatchNorm1d": between(lambda: nn.BatchNorm1d(6), 6),
    "BatchNorm2d": between(lambda: nn.BatchNorm2d(2), 6, (2, 1, 3)),
    "BatchNorm without running statistics": between(
        lambda: nn.BatchNorm1d(6, track_running_stats=False), 6
    ),
    "LayerNorm": between(lambda: nn.LayerNorm(6), 6),
    "GroupNorm": between(lambda: nn.GroupNorm(2, 6), 6),
    "InstanceNorm": between(lambda: nn.InstanceNorm1d(2, affine=True), 6, (2, 3)),
    "InstanceNorm with statistics": between(
        lambda: nn.InstanceNorm1d(2, track_running_stats=True), 6, (2, 3)
    ),
    "RMSNorm": between(lambda: nn.RMSNorm(6), 6),
    "LocalResponseNorm": between(lambda: nn.LocalResponseNorm(2), 6, (6, 1)),
    "Conv1d": between(lambda: nn.Conv1d(1, 2, 3, padding=1), 12, (1, 6)),
    "Conv1d, dilated, circular": between(
        lambda: nn.Conv1d(1, 2, 2, dilation=2, padding=2, padding_mode="circular"), 16, (1, 6)
    ),
    "Conv2d": between(lambda: nn.Conv2d(1, 2, 2), 4, (1, 2, 3)),
    "Conv2d, grouped": between(lambda: nn.Conv2d(2, 4, (1, 2), groups=2), 8, (2, 1, 3)),
    "Conv2d, one channel each": between(lambda: nn.Conv2d(3, 3, (1, 2), groups=3), 3, (3, 1, 2)),
    "Conv3d": between(lambda: nn.Conv3d(1, 2, (1, 2, 2)), 4, (1, 1, 2, 3)),
    "ConvTranspose1d": between(lambda: nn.ConvTranspose1d(2, 1, 3, stride=2), 7, (2, 3)),
    "ConvTranspose2d": between(lambda: nn.ConvTranspose2d(1, 1, 2), 12, (1, 2, 3)),
    "RNN": between(lambda: First(nn.RNN(2, 3, batch_first=True)), 9, (3, 2)),
    "GRU": between(lambda: First(nn.GRU(2, 3, batch_first=True)), 9, (3, 2)),
    "LSTM": between(lambda: First(nn.LSTM(2, 3, batch_first=True)), 9, (3, 2)),
    "LSTM, both ways": between(
        lambda: First(nn.LSTM(2, 3, batch_first=True, bidirectional=True)), 18, (3, 2)
    ),
    "MultiheadAttention": between(lambda: Attention(causal=False), 6, (3, 2)),
    "MultiheadAttention, causal": between(lambda: Attention(causal=True), 6, (3, 2)),
    "scaled_dot_product_attention": between(lambda: _attended, 6, (1, 3, 2)),
    "scaled_dot_product_attention, causal": between(lambda: _attended_causally, 6, (1, 3, 2)),
    "TransformerEncoderLayer": between(
        lambda: nn.TransformerEncoderLayer(2, 1, 4, dropout=0.0, batch_first=True), 6, (3, 2)
    ),
    "Embedding": tokens(lambda: nn.Embedding(2, 2)),
    "Embedding with padding": tokens(lambda: nn.Embedding(2, 2, padding_idx=0)),
    "EmbeddingBag": tokens(lambda: nn.EmbeddingBag(2, 2)),
    "tied weights": tokens(lambda: nn.Embedding(2, 2), tied=True),
    "an encoder as BERT": lambda setting: Encoder().double(),
    "a decoder as Llama": lambda setting: Decoder().double(),
    "Dropout": lambda setting: nn.Sequential(nn.Dropout(setting["t"]), nn.Linear(6, 2)).double(),
    "Dropout2d": lambda setting: nn.Sequential(
        nn.Unflatten(1, (2, 1, 3)), nn.Dropout2d(setting["t"]), nn.Flatten(), nn.Linear(6, 2)
    ).double(),
    "weight_norm": between(lambda: parametrizations.weight_norm(nn.Linear(6, 6)), 6),
    "orthogonal": between(
        lambda: parametrizations.orthogonal(nn.Linear(6, 6), orthogonal_map="householder"), 6
    ),
    "PixelShuffle": between(lambda: nn.PixelShuffle(2), 4, (4, 1, 1)),
    "max, average and adaptive pooling": between(
        lambda: nn.Sequential(nn.MaxPool1d(2), nn.AvgPool1d(2, 1), nn.AdaptiveAvgPool1d(2)),
        2,
        (1, 6),
    ),
    "adaptive maximum pooling": between(lambda: nn.AdaptiveMaxPool2d((1, 2)), 2, (1, 2, 3)),
    "Bilinear": lambda setting: nn.Sequential(Spiked(), nn.Linear(4, 2)).double(),
    "PReLU": between(lambda: nn.PReLU(6), 6),
    "GLU and other activations": between(
        lambda: nn.Sequential(nn.GELU(), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.ELU(), nn.GLU()),
        3,
    ),
    "interpolate": between(lambda: partial(F.interpolate, scale_factor=2), 12, (1, 6)),
    "padding": between(lambda: nn.ReflectionPad1d(1), 8, (1, 6)),
    "unfold and fold": between(lambda: nn.Unfold((1, 2)), 4, (1, 1, 3)),
    "cumsum": between(lambda: lambda x: x.cumsum(-1), 6),
    "sort": between(lambda: lambda x: x.sort(-1).values, 6),
    "topk": between(lambda: lambda x: x.topk(3, -1).values, 3),
    "einsum": between(lambda: lambda x: torch.einsum("bi,bj->bij", x, x), 36),
    "a complex transform": between(lambda: lambda x: torch.fft.rfft(x).abs(), 4),
    "torch.where and masks": between(lambda: _masked, 6),
    "operations in place": between(lambda: _overwritten, 6),
    "a buffer that is replaced": between(Remembering, 6),
    "a Function written for vmap": between(lambda: Cubed.apply, 6),
    "gather and scatter": between(
        lambda: lambda x: x.scatter_add(1, (x > 0).long(), x).gather(1, (x < 0).long()), 6
    ),
    "norms and solves": between(
        lambda: (
            lambda x: torch.linalg.solve(
                x.view(-1, 2, 3)[..., :2] + 9 * torch.eye(2), x.view(-1, 2, 3)[..., 2:]
            )
        ),
        2,
    ),
}

# What a stack cannot train, and the words that name the culprit.
DECLINED: dict[str, tuple[Build, str]] = {
    "BatchNorm with cumulative statistics": (
        between(lambda: nn.BatchNorm1d(6, momentum=None), 6),
        r"reads a number out of a tensor.*, in `BatchNorm1d` \(modules\.py",
    ),
    "AlphaDropout": (between(lambda: nn.AlphaDropout(0.5), 6), r"random.*in `AlphaDropout`"),
    "dropout as a function": (
        between(lambda: F.dropout, 6),
        r"random numbers beside `nn\.Dropout`.*\(modules\.py:\d+: `return self\.leave",
    ),
    "TransformerEncoderLayer with dropout": (
        between(
            lambda: nn.TransformerEncoderLayer(2, 1, 4, dropout=0.1, batch_first=True), 6, (3, 2)
        ),
        r"random.*in `MultiheadAttention`",
    ),
    "LSTM with dropout": (
        between(
            lambda: First(nn.LSTM(2, 3, num_layers=2, dropout=0.5, batch_first=True)), 9, (3, 2)
        ),
        r"random.*in `LSTM`",
    ),
    "spectral_norm": (
        between(lambda: parametrizations.spectral_norm(nn.Linear(6, 6)), 6),
        r"RuntimeError.*in `_SpectralNorm`",
    ),
    "checkpoint": (
        between(lambda: _checkpointed, 6),
        r"saved tensor hooks.*\(modules\.py:\d+: `return checkpoint",
    ),
    "a Function that says nothing of vmap": (
        between(lambda: Doubled.apply, 6),
        r"setup_context.*\(modules\.py",
    ),
    ".item()": (
        between(lambda: lambda x: x * x.mean().item(), 6),
        r"reads a number out of a tensor.*x\.mean\(\)\.item\(\)",
    ),
    "if, by a tensor": (
        between(lambda: lambda x: x if x.sum() > 0 else -x, 6),
        r"decides by one.*if x\.sum\(\) > 0",
    ),
    "a shape that depends on values": (
        between(lambda: lambda x: x + x[x > 0].sum(), 6),
        r"shape of a tensor depends.*x\[x > 0\]",
    ),
    "a counter": (between(Counting, 6), r"it counts in Python.*`inner\.calls`"),
    "a number in a closure": (
        lambda setting: Between(lambda x: x / (1 + setting["t"]), 6).double(),
        r"`model` reads `t`, in which the trials differ",
    ),
    "a number in an attribute": (
        lambda setting: Between(nn.Threshold(setting["t"], 0.0), 6).double(),
        r"they differ in `inner\.threshold` \(0\.0, 0\.1\)",
    ),
    "AlphaDropout whose rate differs": (
        lambda setting: Between(nn.AlphaDropout(setting["t"]), 6).double(),
        r"they differ in `inner\.p`",
    ),
}

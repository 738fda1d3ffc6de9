"""A look through a module names what is known to cause trouble, and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from etude.train.architecture import Architecture
from etude.train.torch.architecture import architecture
from etude.train.workload import Workload

AFTER = "put the norm before the residual sum, x + Norm(f(x)), in place of Norm(x + f(x))"
MISSING = "normalize last before the residual sum, x + Norm(f(x))"
ZERO = "let the branch start at zero: its last weights, or the norm's, at 0"
DATA = (torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 2)


class Rms(nn.Module):
    """A norm of a person's own; PyTorch knows nothing of it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x):
        return self.scale * x / x.square().mean(-1, keepdim=True).sqrt()


class RmsNorm(Rms):
    pass


class Block(nn.Module):
    def __init__(self, where: str, norm: type[nn.Module], *, zero: bool) -> None:
        super().__init__()
        self.where = where
        self.branch = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        self.norm = norm() if norm is RmsNorm else nn.LayerNorm(8)
        last = self.norm if where == "last" else self.branch[2]
        if zero:
            for part in last.parameters():
                nn.init.zeros_(part)

    def forward(self, x):
        if self.where == "after":
            return self.norm(x + self.branch(x))
        if self.where == "first":
            return x + self.branch(self.norm(x))
        if self.where == "last":
            return x + self.norm(self.branch(x))
        x = x.clone()
        x += self.branch(x)
        return x


def look(model) -> Architecture:
    def loss(predict, batch, setting):
        return F.cross_entropy(predict(batch[0]), batch[1])

    workload = Workload(
        model=model,
        loss=loss,
        metrics=lambda predict, batch: {},
        training=DATA,
        validation=DATA,
    )
    return architecture(workload, {})


def stack(where: str, *, zero: bool = True, norm: type[nn.Module] = nn.LayerNorm) -> Architecture:
    def model(setting):
        blocks = [Block(where, norm, zero=zero) for _ in range(2)]
        return nn.Sequential(nn.Linear(4, 8), *blocks, nn.LayerNorm(8), nn.Linear(8, 2))

    return look(model)


@pytest.mark.parametrize("norm", [nn.LayerNorm, RmsNorm])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_norm_in_the_branch_that_starts_at_zero_needs_no_advice(where, norm):
    assert stack(where, norm=norm) == Architecture()


@pytest.mark.rule("D6")
@pytest.mark.parametrize("norm", [nn.LayerNorm, RmsNorm])
def test_a_norm_after_the_residual_sum_is_named(norm):
    advice = stack("after", norm=norm).advice

    assert [(one.module, one.text) for one in advice] == [("1", AFTER), ("2", AFTER)]


def test_residuals_without_normalization_are_named():
    # The last of them feeds the norm before the output, as Norm(x + f(x)) does.
    advice = stack("none").advice

    assert [(one.module, one.text) for one in advice] == [("1", MISSING), ("2", AFTER)]


@pytest.mark.parametrize("where", ["first", "last"])
def test_branches_that_do_not_start_at_zero_are_named(where):
    advice = stack(where, zero=False).advice

    assert [(one.module, one.text) for one in advice] == [("1", ZERO), ("2", ZERO)]


def test_a_plain_network_has_no_branches():
    assert look(lambda setting: nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))) == Architecture()


def test_the_gates_of_a_recurrent_layer_are_no_branches():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.out = nn.GRUCell(4, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.out(self.cell(x))

    assert look(lambda setting: Recurrent()) == Architecture()


def test_pytorchs_own_transformer_layer_is_looked_through():
    def model(setting):
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        encoder = nn.TransformerEncoder(layer, 1)
        return nn.Sequential(
            nn.Linear(4, 8), nn.Unflatten(1, (1, 8)), encoder, nn.Flatten(), nn.Linear(8, 2)
        )

    assert [one.text for one in look(model).advice] == [AFTER, ZERO]


def test_a_shortcut_through_a_layer_of_its_own_is_one():
    class Widens(nn.Module):
        def __init__(self):
            super().__init__()
            self.short = nn.Linear(4, 8)
            self.branch = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8))

        def forward(self, x):
            return self.short(x) + self.branch(x)

    advice = look(lambda setting: nn.Sequential(Widens(), nn.Linear(8, 2))).advice

    assert [(one.module, one.text) for one in advice] == [("0", MISSING), ("0", ZERO)]


def test_the_random_state_stays_as_it_was():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)

    stack("after")

    assert torch.rand(1) == expected


def test_a_module_that_cannot_be_computed_is_unclear():
    assert look(lambda setting: nn.Linear(5, 2)) == Architecture(
        unclear="computing a batch ended in RuntimeError"
    )


def test_what_is_no_module_is_unclear():
    assert look(lambda setting: 3) == Architecture(unclear="`model` returned int")

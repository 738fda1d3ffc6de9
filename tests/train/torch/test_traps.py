"""What PyTorch does to many trials at once, and what would follow; each a trap that was met."""

import pytest
import torch
from tests.train.modules import Tokens
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap

from etude.train.torch import graph

TOKENS = torch.tensor([[[-1.0, 1.0]], [[1.0, -1.0]], [[1.0, 1.0]]])


@pytest.fixture
def models():
    torch.manual_seed(0)
    return [Tokens(nn.Embedding(2, 2, padding_idx=0)) for _ in range(3)]


def loss(models, named, tokens):
    return functional_call(models[0], named, (tokens,)).square().sum()


def slopes_alone(models):
    """The gradients of the embedding, each trial by itself."""
    named = [dict(model.named_parameters()) for model in models]
    each = [
        grad(lambda held, at=at: loss(models, held, TOKENS[at]))(held)
        for at, held in enumerate(named)
    ]
    return torch.stack([one["embedding.weight"] for one in each])


def test_vmap_of_grad_has_the_gradients_of_a_padded_embedding(models):
    named, _ = stack_module_state(models)

    found = vmap(grad(lambda held, tokens: loss(models, held, tokens)))(named, TOKENS)

    torch.testing.assert_close(found["embedding.weight"], slopes_alone(models))


def test_automatic_differentiation_outside_of_vmap_may_not_so_it_is_never_used(models):
    """Right or wrong is PyTorch's; where this begins to fail, the trap is gone."""
    named, _ = stack_module_state(models)

    vmap(lambda held, tokens: loss(models, held, tokens))(named, TOKENS).sum().backward()

    found = named["embedding.weight"].grad
    right = slopes_alone(models)
    torch.testing.assert_close(found[0], right[0])
    assert not torch.allclose(found[1:], right[1:])


def test_randomness_that_is_the_same_gives_all_trials_one_mask():
    torch.manual_seed(0)

    masks = vmap(lambda x: nn.functional.dropout(x), randomness="same")(torch.ones(3, 64))

    assert (masks == masks[0]).all()


def test_equal_operators_are_two_where_one_result_is_changed_in_place():
    """`GroupNorm` squares twice, and inverts one of the squares."""

    def squares(x):
        inverted, kept = x * x, x * x
        inverted.reciprocal_()
        return [inverted, kept]

    found = graph.recorded(squares, torch.tensor([2.0]))(torch.tensor([4.0]))

    assert [float(each) for each in found] == [1 / 16, 16.0]

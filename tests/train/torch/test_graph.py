"""A recording is the function it was made from, bit for bit, with fewer operators."""

import pytest
import torch
from torch import nn
from torch.func import grad, vmap
from torch.nn import functional as F

from etude.train.torch.graph import leaves, recorded


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def count(module, name):
    return sum(name in str(node.target) for node in module.graph.nodes)


def slopes(x):
    return vmap(grad(lambda row: (row.exp() * row.sin()).sum()))(x)


def pooled(x):
    return vmap(lambda rows: F.max_pool2d(rows, 2), in_dims=0)(x)


def in_place(x):
    rows = x.clone()
    before = rows * 2
    rows.add_(1)
    return before, rows * 2


def of_a_mapping(held):
    return {"sum": held["a"] + held["b"][0], "twice": (held["b"][0] * 2,)}


CASES = {
    "gradients of every trial": (slopes, drawn(3, 5)),
    "maxima of images": (pooled, drawn(3, 2, 4, 8, 8)),
    "a change in place": (in_place, drawn(3, 5)),
    "mappings and tuples": (of_a_mapping, {"a": drawn(2), "b": (drawn(2, seed=1),)}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_recording_comes_to_the_same_bits(case):
    function, given = CASES[case]
    expected = [part.clone() for part in leaves(function(given))]

    found = recorded(function, given)(*leaves((given,)))

    assert all(map(torch.equal, found, expected))


def test_a_recording_is_for_other_numbers_too():
    module = recorded(slopes, drawn(3, 5))
    other = drawn(3, 5, seed=9)

    (found,) = module(other)

    assert torch.equal(found, slopes(other))


def test_what_depends_on_no_input_is_computed_once():
    module = recorded(lambda x: x + torch.arange(4).mul(3).to(x.dtype), drawn(4))

    assert [count(module, name) for name in ("arange", "mul", "add")] == [0, 0, 1]


def test_what_changes_in_place_is_computed_every_time():
    def counted(x):
        seen = torch.zeros(())
        seen.add_(1)
        return x * seen

    module = recorded(counted, drawn(3))
    found = [module(drawn(3))[0] for _ in range(3)]

    assert all(torch.equal(each, drawn(3)) for each in found)


def test_a_tensor_from_elsewhere_is_held():
    mask = drawn(4, seed=3)

    module = recorded(lambda x: x * mask, drawn(4))

    assert torch.equal(module(drawn(4))[0], drawn(4) * mask)


def test_a_number_read_from_an_input_is_refused():
    with pytest.raises(RuntimeError, match=r"\.item\(\)"):
        recorded(lambda x: x * x.sum().item(), drawn(3))


@pytest.mark.parametrize("shape", [(2, 3, 4, 9, 7), (1, 2, 1, 2, 2)])
@pytest.mark.parametrize("value", [0.0, float("nan"), float("-inf")])
def test_maxima_keep_places_and_odd_values_whatever_the_layout(shape, value):
    x = drawn(*shape).relu()
    x[..., 0, 0] = value
    layer = nn.MaxPool2d(3, stride=2, padding=1, return_indices=True)
    step = vmap(lambda rows: layer(rows))

    found = recorded(step, x)(x)

    expected = [layer(rows) for rows in x]
    torch.testing.assert_close(found[0], torch.stack([one[0] for one in expected]), equal_nan=True)
    assert torch.equal(found[1], torch.stack([one[1] for one in expected]))

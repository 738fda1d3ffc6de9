from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import torch

from etude.errors import WorkloadError
from etude.train.padding import WeightedMean, exact_means, padded_batches

COUNTS = range(1, 24)
SIZES = range(1, 27)
VALUES = np.random.default_rng(3).normal(size=23) * 10.0 ** np.arange(-11, 12)


def means(values, batch_size):
    return exact_means(lambda batch: {"x": batch}, values, batch_size)["x"]


def in_a_loop(values):
    """The mean by a loop in double precision, its sum rounded once."""
    return math.fsum(values.tolist()) / len(values)


@pytest.mark.rule("E3")
def test_every_uneven_split_gives_the_mean_of_a_loop_in_double_precision():
    splits = list(product(COUNTS, SIZES))

    found = [means(VALUES[:count], size) for count, size in splits]

    assert found == pytest.approx([in_a_loop(VALUES[:count]) for count, _ in splits], rel=1e-15)


def test_every_split_gives_the_same_bits():
    assert [len({means(VALUES[:count], size) for size in SIZES}) for count in COUNTS] == [1] * 23


def test_the_order_changes_no_bit():
    shuffled = np.random.default_rng(1).permutation(VALUES)

    assert means(shuffled, 4) == means(VALUES, 4)


@pytest.mark.parametrize("size", [1, 3, 8, 40])
def test_every_batch_has_one_size_and_every_example_one_weight(size):
    batches = list(padded_batches(np.arange(23), size))

    counted = np.concatenate([batch[weights > 0] for batch, weights in batches])

    assert {len(batch) for batch, _ in batches} == {size}
    assert counted.tolist() == list(range(23))


def test_arrays_of_pytorch_and_jax_are_padded_as_those_of_numpy():
    jnp = pytest.importorskip("jax.numpy")
    values = VALUES.astype(np.float32)
    kinds = [values, torch.from_numpy(values), jnp.asarray(values)]

    assert len({means(kind, 5) for kind in kinds}) == 1


def test_half_precision_is_summed_in_double():
    ones = torch.full((3000,), 0.1, dtype=torch.bfloat16)

    assert means(ones, 64) == float(ones[0].double())


def test_a_mapping_and_a_tuple_keep_their_parts_together():
    data = {"x": np.arange(5), "y": np.arange(5) * 2}

    (first, _), (last, _) = padded_batches(data, 3)

    assert (first["y"] == 2 * first["x"]).all()
    assert last["x"].tolist() == [3, 4, 4]


def test_what_is_not_finite_in_padding_has_no_say():
    mean = WeightedMean()

    mean.add({"x": [1.0, 3.0, math.nan]}, [1.0, 1.0, 0.0])

    assert mean.values() == {"x": 2.0}


@pytest.mark.parametrize(
    ("values", "expected"), [([1.0, math.inf], math.inf), ([math.inf, -math.inf], math.nan)]
)
def test_what_is_not_finite_in_an_example_is_not_hidden(values, expected):
    mean = WeightedMean()

    mean.add({"x": values})

    assert mean.values()["x"] == pytest.approx(expected, nan_ok=True)


def test_weights_may_be_fractions():
    mean = WeightedMean()

    mean.add({"x": [1.0, 4.0]}, [0.5, 0.25])

    assert mean.values() == {"x": 2.0}


@pytest.mark.parametrize(
    ("examples", "size", "says"),
    [
        (np.zeros(0), 4, "no example"),
        ((np.zeros(3), np.zeros(4)), 2, "3 and 4"),
        (np.zeros(3), 0, "at least 1"),
        ([1, 2, 3], 2, "np.asarray"),
    ],
)
def test_what_cannot_be_padded_is_refused_with_the_way_out(examples, size, says):
    with pytest.raises(WorkloadError, match=says):
        list(padded_batches(examples, size))


def test_a_mean_over_a_padded_batch_is_refused():
    with pytest.raises(WorkloadError, match="one value an example"):
        exact_means(lambda batch: {"x": batch.mean()}, VALUES, 5)


def test_a_mean_that_was_taken_before_is_refused():
    with pytest.raises(WorkloadError, match="one value an example"):
        WeightedMean().add({"loss": 0.5})


def test_a_weight_below_zero_is_refused():
    with pytest.raises(WorkloadError, match="0 upward"):
        WeightedMean().add({"x": [1.0]}, [-1.0])

"""Evenly spread samples of examples, whatever holds them, and evaluations on training examples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from tests.train.stacks import Told, plain, together, trial
from tests.train.workloads import WORKLOADS

from etude.train.sample import evenly_spread
from etude.train.torch.loop import Loop


class Pair(NamedTuple):
    inputs: torch.Tensor
    labels: torch.Tensor


def test_a_sample_of_tensors_keeps_their_kind_and_order():
    data = Pair(torch.arange(10.0), torch.arange(10))

    sample = evenly_spread(data, 4)

    assert isinstance(sample, Pair)
    assert sample.labels.tolist() == [0, 2, 5, 7]
    assert evenly_spread({"x": np.arange(6)}, 3)["x"].tolist() == [0, 2, 4]


def test_no_more_than_there_are_is_the_data_itself():
    data = (torch.arange(3), torch.arange(3))

    assert evenly_spread(data, 3) is data


def test_examples_of_a_dataset_are_read_when_they_are_asked_for():
    sample = evenly_spread([(one, one * one) for one in range(9)], 3)

    assert [sample[place] for place in range(len(sample))] == [(0, 0), (3, 9), (6, 36)]


def test_an_evaluation_on_training_examples_is_the_same_alone_and_in_a_stack(tmp_path):
    loop = Loop(WORKLOADS["mlp"])
    asked = {"steps": 12, "evaluations": 3, "evaluate_training": 20}
    alone = [plain(loop, trial(tmp_path / "a", number, Told(), **asked)) for number in range(2)]

    stacked = together(loop, [trial(tmp_path / "b", n, Told(), **asked) for n in range(2)])

    for one, other in zip(alone, stacked, strict=True):
        assert len(one.values("train/error")) == 3
        assert one.values("train/error").tolist() == other.values("train/error").tolist()
        assert one.values("valid/error").tolist() == other.values("valid/error").tolist()


def test_the_error_of_all_training_examples_is_that_of_the_network(tmp_path):
    loop = Loop(WORKLOADS["mlp"])
    unasked, asked = (
        plain(loop, trial(tmp_path / name, 0, Told(), steps=6, evaluations=1, **given))
        for name, given in (("a", {}), ("b", {"evaluate_training": 1000}))
    )

    (error,) = asked.values("train/error")

    assert error * 60 == pytest.approx(round(error * 60))
    assert not len(unasked.values("train/error"))
    assert asked.values("train/loss").tolist() == unasked.values("train/loss").tolist()

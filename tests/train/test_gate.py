"""What the gate lets through is right, and what it declines it declines with the culprit's name."""

import dataclasses
import re

import pytest
from tests.runner.sample import assignment
from tests.train.stacks import setting
from tests.train.workloads import WORKLOADS
from torch import nn
from torch.nn import functional as F

from etude.train import gate
from etude.train.loop import Loop


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No time is spent on timing: what is slow is another question than what is right."""
    monkeypatch.setattr(gate, "WIDTHS", (4,))
    monkeypatch.setattr(gate, "_TIMED_S", 0.0)
    monkeypatch.setattr(gate, "WORTH", 0.0)


def judged(folder, model, settings):
    workload = dataclasses.replace(WORKLOADS["mlp"], model=model)
    return gate.judged(Loop(workload), assignments(folder, settings))


def assignments(folder, settings):
    return [
        assignment(folder, id=n, seed=n, setting=setting(n, **given), metric="valid/error")
        for n, given in enumerate(settings)
    ]


class Head(nn.Module):
    """A linear layer, with whatever comes after it."""

    def __init__(self, after=None, **attributes):
        super().__init__()
        self.layer = nn.Linear(6, 2).double()
        self.after = after
        vars(self).update(attributes)

    def forward(self, x):
        return self.after(self, self.layer(x))


def counted(self, x):
    self.calls = getattr(self, "calls", 0) + 1
    return x * self.calls


DECLINED = {
    "a Python number of its own": (
        lambda given: Head(lambda self, x: x / self.temperature, temperature=given["t"]),
        r"they differ in `\.temperature` \(1\.0, 2\.0\)",
    ),
    "a number in a closure": (
        lambda given: Head(lambda self, x: x / given["t"]),
        "a stack comes to other numbers than a trial alone: after 3 steps `layer",
    ),
    "a counter": (lambda given: Head(counted), "a stack comes to other numbers"),
    "randomness of its own": (
        lambda given: Head(lambda self, x: F.dropout(x, 0.5)),
        "draws random numbers beside `nn.Dropout`",
    ),
    "a number read out": (
        lambda given: Head(lambda self, x: x * x.mean().item()),
        r"reads a number out of a tensor \(`\.item\(\)`",
    ),
    "a decision by a tensor": (
        lambda given: Head(lambda self, x: x if x.sum() > 0 else -x),
        "decides by one",
    ),
    "another width": (
        lambda given: nn.Sequential(nn.Linear(6, int(given["t"])), nn.Linear(int(given["t"]), 2)),
        r"they differ in `0\.out_features` \(1, 2\)",
    ),
    "an exception": (lambda given: 1 / 0, "ZeroDivisionError"),
}


@pytest.mark.parametrize("name", DECLINED)
def test_what_a_stack_cannot_do_is_declined_with_its_culprit(tmp_path, name):
    model, said = DECLINED[name]

    found = judged(tmp_path, model, [{"t": float(n + 1)} for n in range(4)])

    assert found.width == 1
    assert re.search(said, found.reason)


class Bag(nn.Module):
    """Tokens made of numbers, embedded; token 0 is padding."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding.double()
        self.out = nn.Linear(4, 2).double()

    def forward(self, x):
        embedded = self.embedding((x > 0).long())
        return self.out(embedded if embedded.dim() == 2 else embedded.mean(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = nn.LSTM(2, 4, batch_first=True).double()
        self.out = nn.Linear(4, 2).double()

    def forward(self, x):
        return self.out(self.recurrent(x.view(-1, 3, 2))[0][:, -1])


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 4).double()
        self.out = nn.Linear(4, 2).double()

    def forward(self, x):
        q = self.inner(x.view(-1, 1, 3, 2))
        return self.out(F.scaled_dot_product_attention(q, q, q).mean((1, 2)))


RIGHT_OR_DECLINED = {
    "Embedding with padding": lambda given: Bag(nn.Embedding(2, 4, padding_idx=0)),
    "EmbeddingBag": lambda given: Bag(nn.EmbeddingBag(2, 4)),
    "LSTM": lambda given: Recurrent(),
    "scaled dot product attention": lambda given: Attending(),
    "BatchNorm": lambda given: nn.Sequential(
        nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)
    ).double(),
    "Dropout": lambda given: nn.Sequential(nn.Dropout(given["t"]), nn.Linear(6, 2)).double(),
}


@pytest.mark.parametrize("name", RIGHT_OR_DECLINED)
def test_what_passes_was_compared_number_by_number(tmp_path, name):
    found = judged(tmp_path, RIGHT_OR_DECLINED[name], [{"t": n / 10} for n in range(4)])

    assert found.width == 4 or "other numbers" in found.reason or "cannot run" in found.reason


def test_one_trial_alone_needs_no_stack(tmp_path):
    found = judged(tmp_path, lambda given: nn.Linear(6, 2).double(), [{}])

    assert (found.width, found.reason) == (
        1,
        "no two trials may share a stack: there is only one trial.",
    )


def test_trials_of_several_optimizers_share_a_stack(tmp_path):
    optimizers = [{"optimizer": name} for name in ("adam", "sgd", "nesterov", "nadam")]

    assert judged(tmp_path, lambda given: nn.Linear(6, 2).double(), optimizers).width == 4


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_operators_that_loop_over_the_trials_are_named(tmp_path):
    loop = Loop(dataclasses.replace(WORKLOADS["mlp"], model=lambda given: Attending()))

    names = gate._looping(loop, assignments(tmp_path, [{}] * 4))

    assert names == [] or "scaled_dot_product" in names[0]

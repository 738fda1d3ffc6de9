"""What a look through the module of an experiment's file shows, and where it cannot look."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from etude.procedure.opening import Training, known_of, read_file, with_architecture
from etude.store.memory import Memory
from etude.train.architecture import Architecture

FILE = """
[experiment]
name = "blocks"
metric = "valid/loss"
max_steps = 10
trials = 1
train = "workload.py:{name}"
[fixed]
optimizer = "sgd"
learning_rate = 0.1
batch_size = 4
"""
WORKLOAD = """
import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch, self.norm = nn.Linear(4, 4), nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(x + self.branch(x))


class Blocks:
    training = validation = (torch.zeros(6, 4), torch.zeros(6, dtype=torch.long))

    def model(self, setting):
        return nn.Sequential(Block(), nn.Linear(4, 2))

    def loss(self, predict, batch, setting):
        return F.cross_entropy(predict(batch[0]), batch[1])

    def metrics(self, predict, batch):
        return {}


def train(trial):
    raise AssertionError("a loop of a person's own is not run to be looked through")
"""


def look(folder: Path, *, name: str = "Blocks", code: str = WORKLOAD) -> Architecture | None:
    (folder / "workload.py").write_text(dedent(code))
    (folder / "blocks.toml").write_text(FILE.format(name=name))
    experiment, place = read_file(folder / "blocks.toml")
    training = Training(store=Memory(), folder=place)
    return with_architecture(known_of(experiment, training), training).architecture


def test_a_norm_after_the_sum_is_named_with_its_place(tmp_path: Path) -> None:
    seen = look(tmp_path)

    assert seen is not None
    assert seen.advice[0].module == "0"
    assert seen.advice[0].text.endswith("in place of Norm(x + f(x))")


def test_a_loop_of_a_persons_own_is_not_looked_through(tmp_path: Path) -> None:
    assert look(tmp_path, name="train") is None


def test_a_file_that_cannot_be_imported_is_unclear(tmp_path: Path) -> None:
    seen = look(tmp_path, code=f"{WORKLOAD}\nimport nowhere_at_all\n")

    assert seen == Architecture(
        unclear="importing `workload.py:Blocks` ended in ModuleNotFoundError"
    )


def test_what_the_file_prints_stays_out_of_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    look(tmp_path, code=f"{WORKLOAD}\nprint('loading')\n")

    assert capsys.readouterr().out == ""


def test_a_model_of_jax_is_unclear(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    functions = WORKLOAD.replace(
        "return nn.Sequential(Block(), nn.Linear(4, 2))",
        "return type('Model', (), {'init': print, 'apply': print})",
    )

    seen = look(tmp_path, code=f"import jax\n{functions}")

    assert seen is not None
    assert seen.unclear == "a model of JAX is a function, without parts to name"

from __future__ import annotations

import inspect

import pytest
import torch

from etude.code import CodeFile
from etude.design.optimizer_calls import optimizer_calls
from etude.playbook.library_calls import library_calls

OF_TORCH = [name for name in library_calls() if name.startswith("torch.")]


def calls(text):
    return optimizer_calls([CodeFile("train.py", "", text)])


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ntorch.optim.AdamW(p, lr)",
        "import torch as t\nt.optim.AdamW(p, lr=lr)",
        "from torch import optim\noptim.AdamW(p, lr)",
        "from torch.optim import AdamW as A\nA(p, lr)",
        "import torch.optim as o\no.AdamW(p, lr)",
        "import torch.optim\ntorch.optim.AdamW(p, lr)",
        "import torch\ndef train(trial):\n    return torch.optim.AdamW(p, lr)",
    ],
)
def test_a_call_is_found_however_it_is_imported(text):
    (call,) = calls(text)

    assert (call.name, call.optimizer) == ("torch.optim.AdamW", "adamw")
    assert call.values == {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}
    assert call.texts == {"learning_rate": {"lr"}}


@pytest.mark.parametrize(
    "text",
    [
        "AdamW(p, lr)",
        "import mine\nmine.AdamW(p)",
        "from .torch import optim\noptim.Adam(p)",
        "import torch\ntorch.optim.Adam(p, **given)",
        "import torch\ntorch.optim.Adam(*given)",
        "import torch\ntorch.optim.Lion(p)",
        "import torch\nmake()(p)",
        "from transformers import TrainingArguments\nTrainingArguments('.', optim='adafactor')",
    ],
)
def test_what_cannot_be_told_is_no_call(text):
    assert calls(text) == []


@pytest.mark.parametrize(
    ("arguments", "optimizer"),
    [
        ("0.1", "sgd"),
        ("0.1, momentum=0", "sgd"),
        ("0.1, 0.9", "momentum"),
        ("0.1, momentum=trial['m']", "momentum"),
        ("0.1, 0.9, nesterov=True", "nesterov"),
        ("0.1, 0.9, nesterov=False", "momentum"),
    ],
)
def test_a_momentum_makes_another_optimizer_of_sgd(arguments, optimizer):
    (call,) = calls(f"import torch\ntorch.optim.SGD(p, {arguments})")

    assert call.optimizer == optimizer


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("import optax\noptax.adamw(1e-3, b2=0.95)", "beta2", 0.95),
        ("import optax\noptax.chain(optax.clip(1.0), optax.sgd(0.1, 0.9))", "momentum", 0.9),
        ("from tensorflow import keras\nkeras.optimizers.Adam(1e-3)", "epsilon", 1e-7),
        ("import keras\nkeras.optimizers.RMSprop(rho=0.95)", "rmsprop_decay", 0.95),
        ("import transformers as t\nt.TrainingArguments('.', adam_beta2=0.98)", "beta2", 0.98),
    ],
)
def test_other_libraries_call_theirs_by_other_names(text, name, value):
    (call,) = calls(text)

    assert call.values[name] == value


def default_of(parameter):
    """Its parts, as the catalogue's names have them."""
    value = parameter.default
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("name", OF_TORCH)
def test_the_table_says_what_pytorch_takes(name):
    known = library_calls()[name]
    parameters = inspect.signature(getattr(torch.optim, name.rpartition(".")[2])).parameters

    defaults = {
        entry: float(value)
        for argument, entries in known.arguments.items()
        for entry, value in zip(entries, default_of(parameters[argument]), strict=True)
    }

    assert defaults == dict(known.defaults)
    assert tuple(parameters)[known.behind :][: len(known.order)] == known.order

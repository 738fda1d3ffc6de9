"""Each optimizer against torch.optim where the rules agree, and against its formula where not."""

import math

import numpy as np
import pytest
import torch
from tests.train.needs_jax import jax, jnp
from tests.train.stacks import Told, plain, together, trial
from tests.train.update_rules import FIRST, RULES, STEPS, by_the_formula, height, loop
from tests.train.update_rules import GIVEN as CONSTANTS
from torch.optim import SGD, Adam, AdamW

from etude.train.optimizers import OPTIMIZERS

GIVEN = {"learning_rate": 0.1, "momentum": 0.9, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
GIVEN |= {"rmsprop_decay": 0.9, "weight_decay": 0.01}
START = [1.0, -2.0, 0.5]
SLOPES = torch.randn((6, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def ours(name, **given):
    """The parameters after each gradient."""
    rule, x = OPTIMIZERS[name], torch.tensor(START, dtype=torch.float64)
    m, v = rule.moments(x)
    path = []
    for update, d in enumerate(SLOPES, start=1):
        known = {**GIVEN, **given}
        corrections = {f"correction{i}": 1 - known[f"beta{i}"] ** update for i in (1, 2)}
        x, m, v = rule.update(x, d, m, v, {**known, **corrections})
        path.append(x.tolist())
    return np.array(path)


def torchs(make):
    x = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = make([x])
    path = []
    for d in SLOPES:
        x.grad = d.clone()
        optimizer.step()
        path.append(x.tolist())
    return np.array(path)


AGREEING = {
    "sgd": (lambda x: SGD(x, 0.1), {}),
    "momentum": (lambda x: SGD(x, 0.1, momentum=0.9), {}),
    "nesterov": (lambda x: SGD(x, 0.1, momentum=0.9, nesterov=True), {}),
    "adam": (lambda x: Adam(x, 0.1, betas=(0.8, 0.95), eps=0.0), {"epsilon": 0.0}),
    "adamw": (lambda x: AdamW(x, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.01), {}),
}


@pytest.mark.parametrize("name", AGREEING)
def test_where_the_rules_agree_it_is_torchs(name):
    make, given = AGREEING[name]

    np.testing.assert_allclose(ours(name, **given), torchs(make), rtol=1e-12)


def rmsprop(x, d, state, update):
    m, v = state.get("m", 0.0), state.get("v", 1.0)
    state["v"] = 0.9 * v + 0.1 * d**2
    state["m"] = 0.9 * m + 0.1 * d / math.sqrt(state["v"] + 1e-3)
    return x - state["m"]


def adam(x, d, state, update, *, ahead=False):
    state["m"] = 0.8 * state.get("m", 0.0) + 0.2 * d
    state["v"] = 0.95 * state.get("v", 0.0) + 0.05 * d**2
    bias = math.sqrt(1 - 0.95**update) / (1 - 0.8**update)
    m = 0.8 * state["m"] + 0.2 * d if ahead else state["m"]
    return x - 0.1 * bias * m / (math.sqrt(state["v"]) + 1e-3)


def nadam(x, d, state, update):
    return adam(x, d, state, update, ahead=True)


def written_out(rule):
    """The parameters after each gradient, one number at a time."""
    x, path = list(START), []
    states: list[dict[str, float]] = [{}, {}, {}]
    for update, d in enumerate(SLOPES.tolist(), start=1):
        x = [rule(x[i], d[i], states[i], update) for i in range(3)]
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize(("name", "rule"), [("rmsprop", rmsprop), ("adam", adam), ("nadam", nadam)])
def test_where_they_do_not_it_is_the_playbooks(name, rule):
    """L3, number by number."""
    np.testing.assert_allclose(ours(name), written_out(rule), rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rows_are_updated_as_each_alone(name):
    rule = OPTIMIZERS[name]
    x = torch.randn((4, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    d = x.cos()
    m, v = rule.moments(x)
    known = {**GIVEN, "correction1": 0.2, "correction2": 0.05}
    columns = {key: torch.full((4, 1), value, dtype=x.dtype) for key, value in known.items()}

    together = rule.update(x, d, m, v, columns)

    alone = [rule.update(x[i], d[i], m[i], v[i], known).x for i in range(4)]
    torch.testing.assert_close(together.x, torch.stack(alone), rtol=1e-14, atol=0)


@pytest.fixture(params=["alone", "stacked"])
def stacked(request):
    return request.param == "stacked"


@pytest.mark.rule("L3")
@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", RULES)
def test_training_moves_as_the_playbook_writes_it(tmp_path, library, name, stacked):
    given = {**CONSTANTS, "optimizer": name, "batch_size": 8, "weight_decay": 0.0, "evaluations": 1}

    with jax.enable_x64(True):
        trials = [trial(tmp_path, n, Told(), STEPS, **given) for n in range(2)]
        done = together(loop(library), trials)[0] if stacked else plain(loop(library), trials[0])

    np.testing.assert_allclose(done.values("train/loss"), by_the_formula(RULES[name]), rtol=1e-11)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_reads_whichever_library_the_numbers_are_of(name):
    losses = []

    with jax.enable_x64(True):
        x, m = (jnp.full(1, value) for value in (FIRST, 0.0))
        v = jnp.full(1, OPTIMIZERS[name].second or 0.0)
        for t in range(1, STEPS + 1):
            losses.append(float(height(x)[0]))
            both = {
                f"correction{i}": 1 - b**t
                for i, b in ((1, CONSTANTS["beta1"]), (2, CONSTANTS["beta2"]))
            }
            x, m, v = OPTIMIZERS[name].update(x, x**3 + 2 * (x - 2), m, v, {**CONSTANTS, **both})

    np.testing.assert_allclose(losses, by_the_formula(RULES[name]), rtol=1e-12)

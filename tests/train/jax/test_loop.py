"""A workload in JAX is trained as one in PyTorch is."""

import numpy as np
import pytest
import torch
from tests.train import jaxes
from tests.train.needs_jax import jax, jnp
from tests.train.stacks import Told, plain, together, trial

from etude.setting import NotedSetting
from etude.train.jax.checkpoints import State
from etude.train.jax.examples import Order, shuffled
from etude.train.jax.loop import Learner, Loop
from etude.train.jax.models import Model, network
from etude.train.jax.program import Program
from etude.train.optimizers import OPTIMIZERS
from etude.train.torch.examples import Order as TorchOrder
from etude.train.torch.loop import Loop as TorchLoop


@pytest.fixture
def exact():
    """Double precision, as PyTorch's tests have it."""
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("count", [1, 2, 60, 5000])
def test_examples_are_shuffled_as_pytorch_shuffles_them(count):
    expected = torch.randperm(count, generator=torch.Generator().manual_seed(2**31 - 1))

    assert shuffled(count, 2**31 - 1).tolist() == expected.tolist()


def test_the_order_of_examples_is_pytorchs():
    ours, theirs = (each(10, 4, seed=3).rows(1, 9) for each in (Order, TorchOrder))

    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_network_comes_to_the_same_values_as_in_pytorch(exact, tmp_path, optimizer):
    """The whole loop: order, loss, gradient, norm, clipping, decay, schedule, update, metrics."""
    given = {"optimizer": optimizer, "gradient_clip": 0.3, "schedule": "cosine", "warmup_steps": 5}

    ours = plain(Loop(jaxes.SAME), trial(tmp_path, 1, Told(), **given))

    theirs = plain(TorchLoop(jaxes.SAME_IN_TORCH), trial(tmp_path / "t", 1, Told(), **given))
    assert [row[:2] for row in ours.rows] == [row[:2] for row in theirs.rows]
    np.testing.assert_allclose(values(ours), values(theirs), rtol=1e-9, atol=1e-12)


def values(told):
    return [row[2] for row in told.rows]


def test_resumed_equals_uninterrupted_bit_for_bit(tmp_path):
    loop = Loop(jaxes.workload(), every_s=0.0)
    whole = plain(loop, trial(tmp_path, 1, Told(), dropout=0.3))

    resumed = plain(loop, trial(tmp_path, 1, Told(), dropout=0.3, resume_step=19))

    assert resumed.rows == [row for row in whole.rows if row[0] > 19]
    assert resumed.rows[0][0] == 20


def test_a_checkpoint_holds_the_parameters_by_their_paths(tmp_path):
    from safetensors.numpy import load_file

    plain(Loop(jaxes.workload(), every_s=0.0), trial(tmp_path, 1, Told()))

    model, moments = (
        load_file(tmp_path / "checkpoints" / "1" / "39" / f"{name}.safetensors")
        for name in ("model", "optimizer")
    )
    assert sorted(model) == ["hidden.bias", "hidden.kernel", "out.bias", "out.kernel"]
    assert model["hidden.kernel"].shape == (6, 8)
    assert {name: part.shape for name, part in moments.items()} == {"m": (74,), "v": (74,)}


def test_a_program_is_compiled_once_for_trials_for_which_python_reads_the_same(tmp_path):
    loop = Loop(jaxes.workload())

    for n, dropout in enumerate([0.1, 0.1, 0.2]):
        plain(loop, trial(tmp_path, n, Told(), steps=4, dropout=dropout))

    assert len(loop.programs) == 2
    assert [one.train._cache_size() for one in loop.programs] == [1, 1]


def test_two_calls_of_a_step_drop_other_activations(tmp_path):
    seen = []

    def loss(predict, batch, setting):
        seen.append((predict(batch[0]) - predict(batch[0])).std())
        return jaxes.loss(predict, batch, setting) + 0 * seen[-1] + seen[-1]

    told = plain(Loop(jaxes.workload(loss=loss)), trial(tmp_path, 1, Told(), steps=1, dropout=0.5))

    bare = plain(Loop(jaxes.workload()), trial(tmp_path, 1, Told(), steps=1, dropout=0.5))
    assert told.values("train/loss")[0] > bare.values("train/loss")[0] + 0.01


def test_a_program_that_was_never_traced_serves_no_other_setting():
    """What `loss` reads is not known then."""
    built = network(jaxes.workload(), jaxes.mlp({}), seed=0)
    one, other = (
        Program(jaxes.workload(), built.layout, NotedSetting(smoothing=each), ("sgd",), built.model)
        for each in (0.1, 0.2)
    )

    assert not one.fits(other)
    assert one.fits(one)


def test_what_apply_reads_when_it_is_called_is_noticed(tmp_path):
    def lazy(setting):
        return Model(lambda key: jnp.eye(6, 2), lambda params, x: setting["t"] * (x @ params))

    loop = Loop(jaxes.workload(lazy))
    told = [
        plain(loop, trial(tmp_path, 1, Told(), steps=1, t=t)).values("train/loss")[0]
        for t in (1.0, 2.0)
    ]

    assert len(loop.programs) == 2
    assert told[0] != told[1]


def test_an_evaluation_on_training_examples_is_the_same_alone_and_in_a_stack(tmp_path):
    loop = Loop(jaxes.workload())
    asked = {"steps": 12, "evaluations": 3, "evaluate_training": 20}
    alone = [plain(loop, trial(tmp_path / "a", number, Told(), **asked)) for number in range(2)]

    stacked = together(loop, [trial(tmp_path / "b", n, Told(), **asked) for n in range(2)])

    for one, other in zip(alone, stacked, strict=True):
        assert len(one.values("train/error")) == 3
        assert one.values("train/error").tolist() == other.values("train/error").tolist()
        assert one.values("valid/error").tolist() == other.values("valid/error").tolist()


def test_trials_of_several_splits_share_a_program_and_not_their_examples(tmp_path):
    loop = Loop(jaxes.workload())

    told = [
        plain(loop, trial(tmp_path / str(seed), 1, Told(), split_seed=seed)) for seed in (1, 2, 1)
    ]

    assert values(told[0]) == values(told[2]) != values(told[1])
    assert len(loop.programs) == 1


@pytest.mark.parametrize(
    ("before", "now", "kept"), [("nesterov", "adam", False), ("adam", "adamw", True)]
)
def test_another_optimizer_goes_on_with_moments_only_where_they_are_its_own(
    tmp_path, before, now, kept
):
    loop = Loop(jaxes.workload(), every_s=0.0)
    plain(loop, trial(tmp_path, 1, Told(), optimizer=before))
    (folder,) = [one for one in tmp_path.rglob("19") if one.is_dir()]

    learner = Learner(loop, trial(tmp_path, 1, Told(), optimizer=now))
    learner.put(State.load(folder))

    assert bool(learner.state().moments["m"].any()) is kept
    assert learner.state().origin.begun == (0 if kept else 20)

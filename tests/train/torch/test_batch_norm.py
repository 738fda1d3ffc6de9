"""Ghost batch norm: by hand, against the plain one, in distribution, and in a stack."""

import math

import pytest
import torch
from tests.train.stacks import Told, plain, together, trial
from torch import nn
from torch.nn import functional as F

from etude.errors import WorkloadError
from etude.train.gate import CLOSE
from etude.train.torch.batch_norm import GhostBatchNorm, examples_behind, metrics, with_groups
from etude.train.torch.loop import Loop
from etude.train.torch.synchronized import with_all_ranks
from etude.train.workload import Workload

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def inputs_of(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def same_bits(one, other):
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in BUFFERS)


def test_two_groups_by_hand():
    norm = GhostBatchNorm(1, group=2, eps=1e-12, momentum=0.5)

    outputs = norm(torch.tensor([[1.0], [3.0], [10.0], [30.0]]))

    # Means 2 and 20, deviations 1 and 10.
    assert outputs.flatten().tolist() == pytest.approx([-1.0, 1.0, -1.0, 1.0])
    # Half of the way to 2, then to 20; unbiased variances 2 and 200, from 1.
    assert norm.running_mean.tolist() == [0.25 * 0 + 0.25 * 2 + 0.5 * 20]
    assert norm.running_var.tolist() == [0.25 * 1 + 0.25 * 2 + 0.5 * 200]


def test_a_sample_by_hand():
    norm = GhostBatchNorm(1, group=2, samples=True, eps=1e-12, momentum=0.5)

    outputs = norm(torch.tensor([[1.0], [7.0], [3.0], [9.0]]))

    # Of positions 0 and 2, whose mean is 2 and deviation 1, for all four.
    assert outputs.flatten().tolist() == pytest.approx([-1.0, 5.0, 1.0, 7.0])
    assert (norm.running_mean.item(), norm.running_var.item()) == (1.0, 1.5)


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("size", [2, 63, 64])
def test_a_batch_of_one_group_is_plain_batch_norm_bit_for_bit(size, samples):
    inputs = inputs_of(size, 3, 2, 2).requires_grad_()
    same = inputs.detach().clone().requires_grad_()
    ghost, alone = GhostBatchNorm(3, samples=samples).double(), nn.BatchNorm2d(3).double()

    outputs = ghost(inputs), alone(same)
    (outputs[0] ** 3).sum().backward()
    (outputs[1] ** 3).sum().backward()

    assert torch.equal(*outputs)
    assert torch.equal(inputs.grad, same.grad)
    assert torch.equal(ghost.weight.grad, alone.weight.grad)
    assert same_bits(ghost, alone)


@pytest.mark.parametrize(("size", "groups"), [(127, 1), (128, 2), (130, 2), (200, 3), (449, 7)])
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.rule("B2")
def test_groups_are_plain_batch_norm_of_each_in_order(size, groups, momentum):
    """Also where the batch is no multiple of 64: every group has 64 at least."""
    inputs = inputs_of(size, 3)
    ghost = GhostBatchNorm(3, momentum=momentum).double()
    alone = nn.BatchNorm1d(3, momentum=momentum).double()

    outputs = ghost(inputs)
    expected = torch.cat([alone(part) for part in inputs.tensor_split(groups)])

    assert torch.equal(outputs, expected)
    assert same_bits(ghost, alone)
    assert min(map(len, inputs.tensor_split(groups))) >= 64


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_sample_is_normalized_as_plain_batch_norm_does_it(momentum):
    inputs, places = inputs_of(130, 3, 4), torch.arange(64) * 130 // 64
    ghost = GhostBatchNorm(3, samples=True, momentum=momentum).double()
    alone = nn.BatchNorm1d(3, momentum=momentum).double()

    outputs = [ghost(inputs) for _ in range(3)][-1]
    expected = [alone(inputs[places]) for _ in range(3)][-1]

    torch.testing.assert_close(outputs[places], expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ghost.running_var, alone.running_var, rtol=1e-12, atol=0)
    assert ghost.num_batches_tracked == alone.num_batches_tracked


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("affine", [False, True])
def test_a_sample_in_half_precision_has_finite_averages_and_stays_half(dtype, affine):
    inputs = (300 * inputs_of(16, 3)).to(dtype)  # whose variance is more than a half counts to
    ghost = GhostBatchNorm(3, group=4, samples=True, affine=affine)
    single = GhostBatchNorm(3, group=4, samples=True, affine=affine)

    outputs, expected = ghost(inputs), single(inputs.float())

    assert outputs.dtype == dtype
    assert torch.equal(outputs, expected.to(dtype))
    assert same_bits(ghost, single)
    assert ghost.running_var.isfinite().all()


@pytest.mark.parametrize("samples", [False, True])
def test_evaluation_is_by_the_moving_averages(samples):
    ghost, alone = GhostBatchNorm(3, group=8, samples=samples), nn.BatchNorm1d(3)
    ghost(inputs_of(40, 3).float())
    alone.load_state_dict(ghost.state_dict())

    outputs = ghost.eval()(inputs_of(40, 3, seed=1).float())

    assert torch.equal(outputs, alone.eval()(inputs_of(40, 3, seed=1).float()))


@pytest.mark.parametrize("samples", [False, True])
def test_without_affine_and_averages_it_normalizes_by_the_batch_in_evaluation_too(samples):
    ghost = GhostBatchNorm(3, group=8, samples=samples, affine=False, track_running_stats=False)

    outputs = ghost.eval()(inputs_of(8, 3).float().repeat_interleave(2, 0))

    # Both copies of an example are normalized alike, and each of 8 examples counts once.
    assert torch.equal(outputs[::2], outputs[1::2])
    assert abs(outputs.mean()) < 1e-6
    assert list(ghost.state_dict()) == []


def test_noise_of_groups_is_what_theory_says():
    """Of n standard normal values, (x - m) / s lies off x by sqrt(1.5 / n): m by 1 / n, s by half.

    So an output of groups of 16 is off by 1.5 / 16 in square, to the first order, whatever the
    batch; that of one group of 256 by 1.5 / 256.
    """
    inputs = inputs_of(256, 4000)

    off = [
        (GhostBatchNorm(4000, group=group, eps=1e-12).double()(inputs) - inputs)
        .square()
        .mean()
        .item()
        for group in (16, 256)
    ]

    assert off == pytest.approx([1.5 / 16, 1.5 / 256], rel=0.1)


def test_noise_of_a_sample_is_that_of_one_group_and_heavier_on_what_it_leaves_out():
    """A value in its sample draws mean and deviation after it: off by 1.5 / n in square.

    One that is left out knows neither: (1 + 1 / n) E[1 / s^2] - 2 E[1 / s] + 1, where n s^2 is
    chi-squared with n - 1 degrees of freedom.
    """
    inverse = math.sqrt(32 / 2) * math.exp(math.lgamma(30 / 2) - math.lgamma(31 / 2))
    inputs, places = inputs_of(512, 4000), torch.arange(32) * 512 // 32

    outputs = GhostBatchNorm(4000, group=32, samples=True, eps=1e-12).double()(inputs)
    off = (outputs - inputs).square().mean(1)

    is_sample = torch.zeros(512, dtype=torch.bool)
    is_sample[places] = True
    assert off[is_sample].mean().item() == pytest.approx(1.5 / 32, rel=0.1)
    left_out = (1 + 1 / 32) * 32 / 29 - 2 * inverse + 1
    assert off[~is_sample].mean().item() == pytest.approx(left_out, rel=0.05)


def test_outputs_of_groups_have_the_moments_of_plain_ones():
    inputs = 3.0 + 2.0 * inputs_of(256, 2000)

    ghost = GhostBatchNorm(2000).double()(inputs)
    alone = nn.BatchNorm1d(2000).double()(inputs)

    assert ghost.mean().item() == pytest.approx(alone.mean().item(), abs=1e-9)
    assert ghost.var().item() == pytest.approx(alone.var().item(), rel=1e-4)
    assert (ghost**4).mean().item() == pytest.approx((alone**4).mean().item(), rel=0.03)


def test_the_gradient_of_a_group_knows_no_shift_and_no_scale():
    """What batch norm takes out of a batch, its gradient has none of, here group by group."""
    inputs = inputs_of(96, 5).requires_grad_()
    weights = inputs_of(96, 5, seed=1)

    (GhostBatchNorm(5, group=32, eps=1e-12).double()(inputs) * weights).sum().backward()
    parts = zip(inputs.detach().split(32), inputs.grad.split(32), strict=True)
    sums = [
        (slopes.sum(0).abs().max(), (slopes * part).sum(0).abs().max()) for part, slopes in parts
    ]

    assert torch.tensor(sums).max() < 1e-9


def ghost_workload(samples):
    images = inputs_of(90, 1, 4, 4)
    labels = (images.mean((1, 2, 3)) > 0).long()

    def model(setting):
        layers = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2)
        )
        return with_groups(layers, 4, samples=samples).double()

    return Workload(
        model=model,
        loss=lambda predict, batch, setting: F.cross_entropy(predict(batch[0]), batch[1]),
        metrics=lambda predict, batch: {
            "error": (predict(batch[0]).argmax(1) != batch[1]).double()
        },
        training=(images[:60], labels[:60]),
        validation=(images[60:], labels[60:]),
    )


@pytest.mark.parametrize("samples", [False, True])
def test_a_stack_trains_ghosts_as_each_trial_does_alone(tmp_path, samples):
    loop = Loop(ghost_workload(samples))
    given = {"steps": 12, "batch_size": 11, "optimizer": "sgd"}

    alone = [plain(loop, trial(tmp_path / "a", n, Told(), **given)) for n in range(3)]
    stacked = together(loop, [trial(tmp_path, n, Told(), **given) for n in range(3)])

    assert [[row[:2] for row in one.rows] for one in stacked] == [
        [row[:2] for row in one.rows] for one in alone
    ]
    values = [
        torch.tensor([row[2] for one in both for row in one.rows]) for both in (alone, stacked)
    ]
    assert (values[0] - values[1]).abs().max() < CLOSE


def test_the_loop_logs_the_examples_of_a_statistic_with_its_first_step(tmp_path):
    told = plain(
        Loop(ghost_workload(samples=False)), trial(tmp_path, 0, Told(), steps=5, batch_size=11)
    )

    assert [row for row in told.rows if row[1] == "batch_norm/examples"] == [
        (0, "batch_norm/examples", 5.0)
    ]


NET = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3))


@pytest.mark.parametrize(
    ("module", "batch_size", "examples"),
    [
        (nn.Linear(2, 2), 32, None),
        (nn.LayerNorm(3), 32, None),
        (nn.InstanceNorm2d(3, track_running_stats=True), 32, None),
        (nn.BatchNorm1d(3), 32, 32),
        (nn.BatchNorm1d(3).eval(), 32, None),
        (nn.BatchNorm1d(3, track_running_stats=False).eval(), 32, 32),
        (GhostBatchNorm(3), 32, 32),
        (GhostBatchNorm(3), 200, 66),
        (GhostBatchNorm(3, samples=True), 200, 64),
        (with_all_ranks(nn.BatchNorm1d(3)), 32, 128),
        (nn.SyncBatchNorm(3), 32, 128),
        (nn.ModuleList([nn.BatchNorm1d(3), GhostBatchNorm(3)]), 200, 66),
    ],
)
def test_the_examples_behind_a_statistic(module, batch_size, examples):
    assert examples_behind(module, batch_size, ranks=4) == examples


def test_a_module_without_batch_norm_logs_nothing():
    assert metrics(nn.LayerNorm(3), 32) == {}


def test_a_module_with_groups_keeps_its_parameters_and_its_checkpoints():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Sequential(nn.BatchNorm2d(3, eps=0.1)))
    before, names = list(net.parameters()), list(net.state_dict())

    ghost = with_groups(net.eval(), 16)

    assert ghost is net
    assert [id(part) for part in ghost.parameters()] == [id(part) for part in before]
    assert list(ghost.state_dict()) == names
    inner = ghost.get_submodule("1.0")
    assert vars(inner).items() >= {"group": 16, "eps": 0.1, "training": False}.items()


@pytest.mark.parametrize("group", [1, 0, -4])
def test_a_group_that_cannot_be_is_refused(group):
    with pytest.raises(WorkloadError, match="two examples or more"):
        GhostBatchNorm(3, group=group)


def test_inputs_without_channels_are_refused():
    with pytest.raises(WorkloadError, match=r"\(B, C\)"):
        GhostBatchNorm(3)(torch.zeros(3))


def test_one_example_is_refused_as_plain_batch_norm_does():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        GhostBatchNorm(3)(torch.zeros(1, 3))

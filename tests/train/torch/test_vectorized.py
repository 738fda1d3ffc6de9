"""A trial in a stack is the trial that it is alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.train.stacks import Told, drained, plain, stack_of, together, trial
from tests.train.workloads import WORKLOADS
from torch import nn

from etude.errors import Infeasible
from etude.train.optimizers import OPTIMIZERS
from etude.train.torch.checkpoints import State
from etude.train.torch.loop import Learner, Loop
from etude.train.torch.member import Member

LOOSE = {"rmsprop": 1e-7, "nadam": 1e-7}


@pytest.fixture(params=WORKLOADS)
def loop(request):
    return Loop(WORKLOADS[request.param])


def test_a_stack_of_all_optimizers_tells_what_each_trial_tells_alone(loop, tmp_path):
    """`benchmarks/equivalence.py` asks it of 200 steps and networks of a real size."""
    given = {"dropout": 0.25, "gradient_clip": 1.0, "steps": 60}
    alone = [
        plain(loop, trial(tmp_path / "a", n, Told(), optimizer=name, **given))
        for n, name in enumerate(OPTIMIZERS)
    ]

    stacked = together(
        loop,
        [trial(tmp_path, n, Told(), optimizer=name, **given) for n, name in enumerate(OPTIMIZERS)],
    )

    assert places(stacked) == places(alone)
    loose = [LOOSE.get(name, 1e-9) for name in OPTIMIZERS]
    assert (apart(stacked, alone) <= loose).all()


def apart(several, others):
    """The largest relative distance between the values of two runs of each trial."""
    found, expected = numbers(several), numbers(others)
    return (abs(found - expected) / np.maximum(abs(expected), 1e-12)).max(1)


def places(several):
    return [[row[:2] for row in told.rows] for told in several]


def numbers(several):
    # The first trial alone tells of the data.
    own = [[row for row in told.rows if not row[1].startswith("data/")] for told in several]
    return np.array([[row[2] for row in rows] for rows in own])


@pytest.mark.parametrize("optimizer", ["nesterov", "adam"])
def test_the_gradients_of_the_first_step_are_those_of_each_trial_alone(loop, tmp_path, optimizer):
    given = {"optimizer": optimizer, "dropout": 0.25}
    alone = [plain(loop, trial(tmp_path / "a", n, Told(), steps=1, **given)) for n in range(4)]

    stacked = together(loop, [trial(tmp_path, n, Told(), steps=1, **given) for n in range(4)])

    norms = [[one.values("grad_norm") for one in each] for each in (alone, stacked)]
    np.testing.assert_allclose(norms[1], norms[0], rtol=1e-10)


def test_a_diverging_neighbour_changes_no_bit(loop, tmp_path):
    calm = [trial(tmp_path, n, Told(), dropout=0.2) for n in range(3)]
    wild = trial(tmp_path, 9, Told(), optimizer="sgd", learning_rate=1e200, dropout=0.2)
    expected = together(loop, [trial(tmp_path / "b", n, Told(), dropout=0.2) for n in range(3)])

    *found, diverged = together(loop, [wild, *calm])

    assert [one.rows for one in found] == [one.rows for one in expected]
    assert isinstance(diverged.error, Infeasible)
    assert not np.isfinite(diverged.rows[-2:][0][2]) or diverged.error.reason == "diverged"


@pytest.mark.parametrize("width", [2, 5, 8])
def test_a_trial_is_the_same_bits_in_any_stack(loop, tmp_path, width):
    mixed = [["adam", "nesterov", "sgd"][n % 3] for n in range(width)]
    expected = together(loop, [trial(tmp_path / "b", n, Told()) for n in range(2)])

    found = together(
        loop,
        [trial(tmp_path, n, Told(), optimizer=mixed[n] if n else "adam") for n in range(width)],
    )

    assert found[0].rows == expected[0].rows


def test_a_trial_that_joins_late_is_the_trial_that_began_at_once(loop, tmp_path):
    expected = together(loop, [trial(tmp_path / "b", n, Told()) for n in range(4)])
    stack = stack_of(loop, [trial(tmp_path, n, Told()) for n in range(2)])
    stack.advance()
    late = stack_of(loop, [trial(tmp_path, n, Told()) for n in range(2, 4)])

    stack.join(late.members)

    assert [one.rows for one in drained(stack)] == [one.rows for one in expected]


@pytest.mark.parametrize("together_or_plain", ["plain", "stack"])
def test_resumed_equals_uninterrupted_bit_for_bit(loop, tmp_path, together_or_plain):
    each = Loop(loop.workload, every_s=0.0)
    train = {
        "plain": lambda trials: [plain(each, one) for one in trials],
        "stack": lambda trials: together(each, trials),
    }[together_or_plain]
    whole = train([trial(tmp_path, n, Told(), dropout=0.3) for n in range(2)])

    resumed = train([trial(tmp_path, n, Told(), dropout=0.3, resume_step=19) for n in range(2)])

    assert [one.rows for one in resumed] == [
        [row for row in one.rows if row[0] > 19] for one in whole
    ]
    assert resumed[0].rows[0][0] == 20


def test_a_checkpoint_of_a_stack_is_read_by_the_plain_loop(loop, tmp_path):
    each = Loop(loop.workload, every_s=0.0)
    whole = together(each, [trial(tmp_path, n, Told(), dropout=0.3) for n in range(2)])

    resumed = plain(each, trial(tmp_path, 1, Told(), dropout=0.3, resume_step=19))

    found, expected = (one.values("train/loss") for one in (resumed, whole[1]))
    np.testing.assert_allclose(found, expected[20:], rtol=1e-9)


def test_halves_of_a_stack_go_on_as_the_whole(loop, tmp_path):
    expected = together(loop, [trial(tmp_path / "b", n, Told()) for n in range(4)])
    stack = stack_of(loop, [trial(tmp_path, n, Told()) for n in range(4)])
    stack.advance()

    halves = stack.split(2)

    assert [one.rows for half in halves for one in drained(half)] == [one.rows for one in expected]


def test_a_stack_on_another_split_comes_to_the_values_of_its_trials_alone(loop, tmp_path):
    folders = [tmp_path / "together", tmp_path / "alone", tmp_path / "given"]
    given = [{"split_seed": 4}, {"split_seed": 4}, {}]
    trials = [
        [trial(folder, n, Told(), **more) for n in range(3)]
        for folder, more in zip(folders, given, strict=True)
    ]

    stacked = together(loop, trials[0])

    assert apart(stacked, [plain(loop, one) for one in trials[1]]).max() < 1e-9
    assert apart(stacked, [plain(loop, one) for one in trials[2]]).min() > 1e-6


def test_trials_of_two_splits_share_no_stack(tmp_path):
    loop = Loop(WORKLOADS["mlp"])

    members = [Member(loop, trial(tmp_path, 1, Told(), split_seed=seed)) for seed in (4, 5, 4)]

    assert members[0].signature == members[2].signature != members[1].signature


def two_dropouts(setting):
    first, second = nn.Dropout(setting["first"]), nn.Dropout(setting["second"])
    return nn.Sequential(nn.Linear(6, 8), first, nn.Tanh(), second, nn.Linear(8, 2)).double()


def test_a_dropout_that_drops_nothing_moves_no_mask_of_the_next(tmp_path):
    loop = Loop(replace(WORKLOADS["mlp"], model=two_dropouts))
    rates = [{"first": 0.0, "second": 0.3}, {"first": 0.2, "second": 0.3}]
    alone = [
        plain(loop, trial(tmp_path / "a", n, Told(), steps=20, **one))
        for n, one in enumerate(rates)
    ]

    stacked = together(
        loop, [trial(tmp_path, n, Told(), steps=20, **one) for n, one in enumerate(rates)]
    )

    assert apart(stacked, alone).max() <= 1e-9


def test_a_number_that_only_one_trial_has_parts_stacks(tmp_path):
    loop = Loop(WORKLOADS["mlp"])
    given = [{}, {"label_smoothing": 0.1}]

    members = [Member(loop, trial(tmp_path, n, Told(), **one)) for n, one in enumerate(given)]

    assert members[0].signature != members[1].signature


@pytest.mark.parametrize(
    ("before", "now", "kept"), [("nesterov", "adam", False), ("adam", "adamw", True)]
)
def test_another_optimizer_goes_on_with_moments_only_where_they_are_its_own(
    tmp_path, before, now, kept
):
    """A population may change the optimizer: what was a velocity is no mean of gradients."""
    loop = Loop(WORKLOADS["mlp"], every_s=0.0)
    plain(loop, trial(tmp_path, 1, Told(), optimizer=before))
    (folder,) = [one for one in tmp_path.rglob("19") if one.is_dir()]
    parent = State.load(folder)

    alone = Learner(loop, trial(tmp_path, 1, Told(), optimizer=now))
    alone.put(parent)
    member = Member(loop, trial(tmp_path, 1, Told(), optimizer=now, resume_step=19))
    member.begin()

    for state in (alone.state(), member.state(member.row)):
        has_moments = bool(state.moments["m"].any())
        assert has_moments is kept
        # Young moments are corrected for their own age.
        assert state.origin.begun == (0 if kept else 20)
        assert all((state.model[name] == part).all() for name, part in parent.model.items())

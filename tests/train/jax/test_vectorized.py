"""A trial in a stack of JAX is the trial that it is alone."""

import numpy as np
import pytest
from tests.train import jaxes
from tests.train.needs_jax import jax, jnp
from tests.train.stacks import Told, drained, plain, stack_of, together, trial

from etude.errors import Infeasible
from etude.train.jax.loop import Loop

LOOSE = {"rmsprop": 1e-7}


def smoothed(predict, batch, setting):
    """The setting's numbers are read in the loss as well."""
    logits = predict(batch[0])
    missed = jaxes.cross_entropy(logits, batch[1])
    return (missed + setting["smoothing"] * jnp.square(logits).mean(-1)).mean()


@pytest.fixture(scope="module")
def loop():
    return Loop(jaxes.workload(loss=smoothed), every_s=0.0)


def trials(folder, numbers=range(3), **given):
    """Trials that differ in what model and loss read."""
    return [
        trial(folder, n, Told(), dropout=0.1 * (n + 1), smoothing=0.1 * n, **given) for n in numbers
    ]


def test_a_stack_of_several_optimizers_tells_what_each_trial_tells_alone(tmp_path):
    """200 steps in double precision, with every number different in every trial."""
    given = {"gradient_clip": 1.0, "steps": 200, "evaluations": 4}
    names = ["rmsprop", "adamw", "nesterov"]
    with jax.enable_x64(True):
        loop = Loop(jaxes.workload(loss=smoothed))
        alone, several = (
            [trials(tmp_path / at, [n], optimizer=name, **given)[0] for n, name in enumerate(names)]
            for at in "ab"
        )
        expected = [plain(loop, one) for one in alone]

        stacked = together(loop, several)

    assert [places(one) for one in stacked] == [places(one) for one in expected]
    apart = [distance(one, other) for one, other in zip(stacked, expected, strict=True)]
    assert (apart <= np.array([LOOSE.get(name, 1e-9) for name in names])).all()


def places(told):
    return [row[:2] for row in told.rows]


def distance(told, other):
    found, expected = (np.array([row[2] for row in each.rows]) for each in (told, other))
    return (abs(found - expected) / np.maximum(abs(expected), 1e-12)).max()


def test_a_diverging_neighbour_changes_no_bit(loop, tmp_path):
    wild = {"optimizer": "sgd", "learning_rate": 1e30}
    tame = {"optimizer": "sgd", "learning_rate": 1e-3}
    found, expected = (
        together(loop, [*trials(tmp_path / at), *trials(tmp_path / at, [3], **one)])
        for at, one in (("a", wild), ("b", tame))
    )

    assert [one.rows for one in found[:3]] == [one.rows for one in expected[:3]]
    assert isinstance(found[3].error, Infeasible)
    assert expected[3].error is None


def test_a_trial_that_joins_late_takes_a_free_row_and_is_the_trial_that_it_is_alone(loop, tmp_path):
    expected = together(loop, trials(tmp_path / "a", range(4)))
    stack = stack_of(loop, trials(tmp_path / "b"))
    stack.advance()
    late = stack_of(loop, trials(tmp_path / "b", [3]))

    stack.join(late.members)

    found = drained(stack)
    assert len(stack._rows) == 4
    assert [places(one) for one in found] == [places(one) for one in expected]
    assert max(map(distance, found, expected)) < 1e-3


def test_resumed_in_a_stack_equals_uninterrupted_bit_for_bit(loop, tmp_path):
    whole = together(loop, trials(tmp_path))

    resumed = together(loop, trials(tmp_path, resume_step=19))

    assert [one.rows for one in resumed] == [
        [row for row in one.rows if row[0] > 19] for one in whole
    ]
    assert resumed[0].rows[0][0] == 20


def test_a_checkpoint_of_a_stack_is_read_by_the_plain_loop(loop, tmp_path):
    whole = together(loop, trials(tmp_path))

    resumed = plain(loop, trials(tmp_path, [1], resume_step=19)[0])

    found, expected = (one.values("train/loss") for one in (resumed, whole[1]))
    np.testing.assert_allclose(found, expected[20:], rtol=1e-4)


def test_halves_of_a_stack_go_on_as_the_whole(loop, tmp_path):
    expected = together(loop, trials(tmp_path / "a", range(4)))
    stack = stack_of(loop, trials(tmp_path / "b", range(4)))
    stack.advance()

    halves = stack.split(2)

    found = [one for half in halves for one in drained(half)]
    assert [places(one) for one in found] == [places(one) for one in expected]
    assert max(map(distance, found, expected)) < 1e-3


def test_what_differs_and_is_no_number_cannot_be_read(tmp_path):
    def loss(predict, batch, setting):
        return jaxes.loss(predict, batch, setting) * setting.get("warmup_steps", 1)

    stack = stack_of(
        Loop(jaxes.workload(loss=loss)),
        [trial(tmp_path, n, Told(), warmup_steps=n) for n in range(2)],
    )

    with pytest.raises(ValueError, match="Python reads `warmup_steps` of the setting, in which"):
        stack.advance()

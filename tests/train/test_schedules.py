"""Schedules: a constant phase shifts the decay, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.train.recipe import recipe
from etude.train.schedules import SCHEDULES, Schedule

LENGTHS = st.integers(0, 40)


@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    warmup=LENGTHS,
    decay=st.integers(1, 40),
    held=LENGTHS,
    added=LENGTHS,
)
def test_a_longer_constant_phase_is_the_old_schedule_shifted(name, warmup, decay, held, added):
    given_ = {"name": name, "warmup_steps": warmup, "decay_steps": decay, "final_factor": 0.1}
    before = Schedule(constant_steps=held, **given_).factors(0, 150)

    after = Schedule(constant_steps=held + added, **given_).factors(0, 150 + added)

    assert after[:warmup].tolist() == before[:warmup].tolist()
    assert (after[warmup : warmup + held + added] == 1.0).all()
    assert after[warmup + held + added :].tolist() == before[warmup + held :].tolist()


def rates(max_steps, **setting):
    usual = {"optimizer": "sgd", "learning_rate": 1.0, "batch_size": 1, "schedule": "linear"}
    return recipe({**usual, **setting}, max_steps).moving(0, max_steps)[0]


def test_without_decay_steps_the_decay_takes_what_the_warmup_and_the_constant_phase_leave():
    shorter = rates(10, warmup_steps=2)

    longer = rates(16, warmup_steps=2, constant_steps=6)

    np.testing.assert_allclose(longer[8:], shorter[2:])
    assert longer[:8].tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("given", [{}, {"constant_steps": 0}, {"constant_steps": -3}])
def test_without_a_constant_phase_nothing_changes(given):
    assert rates(4, **given).tolist() == [1.0, 0.75, 0.5, 0.25]

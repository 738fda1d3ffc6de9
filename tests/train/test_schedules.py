"""Schedules: a constant phase shifts the decay, and nothing else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.errors import WorkloadError
from etude.experiment.pieces import Piece
from etude.train.recipe import recipe
from etude.train.schedules import SCHEDULES, Schedule

LENGTHS = st.integers(0, 40)
# Each with what it cannot do without.
WHOLE: dict[str, dict[str, Any]] = {name: {"schedule": name} for name in SCHEDULES}
WHOLE["piecewise"]["schedule_pieces"] = "0:1 5:0.5 20:0.25"
WHOLE["exponential"]["final_factor"] = 0.01


@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    warmup=LENGTHS,
    decay=st.integers(1, 40),
    held=LENGTHS,
    added=LENGTHS,
)
def test_a_longer_constant_phase_is_the_old_schedule_shifted(name, warmup, decay, held, added):
    given_ = {"name": name, "warmup_steps": warmup, "decay_steps": decay, "final_factor": 0.1}
    given_ |= {"pieces": (Piece(0, 1.0), Piece(7, 0.3), Piece(30, 0.1))}
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


def test_a_warmup_of_any_schedule_rises_in_a_straight_line_to_the_full_rate():
    ramps = [rates(40, warmup_steps=4, **WHOLE[name])[:5].tolist() for name in SCHEDULES]

    assert ramps == [[0.25, 0.5, 0.75, 1.0, 1.0]] * len(SCHEDULES)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
def test_every_decay_begins_after_the_constant_phase(name):
    given = {"decay_steps": 10, "constant_steps": 6, **WHOLE[name]}

    found = rates(40, **given)

    assert (found[:7] == 1.0).all()
    assert (np.diff(found) <= 0.0).all()
    assert found[-1] < 1.0


@pytest.mark.parametrize("given", [{"warmup_steps": 100}, {"warmup_fraction": 0.1}])
def test_an_inverse_square_root_falls_as_the_transformers_does_by_its_warmup(given):
    """Vaswani et al. 2017, equation 3, in units of its highest rate; steps count from 0 here."""
    steps = np.arange(1000)

    found = rates(1000, schedule="inverse_sqrt", **given)

    transformer = np.minimum(np.maximum(steps, 1) ** -0.5, steps * 100**-1.5) / 100**-0.5
    np.testing.assert_allclose(found[100:], transformer[100:], rtol=1e-12)
    np.testing.assert_allclose(found[:100], transformer[1:101], rtol=1e-12)


def test_without_a_warmup_its_time_scale_has_a_name():
    found = rates(1001, schedule="inverse_sqrt", decay_steps=100)

    np.testing.assert_allclose(found, (1 + np.arange(1001) / 100) ** -0.5)


def test_it_falls_no_lower_than_the_final_factor_and_never_ends_before():
    found = rates(1000, schedule="inverse_sqrt", decay_steps=100, final_factor=0.5)

    assert (found[300:] == 0.5).all()
    assert (np.diff(found[:301]) < 0.0).all()


def test_pieces_hold_until_the_next_one_begins():
    found = rates(10, schedule="piecewise", schedule_pieces="0:1 3:0.1 7:0.5 20:0.2")

    assert found.tolist() == [1.0] * 3 + [0.1] * 4 + [0.5] * 3


def test_a_warmup_shifts_the_pieces_and_rises_to_the_first():
    found = rates(7, schedule="piecewise", schedule_pieces="0:0.5 3:0.1", warmup_steps=2)

    assert found.tolist() == [0.25, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"schedule": "piecewise"},
            "The loop needs `schedule_pieces` in every trial. Write for example "
            'schedule_pieces = "0:1 3000:0.1" in [fixed]',
        ),
        (
            {"schedule": "inverse_sqrt"},
            "An inverse square root falls by it, or else by its warmup, as its time scale.",
        ),
        ({"schedule": "inverse_sqt"}, "Did you mean `inverse_sqrt`?"),
        (
            {"schedule": "piecewise", "schedule_pieces": "2:1 x:y"},
            "cannot read `schedule_pieces`: the step 'x' is no whole number from 0 on; the factor "
            "'y' is no number from 0 on; the first step is 2, not 0.",
        ),
    ],
)
def test_a_schedule_that_the_loop_cannot_read_is_refused_with_the_way_out(given, said):
    with pytest.raises(WorkloadError) as refused:
        rates(10, **given)

    assert said in str(refused.value)


def test_what_a_schedule_needs_is_named_with_all_else_that_is_missing():
    with pytest.raises(WorkloadError, match="needs `learning_rate`, `batch_size`, `decay_steps`"):
        recipe({"optimizer": "sgd", "schedule": "inverse_sqrt"}, 10)


def test_all_values_that_cannot_be_are_named_at_once():
    given = {"warmup_steps": -2, "decay_steps": 0, "final_factor": -0.1, "learning_rate": -1.0}

    with pytest.raises(ValueError, match=r"learning_rate.*warmup_steps.*final_factor.*time scale"):
        rates(10, schedule="inverse_sqrt", **given)


@pytest.mark.parametrize("given", [{"warmup_steps": 0}, {"decay_steps": 0}])
def test_a_time_scale_of_no_steps_is_its_trials_fault(given):
    with pytest.raises(ValueError, match="`inverse_sqrt` has 0 steps as its time scale"):
        rates(10, schedule="inverse_sqrt", **given)

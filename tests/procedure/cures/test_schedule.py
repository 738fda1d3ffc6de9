"""A warmup is put before all that the schedule does, and its decay is only shifted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.cures.schedule import prepended, present_warmup, ramp_and_hold
from etude.train.recipe import recipe

PLAIN = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 8}


def known(**schedule: Any) -> Known:
    setting = {**PLAIN, **schedule}
    experiment = Experiment(metric="valid/loss", max_steps=10_000, trials=1, fixed=setting)
    return Known(base=experiment, setting=setting, own_loop=True)


@pytest.mark.rule("D8", "D14")
@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"schedule": "linear"},
        {"schedule": "cosine", "final_factor": 0.1},
        {"schedule": "linear", "constant_steps": 6000, "decay_steps": 3000},
        {"schedule": "cosine", "decay_fraction": 0.4},
        {"schedule": "exponential", "final_factor": 0.01, "constant_steps": 500},
    ],
)
def test_ten_thousand_and_a_thousand_are_eleven_and_the_decay_keeps_its_shape(
    schedule: dict[str, Any],
) -> None:
    before = known(**schedule)

    warmed = prepended(before, before.setting, 1000)

    old = recipe(before.setting, 10_000).schedule.factors(0, 10_000)
    new = recipe(warmed.setting, warmed.max_steps).schedule.factors(0, 11_000)
    assert warmed.max_steps == 11_000
    assert np.allclose(new[:1000], np.arange(1, 1001) / 1000)
    assert np.allclose(new[1000:], old)


@pytest.mark.parametrize("given", [{"warmup_steps": 200}, {"warmup_fraction": 0.02}])
def test_a_warmup_that_is_there_becomes_longer(given: dict[str, Any]) -> None:
    before = known(schedule="linear", **given)

    warmed = prepended(before, before.setting, 1000)

    old = recipe(before.setting, 10_000).schedule.factors(0, 10_000)
    new = recipe(warmed.setting, warmed.max_steps).schedule.factors(0, warmed.max_steps)
    assert present_warmup(before) == 200
    assert warmed.max_steps == 10_800
    assert np.allclose(new[1000:], old[200:])


def test_a_ramp_is_held_at_its_rate() -> None:
    before = known(schedule="cosine", decay_steps=50)

    setting = ramp_and_hold(before, {"learning_rate": 2.0}, 10)

    rates = recipe(setting, 30).moving(0, 30)[0]
    assert np.allclose(rates[:10], np.arange(1, 11) / 5)
    assert np.allclose(rates[10:], 2.0)


@pytest.mark.rule("D8", "D14")
def test_a_time_scale_that_was_the_warmup_stays_as_long() -> None:
    before = known(schedule="inverse_sqrt", warmup_steps=200)

    warmed = prepended(before, before.setting, 1000)

    old = recipe(before.setting, 10_000).schedule.factors(0, 10_000)
    new = recipe(warmed.setting, warmed.max_steps).schedule.factors(0, warmed.max_steps)
    assert np.allclose(new[1000:], old[200:])

"""A launch at another length: what becomes of the schedule that was adopted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.experiment.test_baseline import FIRST

from etude.errors import RunError
from etude.procedure.launch import experiment

PIECES = {"schedule": "piecewise", "schedule_pieces": "0:1 4:0.1"}


def adopted(**setting):
    return replace(FIRST, setting={**FIRST.setting, **setting})


def test_pieces_of_another_length_are_refused_unless_they_are_to_stay():
    with pytest.raises(RunError) as refused:
        experiment(adopted(**PIECES), seeds=5, max_steps=16, own_loop=True)

    kept = experiment(adopted(**PIECES), seeds=5, max_steps=16, own_loop=True, keep_schedule=True)
    assert kept.fixed["schedule_pieces"] == "0:1 4:0.1"
    assert (
        'At 16 steps the adopted `schedule_pieces = "0:1 4:0.1"` would be left as of 8, and how it '
        "was made is not known."
    ) in str(refused.value)


def test_an_inverse_square_root_has_the_added_steps_before_it():
    launched = experiment(
        adopted(schedule="inverse_sqrt", warmup_steps=2), seeds=5, max_steps=16, own_loop=True
    )

    assert (launched.max_steps, launched.fixed["constant_steps"]) == (16, 8)

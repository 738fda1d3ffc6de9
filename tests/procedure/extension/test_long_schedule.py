"""A setting at another length, in Etude's loop and in a person's own."""

from __future__ import annotations

from typing import Any

import pytest

from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.extension.long_schedule import LongSchedule, long_schedule

OWN: dict[str, Any] = {"optimizer": "adamw", "learning_rate": 0.01, "batch_size": 8}
OWN |= {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def longer(*, own_loop: bool = True, steps: int = 1000, **schedule: Any) -> LongSchedule:
    setting = {**OWN, **schedule}
    base = Experiment(metric="valid/loss", max_steps=100, trials=1, fixed=setting)
    return long_schedule(Known(base=base, setting=setting, own_loop=own_loop), setting, steps)


@pytest.mark.rule("T10")
def test_a_linear_decay_keeps_its_length_behind_a_longer_constant_phase() -> None:
    result = longer(schedule="linear", warmup_steps=10)

    assert result.follows == "constant_phase"
    assert result.moved == {"constant_steps": 900}
    assert result.added is not None
    assert result.added.share == 0.0


@pytest.mark.rule("T10")
def test_a_cosine_is_stretched_at_the_same_base_rate() -> None:
    result = longer(schedule="cosine", decay_steps=100)

    assert result.follows == "stretched"
    assert result.moved == {"decay_steps": 1000}
    assert not result.refused


def test_pieces_that_somebody_chose_stay_and_are_left_to_a_person() -> None:
    result = longer(schedule="piecewise", schedule_pieces="0:1 50:0.5")

    assert (result.follows, result.moved) == ("stays", {})


@pytest.mark.rule("T14")
def test_a_cosine_whose_stretched_tail_is_tiny_is_refused() -> None:
    result = longer(schedule="cosine", decay_steps=40)

    assert result.refused
    assert result.added is not None
    assert result.added.share == pytest.approx(0.68, abs=0.02)


def test_a_final_rate_that_is_not_tiny_is_none() -> None:
    assert not longer(schedule="cosine", decay_steps=40, final_factor=0.2).refused


def test_a_warmup_keeps_its_steps() -> None:
    shares = longer(schedule="cosine", warmup_fraction=0.1)

    assert shares.setting["warmup_fraction"] == 0.01
    assert longer(warmup_steps=10).setting["warmup_steps"] == 10


def test_a_constant_rate_needs_nothing() -> None:
    result = longer()

    assert (result.follows, result.moved, result.refused) == ("constant", {}, False)


def test_a_loop_that_says_nothing_of_its_schedule_is_assumed_to_follow() -> None:
    result = longer(own_loop=False)

    assert (result.follows, result.added, result.refused) == ("not_known", None, False)


def test_epochs_of_a_users_loop_follow_the_length() -> None:
    result = longer(own_loop=False, epochs=4)

    assert result.moved == {"epochs": 40}
    assert result.follows == "by_itself"


def test_a_linear_decay_of_a_users_loop_keeps_its_length_where_a_constant_phase_can_grow() -> None:
    options = {"schedule": "linear", "constant_steps": 20, "decay_steps": 80}

    result = longer(own_loop=False, **options)

    assert result.moved == {"constant_steps": 920}
    assert result.left == ()
    assert not result.refused


def test_a_length_of_a_users_loop_that_no_value_moves_is_refused() -> None:
    result = longer(own_loop=False, lr_decay_steps=80)

    assert result.left == ("lr_decay_steps",)
    assert result.refused

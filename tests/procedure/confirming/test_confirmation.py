"""A confirmation: the winner was picked as the best of several, and that is no evidence."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from etude.analyze.comparison import comparison
from etude.analyze.comparison.comparison import side
from etude.experiment.objective import Objective
from etude.procedure.confirming.confirmation import (
    Confirmation,
    ConfirmedSetting,
    KnownSetting,
    chosen,
)
from etude.procedure.confirming.exploit_answer import verdict


def share_called_better(*, by: float, draws: int = 200) -> float:
    """How often the best of three settings is called better than the first of them.

    By so many standard deviations of retraining the second is better; five trainings each.
    """
    rng, called = np.random.default_rng(3), 0
    for _ in range(draws):
        values_KxR = rng.normal(0.0, 1.0, (3, 5)) - np.array([0.0, by, 0.0])[:, None]
        winner = int(values_KxR.mean(axis=1).argmin())
        result = comparison(values_KxR[0].tolist(), values_KxR[winner].tolist())
        confirmed = Confirmation(
            objective=Objective("loss"),
            settings=(),
            shrinkage=None,
            against_runner_up=None,
            against_explored=result,
            compared=2,
        )
        called += winner != 0 and confirmed.holds(result)
    return called / draws


def known(trial: int, loss: float, *, explored: bool) -> KnownSetting:
    return KnownSetting(
        setting={"rate": float(trial)},
        experiment="valley",
        trial=trial,
        best=loss,
        loss=loss,
        explored=explored,
    )


def test_of_equal_settings_the_best_is_seldom_called_better() -> None:
    assert share_called_better(by=0.0) <= 0.05


def test_a_setting_two_deviations_better_is_called_better_more_often_than_not() -> None:
    assert share_called_better(by=2.0) > 0.5


def test_the_explorations_best_is_trained_again_however_many_are_before_it() -> None:
    settings = [known(trial, 0.1 * trial, explored=trial == 4) for trial in range(5)]

    assert [one.trial for one in chosen(settings, 3)] == [0, 1, 4]


def test_alone_only_the_best_is_trained_again() -> None:
    settings = [known(0, 0.1, explored=False), known(1, 0.2, explored=True)]

    assert [one.trial for one in chosen(settings, 1)] == [0]


def confirmed(first: list[float], second: list[float], *, explored: int) -> Confirmation:
    """Two settings that were trained again, the first the winner; one is the exploration's."""
    settings = tuple(
        ConfirmedSetting(
            known=known(trial, 0.2, explored=trial == explored),
            trial=trial,
            trainings=side(f"valley:{trial}", values),
            expected=None,
            copies=False,
        )
        for trial, values in enumerate((first, second))
    )
    result = comparison(second, first)
    return Confirmation(
        objective=Objective("loss"),
        settings=settings,
        shrinkage=None,
        against_runner_up=result,
        against_explored=result if explored else None,
        compared=1,
    )


SOUND = [0.30, 0.31, 0.29, 0.30, 0.30]
BETTER_BUT_FAILS = [0.25, 0.25, 0.26, 0.24, math.nan]


@pytest.mark.parametrize("explored", [0, 1])
def test_a_winner_that_fails_less_and_is_worse_is_neither_ahead_nor_confirmed(explored) -> None:
    word, line = verdict(confirmed(SOUND, BETTER_BUT_FAILS, explored=explored))

    assert word == "UNCLEAR"
    assert line.startswith("`valley:0` fails less than")
    assert line.endswith("0.05 better where it trains")


def test_a_winner_that_only_fails_less_is_not_ahead() -> None:
    word, line = verdict(confirmed([0.30, 0.35], [0.29, math.nan], explored=1))

    assert word == "UNCLEAR"
    assert "ahead" not in line


def test_another_setting_of_the_exploration_is_not_its_best() -> None:
    both = confirmed([0.30, 0.32, 0.29], [0.31, 0.30, 0.32], explored=0)
    winner, other = both.settings
    passed = replace(other, known=replace(other.known, explored=True, loss=0.1))

    assert verdict(both)[1].startswith("The exploration's best, `valley:0`, holds")
    assert verdict(replace(both, settings=(winner, passed)))[1].startswith(
        "`valley:0` has the best mean"
    )

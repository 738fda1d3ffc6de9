"""Another optimizer: of Etude's own, from another family, over its first range of rates."""

from __future__ import annotations

import pytest

from etude.experiment import Experiment
from etude.procedure.base import Known, Step
from etude.procedure.cost import NOTHING
from etude.procedure.cures import CureOutcome
from etude.procedure.cures.optimizer import Optimizer
from etude.procedure.rates.diagnosis import Diagnosis
from etude.train.recipe import recipe

DIAGNOSIS = Diagnosis(kind="early", rate="learning_rate", best_rate=0.1, held_down=True)
SETTINGS = {
    "sgd": {},
    "nesterov": {"momentum": 0.9},
    "adam": {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weight_decay": 0.01},
    "rmsprop": {"momentum": 0.0, "rmsprop_decay": 0.9, "epsilon": 1e-8},
}


def known(optimizer: str, *, own_loop: bool = True) -> Known:
    setting = {"optimizer": optimizer, "learning_rate": 0.1, "batch_size": 8, **SETTINGS[optimizer]}
    experiment = Experiment(metric="valid/loss", max_steps=100, trials=1, fixed=setting)
    return Known(base=experiment, setting=setting, own_loop=own_loop)


@pytest.mark.parametrize(
    ("present", "others"),
    [
        ("sgd", ["adam", "nesterov"]),
        ("nesterov", ["adam", "rmsprop"]),
        ("adam", ["nesterov", "rmsprop"]),
        ("adamw", ["nesterov", "rmsprop"]),
        ("rmsprop", ["adam", "nesterov"]),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_it_is_of_another_family_and_the_loop_can_train_with_it(
    present: str, others: list[str], place: int
) -> None:
    step = Optimizer(place=place).step(known(present), DIAGNOSIS)

    assert isinstance(step, Step)
    settings = [{**step.experiment.fixed, **row} for row in step.experiment.configurations]
    assert {recipe(setting, 100).optimizer for setting in settings} == {others[place]}


def test_its_rate_is_swept_over_the_range_in_which_a_search_begins() -> None:
    step = Optimizer().step(known("sgd"), DIAGNOSIS)

    assert isinstance(step, Step)
    rates = [row["learning_rate"] for row in step.experiment.configurations]
    assert (min(rates), max(rates), len(rates)) == (1e-5, 0.1, 9)


def test_another_loop_is_told_to_try_one_by_hand() -> None:
    theirs = known("sgd", own_loop=False)

    tried = Optimizer().step(theirs, DIAGNOSIS)

    assert isinstance(tried, CureOutcome)
    assert "try one, its rate tuned anew" in tried.notes[0]
    assert Optimizer().most(theirs) == NOTHING

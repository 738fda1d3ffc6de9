"""An objective turns a value into a loss and back, and says which way is better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import minimal

from etude.assignment import Assignment
from etude.design.studies import studies
from etude.experiment.objective import Objective

ERROR, ACCURACY = Objective("error"), Objective("accuracy", maximize=True)


@given(value=st.floats(), objective=st.sampled_from([ERROR, ACCURACY]))
def test_a_loss_comes_back_as_the_value_that_it_was(value, objective):
    back = objective.value(objective.loss(value))

    assert np.float64(back).tobytes() == np.float64(value).tobytes()


@given(first=st.floats(allow_nan=False), second=st.floats(allow_nan=False))
def test_the_better_of_two_has_the_lower_loss(first, second):
    assert min((first, second), key=ERROR.loss) == min(first, second)
    assert min((first, second), key=ACCURACY.loss) == max(first, second)


@pytest.mark.parametrize(("objective", "gain"), [(ERROR, -0.5), (ACCURACY, 0.5)])
def test_a_rise_is_a_gain_where_higher_is_better(objective, gain):
    assert objective.gain(0.5) == gain


def test_many_values_are_turned_at_once():
    assert ACCURACY.loss(np.array([0.5, np.inf])).tolist() == [-0.5, -np.inf]
    assert ERROR.loss(np.array([0.5, np.inf])).tolist() == [0.5, np.inf]


def test_its_words_are_those_of_messages():
    assert (ERROR.better, ERROR.best) == ("lower", "lowest")
    assert (ACCURACY.better, ACCURACY.best) == ("higher", "highest")


def test_an_experiment_a_study_and_an_assignment_have_the_same_one(tmp_path):
    experiment = minimal(metric="accuracy", maximize=True)
    assignment = Assignment(
        id=0,
        study="all",
        setting={},
        seed=0,
        max_steps=9,
        evaluations=3,
        metric=experiment.metric,
        maximize=experiment.maximize,
        diverged_above=False,
        folder=tmp_path,
        checkpoints=tmp_path,
    )

    assert experiment.objective == ACCURACY
    assert studies(experiment)[0].objective == ACCURACY
    assert assignment.objective == ACCURACY

"""What a returned value counts for."""

import math
import time

import numpy as np
import pytest
import torch
from tests.runner.sample import assignment

from etude.runner.returned import returned
from etude.trial import Trial


class Silent:
    """A channel that nobody listens to."""

    def marked(self, moment, step):
        """Nothing."""

    def logged(self, step, values):
        """Nothing."""

    def saved(self, step, value, contents):
        """Nothing."""


@pytest.fixture
def trial(tmp_path):
    return Trial(assignment(tmp_path), Silent(), now_s=time.monotonic)


@pytest.fixture
def tried(tmp_path):
    given = {"rehearsal": True, "max_steps": 2, "whole_steps": 8}
    return Trial(assignment(tmp_path, **given), Silent(), now_s=time.monotonic)


@pytest.mark.parametrize("value", [np.bool_(True), torch.tensor(True), 10**400])
def test_a_truth_value_of_a_library_and_what_no_float_holds_are_no_numbers(trial, value):
    trial.report(0, {trial.metric: 0.9})

    number, told = returned(trial, value)

    assert number is None
    assert "which is ignored" in told


@pytest.mark.parametrize("value", [0.25, 3, 0])
def test_a_number_counts_where_nothing_was_reported(trial, value):
    assert returned(trial, value)[0] == value


def test_a_number_counts_where_the_last_step_had_no_report(trial):
    trial.report(3, {"valid/loss": 0.5})

    assert returned(trial, 0.25) == (0.25, "")


@pytest.mark.parametrize("value", [0, 1])
def test_the_status_of_a_program_never_counts_below_reports(trial, value):
    trial.report(3, {"valid/loss": 0.5})

    number, note = returned(trial, value)

    assert number is None
    assert f"returns {value}, which is ignored" in note


def test_a_whole_number_counts_among_whole_numbers(trial):
    trial.report(3, {"valid/loss": 3.0})

    assert returned(trial, 1) == (1.0, "")


@pytest.mark.parametrize("value", [0, 0.25, math.nan])
def test_what_was_reported_at_the_last_step_counts(trial, value):
    trial.report(7, {"valid/loss": 0.5})

    number, note = returned(trial, value)

    assert number is None
    assert "what was reported counts" in note


def test_the_same_number_again_is_not_told(trial):
    trial.report(7, {"valid/loss": 0.5})

    assert returned(trial, 0.5) == (None, "")


@pytest.mark.parametrize(
    ("value", "kind"),
    [([0.1], "a list"), ({"loss": 0.1}, "a dict"), ("done", "a str"), (True, "a bool")],
)
def test_what_is_no_number_is_told_and_ignored(trial, value, kind):
    trial.report(3, {"valid/loss": 0.5})

    number, note = returned(trial, value)

    assert number is None
    assert f"returns {kind}, which is ignored" in note


def test_what_is_no_number_is_an_error_where_nothing_was_reported(trial):
    with pytest.raises(TypeError, match="returned a dict"):
        returned(trial, {"valid/loss": 0.5})


def test_a_rehearsal_waits_for_reports_that_come_later(tried):
    tried.steps()
    number, note = returned(tried, [0.1])

    assert number is None
    assert "ignored only beside reports; in the steps that were tried it reported nothing" in note


def test_a_rehearsal_says_that_a_status_would_count(tried):
    tried.steps()

    assert "returns 0, which counts as `valid/loss` where" in returned(tried, 0)[1]


def test_the_status_of_a_program_that_was_tried_whole_and_reported_nothing_is_an_error(tried):
    with pytest.raises(TypeError, match="returned 0, as the status of a program"):
        returned(tried, 0)


@pytest.mark.parametrize("value", [0.0, 1, 3])
def test_another_number_of_a_function_that_was_tried_whole_is_a_value(tried, value):
    assert returned(tried, value)[0] == value


def test_a_metric_inside_of_a_returned_dict_is_named(trial):
    with pytest.raises(TypeError, match="`valid/loss` is in it: report it, or return the number"):
        returned(trial, {"valid/loss": 0.5})


def test_what_was_reported_before_a_restore_counts(tmp_path):
    given = assignment(tmp_path, resume_step=7)
    (given.checkpoints / "7").mkdir(parents=True)
    resumed = Trial(given, Silent(), now_s=time.monotonic)
    resumed.restore(lambda path: None)

    assert returned(resumed, 0)[0] is None


def yields(trial):
    yield trial


async def waits(trial):
    return trial


class Named:
    """What is named in place of an instance."""

    def __call__(self, trial):
        """Nothing."""


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (yields, "returned a generator. It has a `yield`, so that a call runs none of it"),
        (waits, "returned a coroutine. It is `async`, so that a call runs none of it"),
        (lambda trial: trial, "returned a Trial. That is its argument"),
        (lambda _: Named(), "returned a Named. That can be called in turn"),
    ],
)
def test_a_function_that_trains_nothing_is_told_why(trial, make, hint):
    with pytest.raises(TypeError, match=hint):
        returned(trial, make(trial))

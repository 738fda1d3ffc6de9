"""Rehearsals of loops as users write them."""

import pytest
from tests.runner.sample import assignment

from etude.event import Refused
from etude.runner.attempt import rehearsal, returns_no_number
from etude.runner.user_errors import misuse

STEPS = 9


def tried(tmp_path, train, **given):
    plain = {"rehearsal": True, "max_steps": 2, "whole_steps": STEPS, "evaluations": 1}
    return rehearsal(assignment(tmp_path, **{**plain, **given}), train)


def value(trial):
    return {"valid/loss": trial["learning_rate"]}


def hardcoded(trial):
    for epoch in range(STEPS):
        trial.report(epoch, value(trial))


def by_max_steps(trial):
    for step in range(trial.max_steps):
        trial.log(step, {"train/loss": 1.0})
        trial.report(step, value(trial))


def seldom(trial):
    done = 0
    while done < STEPS:
        if done % 5 == 0:
            trial.report(done, value(trial))
        done += 1


def at_its_end(trial):
    trial.report(STEPS - 1, value(trial))


def at_its_end_alone(trial):
    trial.report(trial.max_steps - 1, value(trial))


def of_three(trial):
    for epoch in range(3):
        trial.report(epoch, value(trial))


def from_one(trial):
    for step in range(1, trial.max_steps + 1):
        trial.report(step, value(trial))


def one_beyond(trial):
    for step in trial.steps():
        trial.log(step, {"train/loss": 1.0})
    trial.report(trial.max_steps, value(trial))


def from_one_hardcoded(trial):
    for epoch in range(1, STEPS + 1):
        trial.report(epoch, value(trial))


def far_beyond(trial):
    trial.report(10 * STEPS, value(trial))


def halves(trial):
    for step in trial.steps():
        trial.report(step / 2, value(trial))


def loops_twice(trial):
    for _epoch in range(2):
        for step in trial.steps():
            trial.report(step, value(trial))


def swallows(trial):
    for step in range(1, trial.max_steps + 1):
        try:
            trial.report(step, value(trial))
        except Exception:  # noqa: BLE001  # as careless users do
            continue


@pytest.mark.parametrize(
    "train",
    [hardcoded, by_max_steps, seldom, at_its_end, at_its_end_alone, of_three, from_one_hardcoded],
)
def test_a_loop_of_its_own_is_no_failure(tmp_path, train):
    found = tried(tmp_path, train)

    assert found.problem == ""
    assert found.own_loop


@pytest.mark.parametrize("train", [hardcoded, by_max_steps, seldom, of_three])
def test_what_a_loop_of_its_own_logs_tells_its_pace(tmp_path, train):
    assert tried(tmp_path, train).step_s > 0


@pytest.mark.parametrize("train", [at_its_end, at_its_end_alone])
def test_one_report_tells_no_pace(tmp_path, train):
    assert tried(tmp_path, train).step_s == 0


@pytest.mark.parametrize("train", [from_one, one_beyond, far_beyond, halves, loops_twice, swallows])
def test_what_cannot_be_is_met_in_the_rehearsal(tmp_path, train):
    assert misuse(tried(tmp_path, train).problem)


def test_a_loop_of_three_steps_may_have_the_length_of_the_trial(tmp_path):
    assert tried(tmp_path, of_three, whole_steps=3).problem == ""


def test_a_loop_that_is_left_tells_nothing_of_checkpoints_nor_of_what_it_reads(tmp_path):
    found = tried(tmp_path, hardcoded, setting={"learning_rate": 0.1, "read_later": 1})

    assert (found.resumes, found.unread) == (None, ())


def test_a_metric_that_is_missing_beyond_the_end_is_told_too(tmp_path):
    found = tried(tmp_path, lambda trial: trial.report(5, {"valid/lost": 1.0}))

    assert isinstance(found, Refused)
    assert "Did you mean `valid/lost`?" in found.detail


def test_a_returned_list_is_told(tmp_path):
    def returns_history(trial):
        by_max_steps(trial)
        return [1.0]

    found = tried(tmp_path, returns_history)

    assert found.problem == ""
    assert found.returned.startswith("The train function returns a list, which is ignored")


def returns_a_score(trial):
    return trial["learning_rate"]


def returns_scores(trial):
    return [trial["learning_rate"]]


def steps_and_returns_scores(trial):
    return list(trial.steps())


def test_what_asks_for_no_length_is_tried_whole(tmp_path):
    found = tried(tmp_path, returns_a_score)

    assert found.whole_s > 0
    assert tried(tmp_path, by_max_steps).whole_s == tried(tmp_path, hardcoded).whole_s == 0


def test_a_list_in_place_of_reports_is_met_where_it_was_tried_whole(tmp_path):
    assert returns_no_number(tried(tmp_path, returns_scores).problem)


def test_a_list_beside_reports_that_come_later_is_ignored(tmp_path):
    found = tried(tmp_path, steps_and_returns_scores)

    assert (found.problem, found.returned[:33]) == ("", "The train function returns a list")

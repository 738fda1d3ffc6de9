"""What is said of a round before its first trial."""

from dataclasses import replace

import pytest
from tests.factories import opening, rates, record

from etude.cli.opening_lines import estimate_line, opening_lines
from etude.design.split import split
from etude.event import Rehearsed
from etude.space import Real
from etude.study import Prior

EXPERIMENT = opening().experiment
(STUDY,) = split(EXPERIMENT)
FIRST, SECOND = record(STUDY, 0), record(STUDY, 1)


def test_what_names_are_taken_for_is_said_when_a_trial_was_tried():
    tried = Rehearsed(0, step_s=0.01, metrics=("train_loss", "valid/loss"))
    experiment = rates(trials=2, nuisance={"lr_G": Real(0.01, 0.5)})

    said = opening_lines(opening(FIRST, experiment=experiment, rehearsed=tried))

    assert (
        "`lr_G` is taken as `learning_rate`; `train_loss` as `train/loss`. Change it in `[names]`."
    ) in said


def test_what_names_are_taken_for_is_not_said_again():
    experiment = rates(trials=2, nuisance={"lr_G": Real(0.01, 0.5)})

    assert not any("taken as" in line for line in opening_lines(opening(experiment=experiment)))


@pytest.mark.parametrize(
    ("records", "rehearsed", "expected"),
    [
        ([FIRST], Rehearsed(0, step_s=0.002), "1 trial, one at a time. Two steps of one"),
        (
            [FIRST, record(STUDY, 1, status="completed")],
            None,
            "Going on: 1 trial ended before, 1 left",
        ),
        (
            [record(STUDY, one, status="completed") for one in (0, 1)],
            None,
            "Nothing is left to train: 2 trials ended before.",
        ),
    ],
)
def test_the_first_line_counts_in_the_right_number(records, rehearsed, expected):
    assert estimate_line(opening(*records, rehearsed=rehearsed)).startswith(expected)


def test_what_nothing_read_when_a_trial_was_tried_is_named():
    tried = Rehearsed(0, step_s=0.002, unread=("beta1", "width"))

    lines = opening_lines(opening(FIRST, rehearsed=tried))

    assert lines[-2].startswith("Nothing read `beta1`, `width` when trial 0 was tried")


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        (
            (Prior({"rate": 0.5}, 0.1, experiment="before"),) * 3,
            "`bayesian` begins with 3 trials of `before` (X1).",
        ),
        (
            tuple(
                Prior({"rate": 0.5}, 0.1, experiment=one) for one in ("first", "first", "before")
            ),
            "`bayesian` begins with 2 trials of `first` and 1 trial of `before` (X1).",
        ),
        ((), "`bayesian` learns nothing from `before` and the rounds before it"),
    ],
)
def test_what_a_search_learns_from_earlier_rounds_is_said(prior, said):
    asked = replace(EXPERIMENT, search="bayesian", parent="before")
    studies = [replace(one, prior=prior) for one in split(asked)]

    lines = opening_lines(opening(FIRST, experiment=asked, studies=studies))

    assert lines[-2].startswith(said)


def test_why_so_many_train_at_once_is_said_where_resources_are():
    rehearsed = Rehearsed(0, step_s=0.01)

    said = estimate_line(
        opening(FIRST, SECOND, rehearsed=rehearsed, slots=2, why="`gpus = 0.5` of 1 GPU")
    )

    assert said.startswith("2 trials, 2 at once (`gpus = 0.5` of 1 GPU). Two steps of one were")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ([0], "The last checkpoint of trial 0 is gone, so it goes on from the one before,"),
        ([0, 1], "The last checkpoints of trials 0"),
    ],
)
def test_a_checkpoint_that_somebody_took_away_is_said(lost, said):
    lines = opening_lines(opening(FIRST, SECOND, lost_checkpoints=lost))

    assert [line for line in lines if line.startswith(said)]


def test_why_trials_are_not_in_stacks_is_said_when_it_is_asked_for():
    asked = opening(FIRST, choice="Runner: processes; `train` names a function.")

    quiet, verbose = opening_lines(asked), opening_lines(asked, verbose=True)

    assert [line for line in verbose if line not in quiet] == [asked.choice]


def test_that_trials_are_in_stacks_is_always_said():
    choice = "Runner: vectorized; 8 trials a stack are 3.1 times as fast, measured."

    assert choice in opening_lines(opening(FIRST, choice=choice, is_stacked=True))

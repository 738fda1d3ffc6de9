"""The progress table: what it counts while a round is played."""

import io
import itertools
import pickle
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from tests.factories import rates, record

from etude.cli.progress import Progress, estimate_line, opening_lines
from etude.design.split import split
from etude.event import Began, Ended, Logged, Lost, Paused, Rehearsed, Reopened
from etude.record import Records
from etude.round.observer import Opening
from etude.space import Real
from etude.study import Prior

EXPERIMENT = rates(trials=2, nuisance={"rate": Real(0.0, 1.0)})
(STUDY,) = split(EXPERIMENT)
FIRST, SECOND = record(STUDY, 0), record(STUDY, 1)


def opening(*records, **given):
    return Opening(
        **{
            "experiment": EXPERIMENT,
            "studies": split(EXPERIMENT),
            "records": Records.of(records),
            "slots": 1,
            "rehearsed": None,
            **given,
        }
    )


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


@pytest.fixture
def screen():
    return io.StringIO()


def told(screen, records, events, **terminal):
    """What the last line, or table, says after these events."""
    progress = Progress(Console(file=screen, width=120, **terminal))
    progress.begin(opening(*records))
    progress.see(events)
    progress.end()
    return screen.getvalue()


def test_a_trial_lost_for_the_last_time_is_infeasible(screen):
    lost = [Lost(0, "killed")] * 3

    said = told(screen, [FIRST, SECOND], [*lost, Ended(1, "completed")])

    assert "all: 2/2 ended, 1 infeasible, best -. All trials have ended." in said


def test_losses_of_earlier_launches_count(screen):
    said = told(screen, [record(STUDY, 0, losses=2), SECOND], [Lost(0, "killed")])

    assert "all: 1/2 ended, 1 infeasible" in said


def test_a_trial_that_was_lost_waits_again(screen):
    said = told(screen, [FIRST, SECOND], [Began(0, 0), *[Lost(0, "killed")] * 2])

    assert "all: 0/2 ended, 0 infeasible, best -. 2 trials left." in said


def test_a_reopened_trial_forgets_its_losses(screen):
    lost, again = [Lost(0, "killed")] * 2, [Reopened(0), Lost(0, "killed")]

    assert "0/2 ended" in told(screen, [FIRST, SECOND], [*lost, *again])


@pytest.mark.parametrize("terminal", [False, True])
def test_stopped_trials_are_counted_where_there_are_any(screen, terminal):
    events = [Ended(0, "stopped", "time_limit")]

    assert "stopped" in told(screen, [FIRST, SECOND], events, force_terminal=terminal)


@pytest.mark.parametrize("terminal", [False, True])
def test_no_word_of_stopped_trials_where_there_are_none(screen, terminal):
    events = [Ended(0, "completed")]

    assert "stopped" not in told(screen, [FIRST, SECOND], events, force_terminal=terminal)


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


def test_trials_that_a_search_begins_later_are_counted(screen):
    began = [Began(0, 0, "all"), Paused(0, 4), Began(1, 0, "all"), Ended(1, "completed")]

    said = told(screen, [], began)

    assert "all: 1/2 ended, 0 infeasible, best -. 1 trial left" in said


def test_forks_come_on_top(screen):
    began = [event for n in range(3) for event in (Began(n, 0, "all"), Ended(n, "completed"))]

    assert "all: 3/3 ended" in told(screen, [], began)


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


def test_a_loop_of_its_own_has_a_cost_that_its_first_trial_tells(screen):
    progress = Progress(Console(file=screen, width=200))
    progress.begin(opening(FIRST, SECOND, rehearsed=Rehearsed(0, own_loop=True)))
    before = screen.getvalue()
    progress.see([Began(0, 0), Ended(0, "completed", wall_s=2.0)])

    assert "The loop is not `trial.steps()`, so the cost is unknown until a trial has" in before
    assert "failed" not in before
    assert "1 trial left, about 2 s." in screen.getvalue().removeprefix(before)


@pytest.mark.parametrize("tried", ["", "A dict is ignored."])
def test_what_is_returned_and_ignored_is_said_once(screen, tried):
    rehearsed = Rehearsed(0, step_s=0.01, returned=tried)
    progress = Progress(Console(file=screen, width=200))
    progress.begin(opening(FIRST, SECOND, rehearsed=rehearsed))
    for number in (0, 1):
        ended = Ended(number, "completed", returned="A dict is ignored.")
        progress.see([pickle.loads(pickle.dumps(ended))])
    progress.end()

    assert screen.getvalue().count("A dict is ignored.") == 1


def test_a_name_with_markup_and_controls_stands_in_the_table_as_people_may_read_it(screen):
    hostile = replace(STUDY, name="[red]:fire:\x1b[2J\u202e")
    progress = Progress(Console(file=screen, width=120, force_terminal=True))

    progress.begin(opening(studies=[hostile]))
    progress.end()

    assert "[red]:fire:\ufffd[2J\ufffd" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()


# --- many studies, many trials


def many(studies, trials):
    """A table of so many studies with so many trials each, of which the last study runs one."""
    variants = [f"v{number:03}" for number in range(studies)]
    experiment = rates(trials=trials, scientific={"variant": variants})
    plan = split(experiment)
    records = [
        record(study, place * trials + index)
        for place, study in enumerate(plan)
        for index in range(trials)
    ]
    progress = Progress(Console(file=io.StringIO(), width=200, force_terminal=False))
    progress.begin(opening(*records, experiment=experiment, studies=plan))
    rows = ((0, "valid/loss", 1.0),)
    progress.see([one for each in records for one in (Began(each.id, 0), Logged(each.id, rows))])
    progress.see([Ended(each.id, "completed") for each in records[:-1]])
    return progress


def calls_of_a_look(progress):
    calls = itertools.count()
    sys.setprofile(lambda *_: next(calls))
    try:
        progress._table(), progress._line()
    finally:
        sys.setprofile(None)
    return next(calls)


def test_a_look_at_the_table_costs_the_same_however_many_trials_there_are():
    few, lots = (calls_of_a_look(many(4, trials)) for trials in (2, 200))

    assert lots < 1.1 * few


def test_of_many_studies_those_that_run_are_shown_and_the_rest_counted():
    progress = many(500, 1)
    table, line = progress._table(), progress._line()

    assert table.row_count == 20
    assert str(next(iter(table.columns[0].cells))).endswith("v499")
    assert table.caption.startswith("And 480 more studies. 1 trial left")
    assert line.count("ended") == 20
    assert "; and 480 more studies. 1 trial left" in line


def test_why_so_many_train_at_once_is_said_where_resources_are():
    rehearsed = Rehearsed(0, step_s=0.01)

    said = estimate_line(
        opening(FIRST, SECOND, rehearsed=rehearsed, slots=2, why="`gpus = 0.5` of 1 GPU")
    )

    assert said.startswith("2 trials, 2 at once (`gpus = 0.5` of 1 GPU). Two steps of one were")

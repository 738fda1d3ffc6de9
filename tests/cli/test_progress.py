"""The progress of a round: lines where there is no terminal, and a display on one."""

import io
import itertools
import pickle
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from tests.factories import opening, rates, record

from etude.cli.progress import Progress
from etude.design.split import split
from etude.event import Began, Ended, Logged, Lost, Paused, Rehearsed, Reopened

EXPERIMENT = opening().experiment
(STUDY,) = split(EXPERIMENT)
FIRST, SECOND = record(STUDY, 0), record(STUDY, 1)


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


def test_trials_that_a_search_begins_later_are_counted(screen):
    began = [Began(0, 0, "all"), Paused(0, 4), Began(1, 0, "all"), Ended(1, "completed")]

    said = told(screen, [], began)

    assert "all: 1/2 ended, 0 infeasible, best -. 1 trial left" in said


def test_forks_come_on_top(screen):
    began = [event for n in range(3) for event in (Began(n, 0, "all"), Ended(n, "completed"))]

    assert "all: 3/3 ended" in told(screen, [], began)


def test_a_loop_of_its_own_has_a_cost_that_its_first_trial_tells(screen):
    progress = Progress(Console(file=screen, width=200))
    progress.begin(opening(FIRST, SECOND, rehearsed=Rehearsed(0, own_loop=True)))
    before = screen.getvalue()
    progress.see([Began(0, 0), Ended(0, "completed", wall_s=2.0)])

    assert "What was tried tells no time per step: the cost is unknown until a trial has" in before
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


# --- lines without a terminal


def lines_of(trials, events, **given):
    """The lines that are said of so many trials, once the round has begun."""
    experiment = rates(trials=trials)
    (study,) = split(experiment)
    records = [record(study, number) for number in range(trials)]
    screen = io.StringIO()
    progress = Progress(Console(file=screen, width=200, **given.pop("terminal", {})), **given)
    progress.begin(opening(*records, experiment=experiment))
    screen.truncate(0)
    for event in events:
        progress.see([event])
    progress.end()
    return screen.getvalue().replace("\0", "").splitlines()


def test_without_a_terminal_each_tenth_of_the_trials_has_a_line():
    ends = [Ended(number, "completed", wall_s=1.0) for number in range(40)]

    lines = lines_of(40, ends)

    assert [line.split()[1] for line in lines] == [f"{4 * tenth}/40" for tenth in range(1, 11)]


def test_after_a_long_silence_a_line_is_said():
    clock = itertools.count(step=200.0)
    rows = [Logged(0, ((step, "valid/loss", 1.0),)) for step in range(4)]

    lines = lines_of(40, [Began(0, 0), *rows], clock=lambda: next(clock))

    assert len(lines) > 1
    assert all("0/40 ended" in line for line in lines)


def test_a_terminal_that_cannot_be_redrawn_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")

    lines = lines_of(2, [Ended(0, "completed", wall_s=1.0)], terminal={"force_terminal": True})

    assert lines[0] == "all: 1/2 ended, 0 infeasible, best -. 1 trial left, about 1 s."


@pytest.mark.parametrize(("variable", "is_coloured"), [("NO_COLOR", False), ("UNUSED", True)])
def test_colours_are_left_out_where_nobody_wants_them(monkeypatch, variable, is_coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(variable, "1")

    lines = lines_of(2, [Ended(0, "infeasible", "nan")], terminal={"force_terminal": True})

    assert any("\x1b[31m" in line for line in lines) == is_coloured


def test_sentences_are_broken_between_words_on_a_terminal():
    screen = io.StringIO()
    progress = Progress(Console(file=screen, width=40, force_terminal=True, color_system=None))

    progress.say("Two steps of one were tried: 22.6 ms a step, 28 ms an evaluation.")

    assert screen.getvalue().splitlines() == [
        "Two steps of one were tried: 22.6 ms a",
        "step, 28 ms an evaluation.",
    ]


# --- many studies, many trials


def many(studies, trials):
    """The progress of so many studies with so many trials each, of which the last runs one."""
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
        progress._screen(), progress._line()
    finally:
        sys.setprofile(None)
    return next(calls)


def test_a_look_costs_the_same_however_many_trials_there_are():
    few, lots = (calls_of_a_look(many(4, trials)) for trials in (2, 200))

    assert lots < 1.1 * few


def test_of_many_studies_those_that_run_are_named_and_the_rest_counted():
    line = many(500, 1)._line()

    assert line.startswith("variant=v499: 0/1 ended")
    assert line.count("ended") == 4
    assert "; and 496 more studies. 1 trial left" in line


def test_a_trial_that_did_not_repeat_is_said_before_the_first(screen):
    progress = Progress(Console(file=screen, width=200))
    progress.begin(
        opening(FIRST, rehearsed=Rehearsed(0, step_s=0.01, unrepeated="It was 1, then 2."))
    )

    assert "It was 1, then 2.\n" in screen.getvalue()

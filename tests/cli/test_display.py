"""The display of a round on a terminal: what it shows in windows of every size."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.factories import opening, rates, record

from etude.cli.display import screen
from etude.design.split import split
from etude.event import Began, Ended, Logged
from etude.round.round_progress import RoundProgress

NAMES = ["nesterov", "adam", "sgd", "lion", "adagrad", "rmsprop", "lamb"]


def progress_of(studies=2, **given):
    """A round in its midst: of the first study four trials ended, two trials run."""
    experiment = rates(
        trials=10, max_steps=2000, scientific={"optimizer": NAMES[:studies]}, **given
    )
    plan = split(experiment)
    places = [(place, index) for place in range(studies) for index in range(10)]
    records = [record(plan[place], 10 * place + index) for place, index in places]
    progress = RoundProgress(opening(*records, experiment=experiment, slots=2), lambda: 7.0)
    for event in (
        *(Began(trial, 0) for trial in (0, 1, 2, 3, 4, 10)),
        Logged(1, ((1999, "valid/loss", 0.25),)),
        Ended(0, "infeasible", "diverged", wall_s=60.0),
        *(Ended(trial, "completed", wall_s=60.0) for trial in (1, 2, 3)),
        Logged(4, ((999, "valid/loss", 0.5),)),
    ):
        progress.take(event)
    return progress


def lines_in(width, height=30, **given):
    text = screen(progress_of(given.pop("studies", 2)), width=width, height=height, **given)
    return text.plain.split("\n")


def test_a_wide_window_shows_all():
    head, nesterov, adam, *below = lines_in(110)

    assert head.split()[2:] == ["infeasible", "best", "valid/loss", "(lower", "is", "better)"]
    assert nesterov.split()[::2] == ["optimizer=nesterov", "4/10", "0.25", "1)"]
    assert adam.split()[-3:] == ["0/10", "0", "-"]
    assert below == [
        "about 8 min left, 1 s so far",
        "4 of 20 trials ended, 1 infeasible, 2 running, 14 waiting",
        "now   trial 4 at step 1,000, trial 10 at step 0 of 2,000",
        "last  trial 3 completed",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (100, {"bar", "(trial 1)", "infeasible", "0.25"}),
        (60, {"bar", "infeasible", "0.25"}),
        (44, {"infeasible", "0.25"}),
        (30, {"0.25"}),
    ],
)
def test_in_a_narrow_window_columns_are_left_out_in_their_order(width, shown):
    head, nesterov, *_ = lines_in(width)
    row = f"{head} {nesterov}".replace("━", "bar", 1)

    assert {one for one in ("bar", "(trial 1)", "infeasible", "0.25") if one in row} == shown


@pytest.mark.parametrize("studies", [2, 7])
@pytest.mark.parametrize("width", [120, 60, 40, 20])
def test_no_line_is_as_wide_as_its_window(width, studies):
    assert all(cell_len(line) < width for line in lines_in(width, studies=studies))


@pytest.mark.parametrize(("studies", "lines"), [(2, 7), (7, 10)])
def test_six_to_ten_lines_are_shown(studies, lines):
    assert len(lines_in(100, studies=studies)) == lines


def test_the_studies_that_have_no_line_are_counted():
    assert "and 3 more studies" in lines_in(100, studies=7)


@pytest.mark.parametrize("height", [4, 6, 8])
def test_a_low_window_is_not_left(height):
    assert len(lines_in(100, height, studies=7)) < height


def test_an_alphabet_without_signs_gets_others():
    assert "".join(lines_in(44, is_plain=True)).isascii()


def test_infeasible_trials_are_red_and_a_new_best_is_bold_and_green():
    written = io.StringIO()
    console = Console(file=written, width=100, force_terminal=True, color_system="standard")

    console.print(screen(progress_of(), width=100, height=30))

    row = written.getvalue().splitlines()[1]
    assert "\x1b[31m1 " in row
    assert "\x1b[1;32m0.25" in row


def test_wide_signs_of_a_name_count_twice(monkeypatch):
    monkeypatch.setitem(globals(), "NAMES", ["学习率" * 20, "adam"])

    assert all(cell_len(line) < 60 for line in lines_in(60))

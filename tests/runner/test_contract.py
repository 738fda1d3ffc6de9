"""What holds for every runner. A new member joins by one line in RUNNERS."""

import itertools
import os
from functools import cache
from shutil import copytree

import pytest
import ray
from tests.runner.cluster import connected
from tests.runner.sample import (
    HERE,
    assignment,
    end,
    events_of,
    inline,
    of,
    on_ray,
    processes,
    rows,
)

from etude.assignment import Halt
from etude.errors import TrainError
from etude.event import (
    Began,
    Coded,
    Ended,
    Event,
    Lost,
    Paused,
    Refused,
    Rehearsed,
    Saved,
    Unrestored,
)
from etude.runner.user_code import train_function
from etude.runner.vectorized import Vectorized

RUNNERS = {"inline": inline, "processes": processes, "ray": on_ray}
# The workload of `works.py` that does what the function of `loops.py` does.
WORKS = {
    "train": "Plain",
    "returns": "Plain",
    "swallows": "Plain",
    "nan": "Nan",
    "raises": "Raises",
    "raises_from": "RaisesFrom",
    "runs_out_of_memory": "RunsOutOfMemory",
    "fills_the_disk": "FillsTheDisk",
    "misreports": "Misreports",
    "leaves": "Leaves",
    "raises_without_words": "RaisesWithoutWords",
}
SETTING = {"learning_rate": 0.25, "optimizer": "sgd", "batch_size": 4}


def zeros(path):
    path.write_bytes(b"\0" * path.stat().st_size)


def vectorized(name):
    """Of a workload: what a function's own loop decides does not apply to it."""
    return Vectorized(lambda: train_function(f"works.py:{WORKS[name]}", HERE), width=1)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """One for all tests: it takes longer to start than they do."""
    with connected():
        yield


@pytest.fixture(params=RUNNERS)
def runner(request):
    """Makes a runner of a train function in `loops.py`."""
    return RUNNERS[request.param]


@pytest.fixture(params=[*RUNNERS, "vectorized"])
def any_runner(request):
    """The same, or a runner of the workload that is like it."""
    return {**RUNNERS, "vectorized": vectorized}[request.param]


# What user code does is the same on Ray, whose actors start the program that `processes` starts;
# and an actor takes a second to start: tests of user code alone take these.
LOCAL = {name: make for name, make in RUNNERS.items() if name != "ray"}


@pytest.fixture(params=LOCAL)
def local_runner(request):
    """Makes a runner on this machine of a train function in `loops.py`."""
    return LOCAL[request.param]


@pytest.fixture(params=[*LOCAL, "vectorized"])
def any_local_runner(request):
    """The same, or a runner of the workload that is like it."""
    return {**LOCAL, "vectorized": vectorized}[request.param]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains `train` to its end, once with a runner: its events, and the folder that it left."""

    @cache
    def whole(make):
        folder = tmp_path_factory.mktemp("whole")
        return events_of(make("train"), assignment(folder, setting=SETTING)), folder

    return whole


@pytest.fixture
def left(trained, tmp_path):
    """Copies what a training to its end left to a folder of the test's own."""

    def copied(make):
        return copytree(trained(make)[1], tmp_path / "left")

    return copied


def test_an_idle_runner_has_no_news(any_runner):
    idle = any_runner("train")

    assert idle.free == idle.slots == 1
    assert not idle.wait(list)
    idle.close()


def test_a_runner_at_work_is_not_free(any_runner, tmp_path):
    busy = any_runner("returns")

    busy.submit([assignment(tmp_path, setting=SETTING)])

    assert busy.free == 0
    busy.close()


def test_a_runner_may_be_closed_twice(any_runner, tmp_path):
    busy = any_runner("returns")
    busy.submit([assignment(tmp_path, setting=SETTING)])

    busy.close()
    busy.close()


def test_events_come_in_the_order_in_which_they_happened(runner, trained):
    events, _ = trained(runner)

    assert events[0] == Began(0, 0)
    assert [event.step for event in events if isinstance(event, Saved)] == [1, 3, 5, 7]
    assert isinstance(events[-1], Ended)
    assert (events[-1].status, events[-1].steps) == ("completed", 8)
    assert events[-1].wall_s > 0
    assert [step for step, name, _ in rows(events) if name == "valid/loss"] == [1, 3, 5, 7]


def test_a_function_without_parameters_asks_for_its_trial(runner, tmp_path):
    events = events_of(runner("asks_for_its_trial"), assignment(tmp_path))

    assert events[-1].status == "completed"


def test_a_trial_is_the_current_one_while_it_is_trained(runner, tmp_path):
    events = events_of(runner("is_current"), assignment(tmp_path))

    assert {value for _, _, value in rows(events)} == {1.0}


def test_a_checkpoint_comes_after_all_points_before_it(runner, trained):
    events, _ = trained(runner)

    before = itertools.takewhile(lambda event: not isinstance(event, Saved), events)

    assert max(step for step, _, _ in rows(list(before))) == 1


@pytest.mark.rule("W5")
def test_every_runner_makes_the_same_values(trained):
    first, *others = [rows(trained(make)[0]) for make in RUNNERS.values()]

    assert others == [first, first]
    assert len(first) == 8 + 2 * 4


def test_a_resumed_trial_equals_an_uninterrupted_one(runner, trained, left):
    whole, _ = trained(runner)

    resumed = events_of(runner("train"), assignment(left(runner), resume_step=3))

    assert resumed[0] == Began(0, 4)
    assert rows(resumed) == [row for row in rows(whole) if row[0] > 3]
    assert end(resumed).steps == 8


def test_a_trial_killed_after_its_last_checkpoint_has_only_to_end(any_runner, left):
    last = assignment(left(any_runner), setting=SETTING, resume_step=7)

    resumed = events_of(any_runner("train"), last)

    assert rows(resumed) == []
    assert (end(resumed).status, end(resumed).steps) == ("completed", 8)


def torn_after(events, folder, tear):
    """The last checkpoint of trial 0, as its assignment has it, once its files are torn."""
    last = [event for event in events if isinstance(event, Saved)][-1]
    for path in (folder / "checkpoints" / "0" / str(last.step)).iterdir():
        tear(path)
    return {"resume_step": last.step, "resume_contents": last.contents}


@pytest.mark.parametrize(
    "tear", [lambda path: path.write_bytes(b""), lambda path: path.unlink(), zeros]
)
def test_a_torn_checkpoint_is_never_handed_over(any_local_runner, tmp_path, tear):
    events = events_of(any_local_runner("train"), assignment(tmp_path, setting=SETTING))
    torn = torn_after(events, tmp_path, tear)

    resumed = events_of(any_local_runner("train"), assignment(tmp_path, setting=SETTING, **torn))

    assert resumed == [Unrestored(0, 7)]


@pytest.mark.parametrize("name", ["cannot_load", "loads_later"])
def test_who_cannot_go_on_from_what_was_written_says_where(local_runner, tmp_path, name):
    events = events_of(local_runner("train"), assignment(tmp_path))
    whole = torn_after(events, tmp_path, lambda path: None)

    (unrestored,) = events_of(local_runner(name), assignment(tmp_path, **whole))

    assert unrestored.step == 7
    assert "loops.py" in unrestored.detail
    assert "KeyError" in unrestored.detail


def test_of_a_checkpoint_that_nobody_listed_it_is_not_known_whether_it_is_torn(runner, left):
    found = events_of(runner("cannot_load"), assignment(left(runner), resume_step=3))

    assert found == [Unrestored(0, 3)]


def test_a_silent_trial_leaves_no_log(any_runner, trained):
    _, folder = trained(any_runner)

    assert list(folder.glob("trials/**/*.txt")) == []


def test_several_trials_come_one_after_another(any_runner, tmp_path):
    several = [assignment(tmp_path, setting=SETTING, id=number, seed=number) for number in range(3)]

    events = events_of(any_runner("train"), *several)

    assert [end(of(events, number)).status for number in range(3)] == ["completed"] * 3
    assert len({rows(of(events, number))[0] for number in range(3)}) == 3


def test_a_returned_number_is_the_last_report(runner, tmp_path):
    events = events_of(runner("returns"), assignment(tmp_path))

    assert rows(events) == [(7, "valid/loss", 0.25)]
    assert end(events).steps == 8


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("nan", "nan", "`train/loss` is nan at step 3."),
        ("diverges", "diverged", "`train/loss` is 102 at step 3, more than 100 times"),
        ("runs_out_of_memory", "out_of_memory", "MemoryError"),
        ("runs_out_of_device_memory", "out_of_memory", "CUDA out of memory"),
        ("raises", "error", "ValueError: no width 3"),
        ("asks_wrongly", "error", "gives `learning_rate`."),
        ("leaves", "error", "SystemExit: enough"),
        ("raises_a_wordless_runtime_error", "error", "Silent: <exception str() failed>"),
        ("raises_no_exception", "error", "Abort: enough of it"),
        ("returns_words", "error", "The train function returned a list"),
        ("restores_late", "error", "`restore` comes before"),
    ],
)
def test_a_setting_that_cannot_be_trained_says_why(local_runner, tmp_path, name, reason, detail):
    ended = end(events_of(local_runner(name), assignment(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", reason)
    assert detail in ended.detail


def test_an_exception_whose_text_cannot_be_read_is_told_by_its_kind_and_place(
    any_local_runner, tmp_path
):
    given = assignment(tmp_path, setting=SETTING)

    ended = end(events_of(any_local_runner("raises_without_words"), given))

    assert (ended.status, ended.reason) == ("infeasible", "error")
    assert ended.error_site.startswith(("loops.Wordless at loops", "works.Wordless at works"))
    assert "src/etude" not in ended.detail


def test_points_before_the_end_of_an_infeasible_trial_are_kept(runner, tmp_path):
    events = events_of(runner("nan"), assignment(tmp_path))

    assert [(step, name) for step, name, _ in rows(events)] == [
        (0, "train/loss"),
        (0, "grad_norm"),
        (3, "train/loss"),
    ]
    assert end(events).steps == 4


@pytest.mark.parametrize(
    ("name", "last_lines"),
    [
        ("raises", ["build(width=3)", "in build", "raise", "ValueError: no width 3"]),
        ("raises_from", ["in build", "direct cause", "RuntimeError: no model"]),
    ],
)
def test_a_traceback_is_the_users_own(any_local_runner, tmp_path, name, last_lines):
    told = end(events_of(any_local_runner(name), assignment(tmp_path, setting=SETTING))).detail

    assert told.startswith("Traceback (most recent call last):\n")
    assert "src/etude" not in told
    assert all(line in told for line in last_lines)


def test_a_chain_of_exceptions_is_the_users_own_too(any_local_runner, tmp_path):
    told = end(
        events_of(any_local_runner("raises_from"), assignment(tmp_path, setting=SETTING))
    ).detail

    assert "direct cause" in told
    assert "src/etude" not in told
    assert told.count("loops.py") + told.count("works.py") == 3


def test_an_exception_of_ours_has_no_traceback_of_ours(local_runner, tmp_path):
    told = end(events_of(local_runner("returns_words"), assignment(tmp_path))).detail

    assert told.startswith("TypeError: The train function returned a list.")


def test_a_fault_is_where_the_users_code_raised(any_local_runner, tmp_path):
    ended = end(events_of(any_local_runner("raises"), assignment(tmp_path, setting=SETTING)))

    assert ended.error_site.startswith(("ValueError at loops.py:", "ValueError at works.py:"))


def test_a_trial_that_ends_without_a_word_is_infeasible_and_says_how_to_report(
    local_runner, tmp_path
):
    ended = end(events_of(local_runner("is_silent"), assignment(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", "error")
    assert "without reporting the experiment's metric `valid/loss`" in ended.detail


def test_a_divergence_that_the_loop_swallows_still_counts(local_runner, tmp_path):
    ended = end(events_of(local_runner("swallows_nan"), assignment(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", "nan")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("reports_step_10_to_the_30", "got 1000000000000000000000000000000"),
        ("reports_half_a_step", "got 0.5"),
        ("reports_past_the_end", "got 8"),
        ("reports_a_negative_step", "got -1"),
        ("loops_twice", "`steps` gives the steps of the whole trial"),
    ],
)
def test_a_step_that_cannot_be_is_told_to_the_users_code(local_runner, tmp_path, name, said):
    ended = end(events_of(local_runner(name), assignment(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", "error")
    assert said in ended.detail


def test_a_script_that_says_it_is_done_is_done(local_runner, tmp_path):
    ended = end(events_of(local_runner("exits_with_success"), assignment(tmp_path)))

    assert ended.status == "completed"


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("misreports", "metric", "Did you mean `valid/lost`?"),
        ("misreports", "metric", "(step 0) has `valid/error`, `valid/lost`"),
        ("fills_the_disk", "disk", "No space left on device"),
    ],
)
def test_what_keeps_every_trial_from_being_trained_is_refused(
    local_runner, tmp_path, name, kind, detail
):
    refused = end(events_of(local_runner(name), assignment(tmp_path)))

    assert isinstance(refused, Refused)
    assert refused.kind == kind
    assert detail in refused.detail


def test_a_trial_past_its_limit_is_stopped(runner, tmp_path):
    limited = assignment(tmp_path, max_steps=10_000, max_wall_s=0.3)

    ended = end(events_of(runner("takes_its_time"), limited))

    assert (ended.status, ended.reason) == ("stopped", "time_limit")
    assert 0 < ended.steps < 100


def test_what_a_trial_prints_goes_to_its_log(runner, tmp_path):
    events_of(runner("prints"), assignment(tmp_path), assignment(tmp_path, id=1))

    logs = [(tmp_path / "trials" / str(number) / "log.txt").read_text() for number in (0, 1)]

    # Two streams, each buffered on its own: their order is not promised.
    assert [sorted(log.splitlines()) for log in logs] == [["a complaint", "a word"]] * 2


def test_a_half_that_the_training_forked_ends_where_it_comes_back(
    local_runner, tmp_path, monkeypatch
):
    monkeypatch.setenv("CODES", str(tmp_path / "codes"))

    events = events_of(local_runner("forks"), assignment(tmp_path))

    assert (tmp_path / "codes").read_text() == "[0, 0, 7]"
    assert end(events).status == "completed"
    assert rows(events) == [(7, "valid/loss", 1.0)]
    assert (tmp_path / "trials/0/log.txt").read_text() == "forked\n"


def test_a_training_that_closes_its_streams_completes_and_the_run_prints_on(
    runner, tmp_path, capfd
):
    events = events_of(runner("closes_its_streams"), assignment(tmp_path))
    os.write(1, b"the run")
    os.write(2, b"its words")

    assert end(events).status == "completed"
    assert (tmp_path / "trials/0/log.txt").read_text() == "a word\n"
    printed, said = capfd.readouterr()
    assert printed.endswith("the run")
    assert said == "its words"


def test_a_training_may_use_all_that_a_stream_has(local_runner, tmp_path, capfd):
    events = events_of(local_runner("uses_the_whole_stream"), assignment(tmp_path))

    assert end(events).status == "completed"
    log = (tmp_path / "trials/0/log.txt").read_text()
    assert "bytes of utf-8\n" in log
    assert "a program\n" in capfd.readouterr().out + log


def test_half_a_character_can_be_printed(local_runner, tmp_path):
    events = events_of(local_runner("prints_half_a_character"), assignment(tmp_path))

    assert end(events).status == "completed"
    assert (tmp_path / "trials/0/log.txt").read_text() == "\\udcff\n"


def test_a_log_goes_on_where_the_last_attempt_ended(runner, tmp_path):
    events_of(runner("prints"), assignment(tmp_path))
    events_of(runner("prints"), assignment(tmp_path))

    assert (tmp_path / "trials/0/log.txt").read_text().count("a word\n") == 2


def test_a_rehearsal_sends_its_times_alone(any_runner, tmp_path):
    rehearsal = assignment(tmp_path, setting=SETTING, rehearsal=True, max_steps=2, evaluations=1)

    (event,) = events_of(any_runner("train"), rehearsal)

    assert isinstance(event, Rehearsed)
    assert min(event.setup_s, event.step_s, event.evaluation_s) > 0
    assert event.problem == ""
    assert {"valid/error", "valid/loss"} & set(event.metrics)


@pytest.mark.parametrize(
    ("name", "kind"), [("raises", "ValueError: no width 3"), ("leaves", "SystemExit")]
)
def test_a_rehearsal_tells_what_went_wrong(any_local_runner, tmp_path, name, kind):
    (event,) = events_of(
        any_local_runner(name), assignment(tmp_path, setting=SETTING, rehearsal=True, max_steps=2)
    )

    assert kind in event.problem


def test_a_rehearsal_that_diverges_at_once_says_so(local_runner, tmp_path):
    (event,) = events_of(
        local_runner("nan_at_once"),
        assignment(tmp_path, setting=SETTING, rehearsal=True, max_steps=2),
    )

    assert event.problem == "`train/loss` is nan at step 0."


def test_a_rehearsal_refuses_what_every_trial_would_be_refused_for(any_runner, tmp_path):
    (event,) = events_of(
        any_runner("misreports"), assignment(tmp_path, setting=SETTING, rehearsal=True, max_steps=2)
    )

    assert isinstance(event, Refused)


def test_what_cannot_be_delivered_stops_the_run(any_runner, tmp_path):
    seen = []

    def deliver(events):
        seen.extend(events)
        raise TrainError("the store is full", user_traceback="")

    busy = any_runner("swallows")
    busy.submit([assignment(tmp_path, setting=SETTING)])
    with pytest.raises(TrainError, match="the store is full"):
        wait_for_news(busy, deliver)
    busy.close()

    assert not any(isinstance(event, Ended) and event.status != "completed" for event in seen)


def test_a_trial_pauses_at_its_checkpoint_and_goes_on_as_if_it_had_not(runner, trained, tmp_path):
    whole, _ = trained(runner)

    first = events_of(runner("train"), assignment(tmp_path, until_step=3))
    second = events_of(runner("train"), assignment(tmp_path, resume_step=3, until_step=6))
    third = events_of(runner("train"), assignment(tmp_path, resume_step=5))

    assert [(type(one[-1]), one[-1].steps) for one in (first, second)] == [(Paused, 4), (Paused, 6)]
    assert rows([*first, *second, *third]) == rows(whole)
    assert end(third).status == "completed"


def test_the_end_is_no_pause(runner, tmp_path):
    events = events_of(runner("train"), assignment(tmp_path, until_step=8))

    assert end(events).status == "completed"


def test_a_trial_without_checkpoints_goes_on_past_its_pause(runner, tmp_path):
    events = events_of(runner("reports_alone"), assignment(tmp_path, until_step=2))

    assert (end(events).status, end(events).steps) == ("completed", 8)


def test_a_trial_killed_before_it_could_pause_pauses_where_it_would_have(runner, left):
    given = assignment(left(runner), resume_step=3, until_step=4)

    events = events_of(runner("train"), given)

    assert rows(events) == []
    assert [one for one in events if not isinstance(one, Coded)] == [
        Began(0, 4),
        Paused(0, 4, events[-1].wall_s),
    ]


def test_a_trial_that_runs_is_stopped_by_a_halt(runner, tmp_path):
    busy, events = runner("takes_its_time"), []

    def deliver(news):
        events.extend(news)
        busy.submit([Halt(0), Halt(7)])

    busy.submit([assignment(tmp_path, max_steps=100_000)])
    wait_for_news(busy, deliver)
    busy.close()

    assert (end(events).status, end(events).reason) == ("stopped", "schedule")
    assert 0 < end(events).steps < 1000


def test_a_halt_outlasts_no_trial_that_goes_on_again(runner, tmp_path):
    busy = runner("train")
    busy.submit([Halt(0)])

    events = events_of(busy, assignment(tmp_path))

    assert end(events).status == "completed"


@pytest.mark.parametrize(
    ("name", "resumes"), [("train", True), ("reports_alone", False), ("returns", None)]
)
def test_a_rehearsal_tells_whether_the_loop_can_be_resumed(local_runner, tmp_path, name, resumes):
    rehearsal = assignment(tmp_path, rehearsal=True, max_steps=2, evaluations=1)

    (event,) = events_of(local_runner(name), rehearsal)

    assert event.resumes is resumes or event.problem


def wait_for_news(busy, deliver):
    while busy.wait(deliver):
        pass


READINGS = {"learning_rate": 0.25, "factor": 0.5, "width": 8, "momentum": 0.9}


@pytest.mark.parametrize(
    ("name", "unread"),
    [
        ("returns", ("factor", "momentum", "width")),
        ("reads_late", ("momentum", "width")),
        ("takes_the_setting", ()),
        ("takes_it_apart", ()),
        ("reads_in_a_fork", ()),
        ("raises", ("factor", "learning_rate", "momentum", "width")),
    ],
)
def test_an_end_says_what_nobody_read_of_the_setting(local_runner, tmp_path, name, unread):
    ended = end(events_of(local_runner(name), assignment(tmp_path, setting=READINGS)))

    assert ended.unread == unread


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("reads_late", ()),
        ("takes_the_setting", tuple(sorted(READINGS))),
        ("takes_it_apart", tuple(sorted(READINGS))),
        ("takes_the_trial_apart", tuple(sorted(READINGS))),
        ("lists_the_names_and_reads_all", ()),
        ("reads_in_a_fork", ("factor", "momentum", "width")),
    ],
)
def test_what_was_read_with_all_others_alone_is_told_apart(local_runner, tmp_path, name, taken):
    ended = end(events_of(local_runner(name), assignment(tmp_path, setting=READINGS)))

    assert (ended.unread is not None, ended.taken) == (True, taken)


@pytest.mark.parametrize(
    ("before", "unread"), [(None, None), (("momentum",), ("momentum",)), ((), ())]
)
def test_a_resumed_trial_counts_what_was_read_before(local_runner, tmp_path, before, unread):
    setting = {"learning_rate": 0.25, "factor": 0.5, "momentum": 0.9}
    first = assignment(tmp_path, setting=setting)
    events_of(local_runner("reads_at_the_first_step_only"), first)

    given = assignment(tmp_path, setting=setting, resume_step=3, unread=before)
    ended = end(events_of(local_runner("reads_at_the_first_step_only"), given))

    assert ended.unread == unread


# --- what Ray alone does: here is its cluster


def test_a_trial_whose_actor_is_killed_goes_on_elsewhere(tmp_path):
    events: list[Event] = []
    runner = on_ray("waits_for_go")
    first = assignment(tmp_path)
    runner.submit([first])
    while not any(isinstance(event, Began) for event in events):
        runner.wait(events.extend)
    (place,) = runner._crew.places
    ray.kill(place._actor)
    while not any(isinstance(event, Lost) for event in events):
        runner.wait(events.extend)

    while not runner.free:  # another actor comes
        runner.wait(events.extend)
    runner.submit([first])
    (first.folder / "go").touch()
    while runner.wait(events.extend):
        pass
    runner.close()

    (lost,) = [event for event in events if isinstance(event, Lost)]
    assert "killed by `ray.kill`" in lost.detail
    assert not lost.is_blamed
    assert end(of(events, 0)).status == "completed"
    assert len(rows(events)) >= first.max_steps

import os
import select
import sys

import pytest
from tests.runner.sample import HERE, assignment, end, events_of, of, processes, rows

from etude.errors import RunError
from etude.event import Began, Ended, Event, Lost, Refused, Saved
from etude.runner.processes import Processes


def test_an_interrupt_that_the_code_raises_is_its_error_and_costs_no_worker(tmp_path):
    ended = end(events_of(processes("interrupts_itself"), assignment(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", "error")
    assert 'raise KeyboardInterrupt("enough")' in ended.detail
    assert ended.detail.endswith("raised KeyboardInterrupt itself: nobody pressed Ctrl-C.")
    assert "src/etude" not in ended.detail


@pytest.mark.parametrize(
    ("name", "detail"),
    [("exits", "exit code 7"), ("is_killed", "SIGKILL (often the system, when memory runs out)")],
)
def test_a_worker_that_dies_loses_its_trial(tmp_path, name, detail):
    (event,) = events_of(processes(name), assignment(tmp_path))

    assert event == Lost(0, detail)


def test_a_worker_that_died_is_replaced(tmp_path):
    lost, *again = events_of(processes("dies_once"), assignment(tmp_path), assignment(tmp_path))

    assert lost == Lost(0, "exit code 7")
    assert end(again).status == "completed"


def test_a_trial_that_lost_its_worker_goes_on_from_its_checkpoint(tmp_path):
    whole = events_of(processes("train"), assignment(tmp_path / "whole"))
    first, second = assignment(tmp_path), assignment(tmp_path, resume_step=3)

    events = events_of(processes("interrupted"), first, second)

    beginnings = [event for event in events if isinstance(event, Began)]
    assert beginnings == [Began(0, 0), Began(0, 4)]
    assert [event.step for event in events if isinstance(event, Saved)] == [1, 3, 5, 7]
    assert set(rows(events)) >= set(rows(whole))


def test_a_worker_that_dies_after_its_end_has_ended_once(tmp_path):
    runner = processes("dies_after_its_end")
    runner.submit([assignment(tmp_path)])
    runner._slots[0].process.wait()

    events: list[Event] = []
    runner.wait(events.extend)

    runner.close()
    assert end(events).status == "completed"
    assert not any(isinstance(event, Lost) for event in events)


def test_a_worker_that_died_idle_is_replaced(tmp_path):
    runner = processes("dies_after_its_end")
    exhaust(runner, assignment(tmp_path))

    events = events_of(runner, assignment(tmp_path, id=1))

    assert end(events).status == "completed"


def test_a_dead_worker_is_noticed_though_its_child_holds_the_line(tmp_path):
    (event,) = events_of(processes("leaves_an_orphan"), assignment(tmp_path))

    assert event == Lost(0, "exit code 7")


def test_a_worker_that_hung_up_is_lost(tmp_path):
    (event,) = events_of(processes("closes_everything"), assignment(tmp_path))

    assert isinstance(event, Lost)


def test_a_worker_that_never_comes_back_is_killed_after_its_grace(tmp_path):
    limited = assignment(tmp_path, max_wall_s=0.01)

    events = events_of(processes("never_comes_back", grace_s=1.0), limited)

    ended = end(events)
    assert (ended.status, ended.reason) == ("stopped", "time_limit")
    assert "did not come back 1 s after the limit" in ended.detail


def test_a_module_that_fails_to_import_is_refused_with_the_users_traceback(tmp_path):
    (tmp_path / "broken.py").write_text("import math\n\nraise ValueError('no data')\n")

    (event,) = events_of(Processes("broken.py:train", tmp_path, workers=1), assignment(tmp_path))

    assert isinstance(event, Refused)
    assert event.kind == "import"
    assert "src/etude" not in event.detail
    assert 'broken.py", line 3, in <module>' in event.detail


def test_a_module_with_a_slip_of_syntax_is_shown_with_its_line(tmp_path):
    (tmp_path / "broken.py").write_text("def train(trial:\n")

    (event,) = events_of(Processes("broken.py:train", tmp_path, workers=1), assignment(tmp_path))

    assert "SyntaxError" in event.detail
    assert 'broken.py", line 1' in event.detail
    assert "src/etude" not in event.detail


def test_a_module_may_enable_the_fault_handler(tmp_path):
    text = "import faulthandler\nfaulthandler.enable()\ndef train(trial):\n    return 1.0\n"
    (tmp_path / "train.py").write_text(text)

    events = events_of(Processes("train.py:train", tmp_path, workers=1), assignment(tmp_path))

    assert end(events).status == "completed"


def test_a_missing_function_is_refused_with_the_nearest(tmp_path):
    (event,) = events_of(processes("trian"), assignment(tmp_path))

    assert isinstance(event, Refused)
    assert event.detail.endswith("has no function `trian`. Did you mean `train`?")


def test_a_log_that_cannot_be_written_is_the_disks_fault(tmp_path):
    (tmp_path / "file").touch()

    refused = end(events_of(processes("returns"), assignment(tmp_path, folder=tmp_path / "file")))

    assert isinstance(refused, Refused)
    assert refused.kind == "disk"


def test_what_is_written_below_python_goes_to_the_log_too(tmp_path):
    events_of(processes("prints_from_c"), assignment(tmp_path))

    assert (tmp_path / "trials/0/log.txt").read_text() == "from below\n"


def test_a_module_is_imported_once_a_worker_under_its_own_name(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOPS_IMPORTS", str(tmp_path / "imports"))
    several = [assignment(tmp_path, id=number) for number in range(6)]

    events_of(processes("returns", workers=2), *several)

    lines = (tmp_path / "imports").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 2
    assert all(line.endswith(" loops") for line in lines)


def test_a_worker_imports_no_main_module_of_the_user(tmp_path):
    events_of(processes("tells_its_imports"), assignment(tmp_path))

    name, main, first, *path = (tmp_path / "trials/0/imports").read_text().splitlines()
    assert (name, main) == ("loops", "etude.runner.child")
    assert first == str(HERE)
    assert path == [one for one in sys.path if one != str(HERE)]


def test_a_users_file_does_not_stand_in_for_one_of_pythons(tmp_path, monkeypatch):
    (tmp_path / "queue.py").write_text("raise ValueError('not me')\n")
    monkeypatch.chdir(tmp_path)

    events = events_of(processes("returns"), assignment(tmp_path))

    assert end(events).status == "completed"


def test_two_workers_train_at_once(tmp_path):
    runner = processes("train", workers=2)

    runner.submit([assignment(tmp_path), assignment(tmp_path, id=1, seed=2)])

    assert (runner.slots, runner.free) == (2, 0)
    events = events_of(runner)
    assert {end(of(events, number)).status for number in (0, 1)} == {"completed"}


def test_every_worker_has_a_gpu_of_its_own_and_its_share_of_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("LOOPS_TOLD", "kept")
    runner = processes("tells_its_environment", workers=2)

    runner.submit([assignment(tmp_path), assignment(tmp_path, id=1)])
    events_of(runner)

    told = [(tmp_path / f"trials/{number}/environment").read_text() for number in (0, 1)]
    assert [one.splitlines()[0] for one in told] == [f"CUDA_VISIBLE_DEVICES={n}" for n in (3, 5)]
    assert all("OMP_NUM_THREADS=2\n" in one and "LOOPS_TOLD=kept" in one for one in told)


def test_a_worker_that_cannot_start_says_what_it_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    runner = processes("returns")

    with pytest.raises(RunError, match=r"could not start. It said:\n(.|\n)*encodings"):
        events_of(runner, assignment(tmp_path))


def test_closing_kills_what_runs(tmp_path):
    runner = processes("never_comes_back")
    runner.submit([assignment(tmp_path)])
    process = runner._slots[0].process

    runner.close()

    assert process.returncode == -9
    assert runner.free == 1
    assert not os.path.exists(f"/proc/{process.pid}")


def exhaust(runner, one):
    """Plays a trial until its worker is dead."""
    runner.submit([one])
    while runner.wait(list):
        pass
    process = runner._slots[0].process
    if process is not None:
        process.wait()


def test_what_a_killed_worker_reported_is_there(tmp_path):
    """However soon after the report it died."""
    events: list[Event] = []
    busy = processes("is_killed_after_reports")
    busy.submit([assignment(tmp_path)])
    while busy.wait(events.extend):
        pass
    busy.close()

    assert [value for _, _, value in rows(events)] == [0.0, 1.0, 2.0]
    assert isinstance(events[-1], Lost)


def test_what_a_worker_reported_that_hangs_is_delivered(tmp_path):
    events: list[Event] = []
    busy = processes("hangs_after_reports")
    busy.submit([assignment(tmp_path)])
    waits = iter(range(100))
    while len(rows(events)) < 2 and next(waits, None) is not None:
        busy.wait(events.extend)
    busy.close()

    assert [value for _, _, value in rows(events)] == [0.0, 1.0]
    assert not any(isinstance(event, Ended) for event in events)


def until_idle(runner, events):
    while runner.wait(events.extend):
        pass


def gives_up(*_):
    raise RunError("no worker starts")


@pytest.mark.parametrize("where", ["ensure_worker", "start_again"])
def test_what_others_ended_is_delivered_before_a_worker_that_cannot_start_ends_the_run(
    tmp_path, monkeypatch, where
):
    """Whether it gives up when a trial is handed out, or when it is found dead at its start."""
    events: list[Event] = []
    runner = processes("returns", workers=2)
    dead, busy = runner._slots
    busy.ensure_worker()
    busy.assignments[0] = assignment(tmp_path)
    runner._send(busy, [assignment(tmp_path)])
    while not busy.is_loaded:
        busy.receive()
    while not select.select([busy.line], [], [], 60.0)[0]:
        pass
    if where == "start_again":
        dead.ensure_worker()
        dead.process.kill()
        dead.process.wait()
        dead.assignments[1] = assignment(tmp_path, id=1)
    monkeypatch.setattr(dead, where, gives_up)
    runner.submit([assignment(tmp_path, id=2)] if where == "ensure_worker" else [])

    with pytest.raises(RunError, match="no worker starts"):
        until_idle(runner, events)
    runner.close()

    assert [one.trial_id for one in events if isinstance(one, Began)] == [0]

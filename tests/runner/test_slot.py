"""Workers that die, are stopped, or wait for each other while they start.

A `sitecustomize` in a folder of the tests is read by every worker as Python begins: there it dies,
or waits until all others have begun.
"""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.runner.sample import assignment, end, events_of, processes, rows

from etude.errors import RunError
from etude.event import Ended, Event, Lost
from etude.round.result import load
from etude.runner.messages import Verdict
from etude.runner.processes import Processes
from etude.runner.running_clock import RUNNING

pytestmark = pytest.mark.kills

STARTS = """
import os, signal, sys, time
from pathlib import Path

def begun():
    return Path(os.environ["STARTS"]).stat().st_size

if "etude.runner.child" in sys.orig_argv:
    with open(os.environ["STARTS"], "ab", buffering=0) as starts:
        starts.write(b".")
        place = starts.tell()
    if str(place) in os.environ.get("DEATHS", "").split():
        os.kill(os.getpid(), signal.SIGKILL)
    if "EXITS" in os.environ:
        os._exit(7)
    patience = time.monotonic() + 60
    while begun() < int(os.environ.get("TOGETHER", "0")):
        if time.monotonic() > patience:
            os._exit(5)
        time.sleep(0.005)
"""


@pytest.fixture
def starts(tmp_path, monkeypatch):
    """Lets workers meet what is in the environment; gives the number that were started."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(STARTS)
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    return lambda: (tmp_path / "starts").stat().st_size


def test_a_worker_that_is_killed_while_it_starts_is_replaced(tmp_path, monkeypatch, starts):
    monkeypatch.setenv("DEATHS", "1 3")
    several = [assignment(tmp_path, id=number) for number in range(4)]

    events = events_of(processes("returns", workers=2), *several)

    ends = [event.status for event in events if isinstance(event, Ended)]
    assert ends == ["completed"] * 4
    assert not any(isinstance(event, Lost) for event in events)
    assert starts() == 4


def test_a_worker_that_is_killed_before_it_judges_is_replaced(tmp_path, monkeypatch, starts):
    monkeypatch.setenv("DEATHS", "1")
    runner = processes("returns")

    verdict = runner.judge([assignment(tmp_path)])

    runner.close()
    assert verdict == Verdict(1, "")
    assert starts() == 2


@pytest.mark.parametrize(
    ("killed", "said", "started"),
    [(2, "", 3), (3, "3 workers in a row died while they tried it: SIGKILL", 3)],
)
def test_a_worker_that_is_killed_while_it_judges_is_asked_again(
    tmp_path, monkeypatch, starts, killed, said, started
):
    monkeypatch.setenv("KILLED_WHEN_JUDGED", str(killed))
    runner = processes("killed_when_judged")

    verdict = runner.judge([assignment(tmp_path)])

    runner.close()
    assert verdict.width == 1
    assert verdict.reason.startswith(said)
    assert bool(verdict.reason) == bool(said)
    assert starts() == started


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DEATHS", "1 2 3 4 5", r"SIGKILL \(often the system, .*\). Start fewer with --workers N"),
        ("EXITS", "", r"the last time: exit code 7. See that `.*` runs"),
    ],
)
def test_workers_that_die_again_and_again_stop_the_run_in_words(
    tmp_path, monkeypatch, starts, name, value, said
):
    monkeypatch.setenv(name, value)

    with pytest.raises(RunError, match=f"^3 worker processes in a row died .*{said}"):
        events_of(processes("returns"), assignment(tmp_path))

    assert starts() == 3


def test_a_module_that_ends_its_worker_is_named_and_no_trial_is_blamed(tmp_path):
    text = "import os\nprint('no data', flush=True)\nos._exit(9)\n"
    (tmp_path / "train.py").write_text(text)
    runner = Processes("train.py:train", tmp_path, workers=1)

    with pytest.raises(RunError) as refusal:
        events_of(runner, assignment(tmp_path))

    message = str(refusal.value)
    assert "the last time: exit code 9. Mend what `train.py` does while it is imported" in message
    assert message.endswith("no data")


def test_workers_start_at_the_same_time(tmp_path, monkeypatch, starts):
    monkeypatch.setenv("TOGETHER", "3")
    several = [assignment(tmp_path, id=number) for number in range(3)]

    events = events_of(processes("returns", workers=3), *several)

    assert [event.status for event in events if isinstance(event, Ended)] == ["completed"] * 3
    assert starts() == 3


def test_a_system_that_starts_no_more_processes_is_told_in_words(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)

    with pytest.raises(RunError, match=r"unavailable\). Start fewer with --workers N"):
        events_of(processes("returns"), assignment(tmp_path))


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="nothing tells here that it is stopped")
def test_a_worker_that_is_stopped_is_not_late(tmp_path, monkeypatch):
    now = iter([0.0, *itertools.repeat(1e9, 10**6)])
    monkeypatch.setattr(RUNNING, "now_s", lambda: next(now))
    runner = processes("waits_for_go", grace_s=1.0)
    events: list[Event] = []
    runner.submit([assignment(tmp_path, max_wall_s=2e9)])
    wait_until(lambda: runner.wait(events.extend) and bool(rows(events)))
    process = runner._slots[0].process
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    monkeypatch.setattr(RUNNING, "now_s", lambda: 9e9)

    runner.wait(events.extend)
    os.kill(process.pid, signal.SIGCONT)
    (tmp_path / "trials" / "0" / "go").touch()
    wait_until(lambda: not runner.wait(events.extend))

    runner.close()
    assert end(events).status == "completed"


# --- whole runs: stopped as Ctrl-Z does, and killed while code in C is busy

EXPERIMENT = """
[experiment]
name = "walk"
metric = "valid/loss"
max_steps = 3
trials = 2
evaluations = 3
max_trial_s = 2.0
train = "train.py:train"

[nuisance]
x = { low = 0.1, high = 0.3 }
"""
WAITS = """
import time
from pathlib import Path

HERE = Path(__file__).parent

def train(trial):
    for step in trial.steps():
        trial.report(step, {"valid/loss": trial["x"]})
        if trial.max_steps > 2:
            (HERE / "begun").touch()
            while not (HERE / "go").exists():
                time.sleep(0.001)
"""
SLEEPS = """
import ctypes, os
from pathlib import Path

def train(trial):
    trial.report(0, {"valid/loss": trial["x"]})
    if trial.max_steps > 2:
        (Path(__file__).parent / f"{os.getpid()}.busy").touch()
        ctypes.PyDLL(None).sleep(900)  # as code in C that holds the interpreter
"""


def started(folder, train, *words):
    """A run in a process group of its own."""
    (folder / "walk.toml").write_text(EXPERIMENT)
    (folder / "train.py").write_text(train)
    command = [sys.executable, "-m", "etude.cli", "run", "walk.toml", *words]
    with (folder / "out").open("w") as out:
        return subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, start_new_session=True)


def wait_until(is_so):
    """Until that is so; a minute of a busy machine is more than it takes."""
    patience = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < patience, "it never came to be"
        time.sleep(0.002)  # leaves the processor to those that are waited for


@pytest.mark.parametrize("words", [("--workers", "2"), ("--runner", "inline")])
def test_time_in_which_a_run_was_stopped_does_not_count(tmp_path, words):
    run = started(tmp_path, WAITS, *words)
    wait_until((tmp_path / "begun").exists)

    os.killpg(run.pid, signal.SIGSTOP)
    until = time.monotonic() + 3.0  # longer than `max_trial_s`
    wait_until(lambda: time.monotonic() > until)
    (tmp_path / "go").touch()
    os.killpg(run.pid, signal.SIGCONT)

    assert run.wait() == 0, (tmp_path / "out").read_text()
    records = list(load(tmp_path / "etude.db").records)
    assert [(record.status, record.losses) for record in records] == [("completed", 0)] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends them")
def test_workers_in_code_of_c_end_with_their_parent(tmp_path):
    run = started(tmp_path, SLEEPS, "--workers", "2")
    wait_until(lambda: len(list(tmp_path.glob("*.busy"))) == 2)
    workers = [int(path.stem) for path in tmp_path.glob("*.busy")]

    run.kill()
    run.wait()

    wait_until(lambda: not any(map(is_alive, workers)))


def is_alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "XZ"


def test_workers_outlive_the_thread_that_asked_for_them(tmp_path):
    runner = processes("waits_for_go")
    events: list[Event] = []
    asking = threading.Thread(target=runner.submit, args=([assignment(tmp_path)],))
    asking.start()
    asking.join()

    wait_until(lambda: runner.wait(events.extend) and bool(rows(events)))
    (tmp_path / "trials" / "0" / "go").touch()
    wait_until(lambda: not runner.wait(events.extend))

    runner.close()
    assert end(events).status == "completed"

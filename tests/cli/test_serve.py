"""`etude serve` and `etude run --serve`: a real server, as people start and end it."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from queue import Queue
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from tests.store.sample import begun
from typer.testing import CliRunner

from etude.cli.app import app
from etude.cli.serve import BesideRun
from etude.serve.server import LiveServer
from etude.store import open_store
from etude.store.sqlite import SQLite

ETUDE = [sys.executable, "-m", "etude"]
LIMIT_S = 60
SMALL = """
[experiment]
name = "small"
metric = "valid/loss"
max_steps = 4
trials = 2
evaluations = 2
train = "train.py:train"

[nuisance]
learning_rate = { low = 0.1, high = 0.5 }
"""
TRAIN = """
def train(trial):
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": trial["learning_rate"] / (step + 1)})
"""
WITHOUT = """
import sys
sys.modules["uvicorn"] = None
sys.argv = ["etude", "serve", "--store", sys.argv[1]]
from etude.cli import main
main()
"""


@pytest.fixture
def store(tmp_path):
    with closing(SQLite(tmp_path / "etude.db")) as opened:
        begun(opened)
    return tmp_path / "etude.db"


def typed(*words):
    return CliRunner().invoke(app, ["serve", *map(str, words)])


def test_ctrl_c_ends_it_at_once_though_somebody_looks_on(store):
    command = [*ETUDE, "serve", "rates", "--store", str(store), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        line = server.stdout.readline().decode()
        address = urlsplit(line.split()[-1])
        browser = HTTPConnection(address.hostname, address.port, timeout=LIMIT_S)
        browser.request("GET", f"{address.path}?{address.query}")
        answer = browser.getresponse()
        answer.read()
        cookie = answer.getheader("set-cookie").partition(";")[0]
        browser.request("GET", "/events/rates", headers={"Cookie": cookie})
        stream = browser.getresponse()
        first = stream.readline()
        server.send_signal(signal.SIGINT)
        code = server.wait(LIMIT_S)
        told = server.stderr.read().decode()
        browser.close()

    assert line.startswith("Live page: http://127.0.0.1:")
    assert first == b"retry: 1000\n"
    assert code == 130
    assert "Traceback" not in told


def test_a_run_is_served_beside_it_and_the_server_ends_with_it(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "train.py").write_text(TRAIN)

    done = subprocess.run(
        [*ETUDE, "run", "small.toml", "--runner", "inline", "--serve"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )

    assert done.returncode == 0, done.stderr
    assert "Live page: http://127.0.0.1:" in done.stdout
    with closing(open_store(tmp_path / "etude.db", create=False)) as opened:
        assert opened.records("small").count("completed") == 2


def test_the_address_of_a_run_is_said_before_anything_happens_in_it(store, tmp_path, monkeypatch):
    (tmp_path / "queue.py").write_text("raise SystemExit('another module of this name')")
    monkeypatch.chdir(tmp_path)
    lines: Queue[str] = Queue()
    beside = BesideRun(str(store), is_asked=True).saying(lines.put)

    with closing(beside):
        beside.begin(SimpleNamespace(experiment=SimpleNamespace(name="rates")))

        assert lines.get(timeout=LIMIT_S).startswith("Live page: http://127.0.0.1:")


def test_the_answer_does_not_wait_for_who_still_looks_on(tmp_path, monkeypatch):
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "train.py").write_text(TRAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(BesideRun, "close", lambda page: print("The page is over."))

    said = CliRunner().invoke(app, ["run", "small.toml", "--runner", "inline"]).output

    assert said.index("Charts and trials:") < said.index("The page is over.")


def test_what_is_not_asked_for_starts_nothing():
    beside = BesideRun("etude.db", is_asked=False)

    beside.begin(None)
    beside.see([])
    beside.end()
    beside.close()

    assert beside._process is None


def test_a_library_that_is_missing_is_named_with_its_command(store):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(store)], capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "needs Starlette and uvicorn: `pip install 'etude[serve]'`" in done.stderr


def test_a_store_that_is_not_there_is_said(tmp_path):
    answer = typed("--store", tmp_path / "none.db")

    assert "There is no store at" in str(answer.exception)


def test_an_experiment_that_is_not_there_is_said(store):
    answer = typed("rats", "--store", store)

    assert "Did you mean `rates`?" in str(answer.exception)


def test_an_empty_store_is_said(tmp_path):
    SQLite(tmp_path / "etude.db").close()

    answer = typed("--store", tmp_path / "etude.db")

    assert "This store holds no experiment yet" in str(answer.exception)


def test_what_others_may_see_is_said(store, monkeypatch):
    monkeypatch.setattr(LiveServer, "serve", lambda server: server._socket.close())
    monkeypatch.setattr("etude.cli.serve.open_in_browser", lambda address: False)

    answer = typed("--store", store, "--host", "0.0.0.0", "--port", "0", "--open")

    assert "whoever has the address sees all of the store" in answer.output
    assert "No browser can be opened here" in answer.output

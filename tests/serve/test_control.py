"""A page stops runs and adds trials only where the server was started with `--control`."""

import json
import os
import signal

import pytest
from tests.factories import rates
from tests.serve.serving import Served

from etude.errors import EtudeError, RunError
from etude.experiment.entry import Entry
from etude.experiment.toml.read import read
from etude.experiment.toml.write import dumps
from etude.serve.control import add_trials, stop
from etude.store.sqlite import SQLite

FILE = '# mine\n[experiment]\nname = "rates"\nmetric = "valid/loss"\nmax_steps = 8\n'
FILE += "trials = 4     # enough\nevaluations = 4\n"
FILE += "[nuisance]\nlearning_rate = { low = 0.01, high = 0.5 }\n"


@pytest.fixture
def controlled(tmp_path):
    made = Served(tmp_path, control=True)
    made.start()
    yield made
    made.close()


@pytest.fixture
def filed(tmp_path):
    """A store with an experiment from a file, and the file."""
    path = tmp_path / "rates.toml"
    path.write_text(FILE)
    store = SQLite(tmp_path / "etude.db")
    store.begin(Entry(experiment=read(path), text=FILE, source=str(path)))
    yield store.files.store, path
    store.close()


def word(served):
    return served.get("/of/rates").text.partition('data-control="')[2].partition('"')[0]


def test_only_a_page_of_this_server_is_obeyed(controlled):
    known = word(controlled)

    wrong = controlled.get("/control/stop/rates", method="POST", X_Etude_Control="x")
    right = controlled.get("/control/stop/rates", method="POST", X_Etude_Control=known)

    assert (wrong.status, right.status) == (403, 409)
    assert json.loads(right.text) == {"text": "Nobody runs `rates` now."}


def test_a_foreign_page_is_not_obeyed_though_it_knows_the_word(controlled):
    known = word(controlled)

    headers = {"X_Etude_Control": known, "Origin": "http://evil.example"}
    foreign = controlled.get("/control/stop/rates", method="POST", **headers)
    stranger = controlled.get(
        "/control/stop/rates", method="POST", X_Etude_Control=known, Cookie=""
    )

    assert (foreign.status, stranger.status) == (403, 403)


@pytest.mark.parametrize("path", ["remove/rates", "add/rates", "add/rates?trials=-1"])
def test_there_is_no_other_action(controlled, path):
    known = word(controlled)

    answer = controlled.get(f"/control/{path}", method="POST", X_Etude_Control=known)

    assert answer.status == 404


def test_a_run_is_stopped_as_by_ctrl_c(filed):
    path, _ = filed
    sent = []
    store = SQLite(path)

    with store.own("rates"):
        said = stop(path, "rates", lambda *given: sent.append(given))
    store.close()

    assert sent == [(os.getpid(), signal.SIGINT)]
    assert "What was finished is kept." in said


def test_one_that_ignores_ctrl_c_is_stopped_as_a_cluster_does_it(filed):
    path, _ = filed
    sent = []
    store = SQLite(path)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    with store.own("rates"):
        stop(path, "rates", lambda *given: sent.append(given))
    signal.signal(signal.SIGINT, before)
    store.close()

    assert sent == [(os.getpid(), signal.SIGTERM)]


def test_trials_are_added_in_the_file_and_nothing_else_changes(filed):
    path, file = filed

    said = add_trials(path, "rates", 6)

    assert file.read_text() == FILE.replace("trials = 4 ", "trials = 10 ")
    assert f"now. Train them: etude run {file} --store {path}" in said


def test_a_run_that_goes_on_ends_before_more_are_trained(filed):
    path, _ = filed
    store = SQLite(path)

    with store.own("rates"):
        said = add_trials(path, "rates", 6)
    store.close()

    assert "now. Once this run is over, train them: etude run" in said


def test_a_file_that_was_changed_otherwise_is_left_to_its_author(filed):
    path, file = filed
    file.write_text(FILE.replace("0.5", "0.6"))

    with pytest.raises(RunError, match="no longer what was run: it has another `nuisance`"):
        add_trials(path, "rates", 6)

    assert file.read_text() == FILE.replace("0.5", "0.6")


@pytest.mark.parametrize("count", [0, 100_000])
def test_as_many_as_a_study_may_have(filed, count):
    path, file = filed

    with pytest.raises(RunError, match="at least 1 trial"):
        add_trials(path, "rates", count)

    assert file.read_text() == FILE


def test_an_experiment_without_a_file_or_whose_file_is_gone_is_left(tmp_path, filed):
    path, file = filed
    file.unlink()
    store = SQLite(path)
    python = rates(name="python")
    store.begin(Entry(experiment=python, text=dumps(python)))
    store.close()

    with pytest.raises(RunError, match="has no file"):
        add_trials(path, "python", 1)
    with pytest.raises(EtudeError, match=r"rates\.toml"):
        add_trials(path, "rates", 1)

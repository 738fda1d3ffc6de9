"""MLflow: what a run has beside its points, in a folder that its own client writes and reads."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.trackers.following import Followed, mlflow_runs

from etude.errors import RunError
from etude.event import Began, Ended, Logged, Saved
from etude.experiment.tracked_run import arguments
from etude.finding import Finding, Group
from etude.move import Fork
from etude.trackers import tracker_of
from etude.trackers.base import StudyNews, TrackerError
from etude.trackers.follower import answer_of
from etude.trackers.session import run_of

BEGUN = (Began(0, 0), Logged(0, ((0, "valid/loss", 2.0), (1, "valid/loss", 4.0))))


@pytest.fixture
def kind():
    return "mlflow"


def fork(followed: Followed) -> None:
    """Trial 3 goes on from trial 0."""
    from etude.design.split import split

    place = followed.store.files.checkpoints("rates", 0) / "1"
    place.mkdir(parents=True)
    (study,) = split(followed.store.entries()[0].experiment)
    move = Fork(parent=0, from_step=1, searched={"learning_rate": 0.25}, until_step=None)
    followed.store.reserve("rates", study, [move])
    followed.happens(Began(3, 2), Logged(3, ((2, "valid/loss", 1.0),)))


def test_a_run_has_the_setting_with_roles_the_best_checkpoint_and_why_it_failed(followed):
    followed.happens(*BEGUN, Saved(0, 1, 4.0), Ended(0, "infeasible", "nan", "no number"))
    followed.catches_up()

    (run, *_) = mlflow_runs(followed)
    tags = run.data.tags
    assert run.info.status == "FAILED"
    assert float(run.data.params["learning_rate"]) == followed.record().setting["learning_rate"]
    assert tags["etude/role/learning_rate"] == "nuisance"
    assert (tags["etude/reason"], tags["etude/detail"]) == ("nan", "no number")
    assert (tags["etude/best"], tags["etude/best_step"]) == ("4.0", "1")


def test_a_fork_names_its_parent_and_both_stand_below_their_study(followed):
    followed.happens(*BEGUN, Saved(0, 1, 4.0))
    fork(followed)
    followed.catches_up()

    parent, forked = mlflow_runs(followed)
    assert forked.data.tags["etude/parent"] == parent.data.tags["etude/run"]
    assert forked.data.tags["etude/from_step"] == "1"
    assert len({run.data.tags["mlflow.parentRunId"] for run in (parent, forked)}) == 1


def test_a_run_that_the_training_opened_is_the_one_that_is_followed_and_is_never_deleted(followed):
    from mlflow.tracking import MlflowClient

    followed.happens(*BEGUN, Saved(0, 0, 2.0))
    followed.catches_up()
    run = run_of(followed.store.entries()[0], followed.store.files)("all", 0)
    opened = arguments(run, "mlflow", followed.store.files.trial("rates", 0))["run_id"]
    followed.happens(Began(0, 1), Logged(0, ((1, "valid/loss", 3.0),)))
    followed.catches_up()

    client = MlflowClient(f"file:{followed.folder / 'mlruns'}")
    assert client.get_run(opened).info.lifecycle_stage == "active"
    assert client.get_run(opened).info.run_name == "rates:0 (void)"
    assert mlflow_runs(followed)[0].data.tags["etude/trial"] == "0"


def test_findings_are_the_description_of_the_study_and_a_table_of_it(followed):
    followed.happens(*BEGUN)
    tracker = followed.catches_up()
    finding = Finding(
        rule="C1", check="boundary", status="problem", subject={}, message="At | edge"
    )
    run = run_of(followed.store.entries()[0], followed.store.files)("all", 0)
    tracker.summarize(StudyNews(run=run, findings=[Group(members=(finding,))]))

    (table,) = followed.folder.glob("mlruns/*/*/artifacts/findings.json")
    assert json.loads(table.read_text())["data"] == [["C1", "boundary", "problem", "At | edge", ""]]


def test_a_place_that_mlflow_cannot_write_to_is_told_with_the_way_out():
    with pytest.raises(RunError) as refused:
        tracker_of("mlflow", {"uri": "nowhere://me:secret@x"}, Path())

    assert str(refused.value).startswith("MLflow cannot write to `nowhere://")
    assert "secret" not in str(refused.value)
    assert "MLFLOW_TRACKING_URI" in str(refused.value)


def test_a_study_stands_above_its_trials_and_pending_ones_are_not_there_yet(followed):
    followed.happens(*BEGUN)
    followed.catches_up()

    assert [run.info.run_name for run in mlflow_runs(followed)] == ["rates:0"]


@contextmanager
def proxy(status: int):
    """The address of what stands before a server, and answers for it in HTML."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "kind_of_error"),
    [(401, RunError), (403, RunError), (400, TrackerError), (404, TrackerError)],
)
def test_only_an_answer_that_refuses_the_key_is_called_so(followed, status, kind_of_error):
    run = run_of(followed.store.entries()[0], followed.store.files)("all", 0)
    with proxy(status) as address:
        tracker = tracker_of("mlflow", {"uri": address}, followed.folder)
        with pytest.raises(kind_of_error) as refused:
            answer_of(tracker.summarize, StudyNews(run=run, findings=[]))

    assert ("refuses the key" in str(refused.value)) == (kind_of_error is RunError)

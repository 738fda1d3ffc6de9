import pytest
from tests.runner.sample import HERE, assignment

from etude.disk.attempt import begin_attempt
from etude.event import Began, Ended, Refused
from etude.runner.ray import worker
from etude.runner.ray.hello import Hello


@pytest.fixture
def actor():
    """What an actor is, in this process."""
    hello = Hello(
        reference="loops.py:returns",
        folder=str(HERE),
        path=(),
        is_shipped=False,
        environment={},
        grace_s=30.0,
    )
    made = worker.Worker(hello)
    yield made
    made._runner.close()


def test_a_node_that_does_not_see_the_stores_folder_is_named(actor, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "SEEN_AFTER_S", 0)

    ((refused,),) = actor.train([assignment(tmp_path, attempt="a-1")], 1)

    assert isinstance(refused, Refused)
    assert f"does not see the store's folder `{tmp_path}/checkpoints`" in refused.detail


def test_a_trial_is_a_stream_of_lists_of_events(actor, tmp_path):
    trial = assignment(tmp_path, attempt="a-1")
    begin_attempt(trial.checkpoints, "a-1")

    events = [event for batch in actor.train([trial], 1) for event in batch]

    assert isinstance(events[0], Began)
    assert isinstance(events[-1], Ended)

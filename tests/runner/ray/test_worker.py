import pytest
from tests.runner.sample import HERE, assignment

from etude.disk.attempt import begin_attempt
from etude.event import Began, Ended, Refused
from etude.runner.ray import worker
from etude.runner.ray.hello import Hello


def made(name):
    hello = Hello(
        reference=f"loops.py:{name}",
        folder=str(HERE),
        path=(),
        is_shipped=False,
        environment={},
        grace_s=30.0,
    )
    return worker.Worker(hello)


@pytest.fixture
def actor():
    """What an actor is, in this process."""
    actor = made("returns")
    yield actor
    actor._runner.close()


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


@pytest.mark.parametrize("reserved", ["3", "2,3", ""])
def test_a_training_sees_every_gpu_that_the_cluster_reserved(reserved, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", reserved)
    trial = assignment(tmp_path, attempt="a-1")
    begin_attempt(trial.checkpoints, "a-1")
    actor = made("tells_its_environment")

    assert list(actor.train([trial], 1))
    actor._runner.close()

    told = (trial.folder / "environment").read_text().splitlines()
    assert f"CUDA_VISIBLE_DEVICES={reserved}" in told

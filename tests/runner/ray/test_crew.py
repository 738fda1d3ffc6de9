import pytest
from ray.core.generated.common_pb2 import (  # type: ignore[attr-defined]  # generated
    ActorDiedErrorContext,
)
from ray.exceptions import ActorDiedError

from etude.errors import RunError
from etude.runner.ray import crew
from etude.runner.ray.hello import Installed, installed
from etude.runner.slot import MAX_DEATHS


class Empty:
    """A cluster without a node."""

    def nodes(self):
        return []


@pytest.fixture
def alone():
    """A crew that no actor can join."""
    return crew.Crew(Empty(), None, {"num_cpus": 1.0, "num_gpus": 0.0}, None)


def test_resources_that_no_node_has_are_said_after_a_while(alone, monkeypatch):
    monkeypatch.setattr(crew, "SAID_AFTER_S", 0.0)
    monkeypatch.setattr(crew, "ASK_S", 0.0)

    with pytest.raises(RunError, match=r"takes 1 CPU \(\[resources\]\), and no node .* 0 nodes"):
        alone.first()


def test_a_crew_that_had_workers_waits_longer_for_a_node(alone, monkeypatch, capsys):
    monkeypatch.setattr(crew, "SAID_AFTER_S", 0.0)
    monkeypatch.setattr(crew, "ASK_S", 0.0)
    alone._was_there = True

    alone.look()

    assert capsys.readouterr().err == (
        "Ray: the cluster has started no worker yet; it has no node for a trial. Waiting.\n"
    )


def test_nodes_that_go_while_workers_start_do_not_say_that_none_can(alone):
    for _ in range(2 * MAX_DEATHS):
        alone._note_death(with_its_node())

    for _ in range(MAX_DEATHS - 1):
        alone._note_death(ActorDiedError())
    with pytest.raises(RunError, match=r"3 workers in a row died .* while they started"):
        alone._note_death(ActorDiedError())


def with_its_node():
    """The death of an actor that had not started, in Ray's words."""
    why = "The actor died because its node has died."
    return ActorDiedError(ActorDiedErrorContext(actor_id=bytes(16), error_message=why))


def test_a_node_of_another_version_is_refused():
    with pytest.raises(RunError, match=r"`n7` has Etude 0.0.1 and Python 3.1.*Install the same"):
        crew._refuse_other(Installed("0.0.1", "3.1", "n7"))


def test_a_node_of_the_same_version_is_taken():
    crew._refuse_other(installed())

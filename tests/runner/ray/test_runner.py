import pytest
import ray
from tests.runner.cluster import connected
from tests.runner.sample import assignment, end, of, on_ray, rows

from etude.event import Began, Event, Lost


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """One for all tests: it takes longer to start than they do."""
    with connected():
        yield


@pytest.fixture
def events():
    return []


def until(runner, events: list[Event], kind):
    while not any(isinstance(event, kind) for event in events):
        runner.wait(events.extend)


def test_a_trial_whose_actor_is_killed_goes_on_elsewhere(tmp_path, events):
    runner = on_ray("waits_for_go")
    first = assignment(tmp_path)
    runner.submit([first])
    until(runner, events, Began)
    (place,) = runner._crew.places
    ray.kill(place._actor)
    until(runner, events, Lost)

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

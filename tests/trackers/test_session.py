"""A follower's session: what is said, how long it pauses, and when it is over."""

import time

import pytest
from tests.store.sample import begun, finished

from etude.errors import RunError, StoreError
from etude.store.sqlite import SQLite
from etude.trackers import AFTER_S, session
from etude.trackers.base import Sent
from etude.trackers.session import Company, track


class Unreachable:
    """A tracker that cannot be reached for a number of calls."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.points = 0
        self.findings = 0

    def write(self, news):
        if self.failures:
            self.failures -= 1
            raise ConnectionError("refused by api_key=0123456789abcdef0123456789abcdef")
        self.points += news.until - news.sent
        return Sent(news.until, "there")

    def summarize(self, study):
        self.findings += 1

    def close(self):
        pass


class Watch:
    """Says what was said, and lets time pass without waiting."""

    def __init__(self, ends_after: int = 10**6) -> None:
        self.said: list[str] = []
        self.pauses: list[float] = []
        self.now_s, self.ends_after = 0.0, ends_after

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now_s += seconds
        return len(self.pauses) >= self.ends_after

    @property
    def company(self) -> Company:
        return Company(say=self.said.append, wait=self.wait)


@pytest.fixture
def store(tmp_path):
    """One trial of three has ended, with two points."""
    opened = SQLite(tmp_path / "etude.db")
    begun(opened)
    opened.append("rates", finished(0, 0.5))
    yield opened
    opened.close()


@pytest.fixture
def followed(store, monkeypatch):
    """Follows the store into a tracker that fails so often."""

    def follow(failures: int, watch: Watch) -> tuple[bool, Unreachable]:
        tracker = Unreachable(failures)
        monkeypatch.setattr(session, "tracker_of", lambda *_: tracker)
        monkeypatch.setattr(time, "monotonic", lambda: watch.now_s)
        is_whole = track("tensorboard", "rates", store.files.store, watch.company)
        return is_whole, tracker

    return follow


def test_a_tracker_that_fails_is_said_once_and_tried_with_longer_pauses(followed):
    watch = Watch()

    is_whole, tracker = followed(8, watch)

    assert is_whole
    assert watch.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert [line.split(".")[0] for line in watch.said] == [
        "TensorBoard cannot be told (refused by api_key=***)",
        "TensorBoard can be told again",
    ]
    assert (tracker.points, tracker.findings) == (2, 1)


def test_beside_a_run_that_is_over_it_tries_for_a_while_and_says_that_it_is_not_all(followed):
    watch = Watch(ends_after=1)

    is_whole, _ = followed(10**6, watch)

    assert not is_whole
    _, *after = watch.pauses
    assert after == [1.0, 2.0, 4.0, 8.0, AFTER_S - 15.0]


def test_what_was_shown_is_not_shown_again_by_the_next_follower(followed):
    followed(0, Watch())

    _, tracker = followed(0, Watch())

    assert (tracker.points, tracker.findings) == (0, 0)


def test_a_run_that_goes_on_is_followed_until_it_is_over(store, followed):
    watch = Watch()
    owner = store.own("rates")
    owner.__enter__()
    looks = []

    def wait(seconds: float) -> bool:
        looks.append(seconds)
        if len(looks) == 2:
            store.append("rates", finished(1, 0.25))
            owner.__exit__(None, None, None)
        return False

    watch.wait = wait  # type: ignore[method-assign]  # this watch ends the run, too
    is_whole, tracker = followed(0, watch)

    assert is_whole
    assert looks == [1.0, 1.0]
    assert tracker.points == 4


def test_a_second_follower_is_refused_while_the_first_goes_on(store, followed):
    watch, refusals = Watch(), []
    owner = store.own("rates")
    owner.__enter__()

    def wait(seconds: float) -> bool:
        with pytest.raises(RunError, match=r"is followed into TensorBoard by process .* already"):
            followed(0, Watch())
        refusals.append(seconds)
        owner.__exit__(None, None, None)
        return False

    watch.wait = wait  # type: ignore[method-assign]  # a second one begins meanwhile
    followed(0, watch)

    assert refusals == [1.0]


def test_a_tracker_that_is_none_is_refused_with_a_near_name(store):
    with pytest.raises(RunError, match=r"There is no tracker `wanbd`\. Did you mean `wandb`"):
        track("wanbd", "rates", store.files.store, Watch().company)


def test_an_experiment_that_is_not_there_is_refused(store):
    with pytest.raises(StoreError, match=r"no experiment `rate` in this store\. Did you mean `ra"):
        track("tensorboard", "rate", store.files.store, Watch().company)

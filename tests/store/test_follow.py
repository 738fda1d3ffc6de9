"""Follow: what changed since the last look, while somebody else writes."""

import os
from contextlib import closing

import pytest
from tests.store.sample import begun, finished, record_of

from etude.errors import StoreError
from etude.event import Began, Logged
from etude.store.follow import Follow
from etude.store.sqlite import SQLite


@pytest.fixture
def store(tmp_path):
    opened = SQLite(tmp_path / "etude.db")
    begun(opened)
    yield opened
    opened.close()


@pytest.fixture
def follow(store):
    with closing(Follow(store.files.store, "rates")) as opened:
        yield opened


def test_only_trials_that_changed_are_read_again(store, follow):
    first = [record.id for record in follow.changed()]
    store.append("rates", finished(1, 0.5))
    second = [record.id for record in follow.changed()]

    assert (first, second, list(follow.changed())) == ([0, 1, 2], [1], [])


def test_all_are_read_at_once_and_then_those_that_changed(store, follow):
    store.append("rates", [Began(0, 0), Logged(0, ((0, "train/loss", 1.0),))])
    first = follow.whole()
    store.append("rates", finished(1, 0.5))

    assert [record.id for record in first] == [0, 1, 2]
    assert first[0].series("train/loss").values_P.tolist() == [1.0]
    assert [record.id for record in follow.changed()] == [1]


def test_it_knows_who_runs_it(store, follow):
    before = follow.owner()
    with store.own("rates"):
        during = follow.owner()

    assert (before, during.process) == (None, os.getpid())


def test_a_record_is_the_one_that_the_store_has(store, follow):
    store.append("rates", [Began(0, 0), Logged(0, ((0, "train/loss", 1.0),))])
    (record, *_) = follow.changed()

    assert record == record_of(store)
    assert record.series("train/loss").values_P.tolist() == [1.0]


def test_a_look_that_was_not_finished_is_looked_at_again(store, follow):
    next(iter(follow.changed()))

    assert [record.id for record in follow.changed()] == [1, 2]


def test_it_knows_whether_a_run_goes_on_and_holds_none_up(store, follow):
    before = follow.is_running()
    with store.own("rates"):
        during = follow.is_running()

    assert (before, during, follow.is_running()) == (False, True, False)


def test_a_store_that_is_gone_is_said(store, follow):
    store.files.store.unlink()

    with pytest.raises(StoreError, match="was deleted or moved"):
        list(follow.changed())

"""Reports are made in processes of their own, when trials ended, and not too often."""

import signal
import sys
import threading

import pytest
from tests.serve.serving import LIMIT_S
from tests.store.sample import begun, finished

from etude.serve.pages import Pages
from etude.store.sqlite import SQLite

MAKES_PAGES = True


@pytest.fixture
def store(tmp_path):
    opened = SQLite(tmp_path / "etude.db")
    begun(opened)
    yield opened
    opened.close()


@pytest.fixture
def pages(store):
    """Pages of the store, and what waits until the next one is made."""
    is_made = threading.Event()
    made = Pages(store.files.store, "rates", threading.Lock(), is_made.set)
    yield made, is_made
    made.close()


@pytest.mark.slow
def test_a_page_is_made_again_only_where_trials_ended_and_not_at_once(pages, store):
    made, is_made = pages
    store.append("rates", finished(0, 0.5))

    assert made.consider(1)
    assert made.is_busy
    assert not made.consider(1)
    assert is_made.wait(LIMIT_S)

    assert made.trouble == ""
    assert b'id="live"' in made.page.html
    assert made.page.ended == 1
    assert len(made.libraries) == 1
    assert made.page.findings
    assert not made.consider(1)
    assert not made.consider(2)  # ten times as long has to pass
    made.next_s = 0.0
    assert not made.consider(1)


def test_what_cannot_be_made_is_said_and_tried_again_later(store):
    is_made = threading.Event()
    made = Pages(store.files.store, "other", threading.Lock(), is_made.set)

    assert made.consider(0)
    assert is_made.wait(LIMIT_S)

    assert made.trouble.startswith("There is no experiment `other` in this store.")
    assert made.page is None
    assert not made.consider(0)


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        ([sys.executable, "-c", "print('A new version is out')"], "no report: A new version is"),
        (["/no such program"], "No process can be started for it"),
    ],
)
def test_what_comes_in_place_of_a_page_is_said(pages, command, trouble):
    made, is_made = pages
    made._command = command

    assert made.consider(0)
    assert is_made.wait(LIMIT_S)

    assert trouble in made.trouble
    assert made.page is None


def test_a_page_whose_making_is_ended_before_it_began_is_not_made(pages, monkeypatch):
    made, is_made = pages
    made._command = [sys.executable, "-c", "input()"]
    started = made._started
    monkeypatch.setattr(made, "_started", lambda: made.close() or started())

    made.consider(0)

    assert is_made.wait(LIMIT_S)
    assert made._process.returncode == -signal.SIGKILL


def test_experiments_take_turns(store):
    page_lock = threading.Lock()
    made = Pages(store.files.store, "rates", page_lock, print)

    with page_lock:
        assert not made.consider(0)

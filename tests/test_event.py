"""Events: what others wrote arrives as text that can be stored and read."""

import pickle
from dataclasses import replace

import pytest

from etude.event import Ended, Lost, Refused, Rehearsed, Unrestored

TEXT = "cannot read \udcff.png, https://me:HUSH@host, password='HUSH'" + "x" * 2_000_000


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Ended(0, "infeasible", "error", TEXT), "detail"),
        (Lost(0, TEXT), "detail"),
        (Unrestored(0, 1, TEXT), "detail"),
        (Refused(0, "import", TEXT), "detail"),
        (Rehearsed(0, problem=TEXT), "problem"),
        (pickle.loads(pickle.dumps(Ended(0, "infeasible", detail=TEXT))), "detail"),
    ],
)
def test_a_message_can_be_stored_and_read_and_tells_no_secret(event, field):
    said = getattr(event, field)

    assert len(said.encode()) < 25_000
    assert "characters left out" in said
    assert r"\udcff.png" in said
    assert "HUSH" not in said


def test_a_message_is_the_same_however_often_it_is_sent():
    once = Ended(0, "infeasible", "error", TEXT)
    twice = replace(pickle.loads(pickle.dumps(once)), steps=3)

    assert twice.detail == once.detail
    assert "1,980,0" in once.detail


@pytest.mark.parametrize("before", range(4_970, 5_010, 3))
@pytest.mark.parametrize(
    "secret", ["password='HUSHHUSHHUSHHUSH'", "pg://me:HUSHHUSHHUSHHUSHHUSH@host"]
)
def test_no_half_of_a_secret_stays_where_a_message_is_cut(before, secret):
    assert "HUSH" not in Lost(0, "x" * (before - 1) + f" {secret} " + "y" * 90_000).detail


def test_no_half_of_a_secret_stays_at_the_end_of_what_was_left_out():
    rest = 14_940
    for more in range(-30, 30, 2):
        text = "y" * 90_000 + " password='HUSHHUSHHUSHHUSH' " + "x" * (rest + more)
        assert "HUSH" not in Lost(0, text).detail

"""Events: what others wrote arrives as text that can be stored and read."""

import pickle

import pytest

from etude.event import Ended, Lost, Refused, Rehearsed

TEXT = "cannot read \udcff.png, https://me:HUSH@host, password='HUSH'" + "x" * 2_000_000


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Ended(0, "infeasible", "error", TEXT), "detail"),
        (Lost(0, TEXT), "detail"),
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

"""Who is written down as the owner, and who of them lives."""

import os

import pytest

from etude.store import owner
from etude.store.owner import Owner, living_owner, owner_in, this_process

# No process has this number: it is above what Linux gives.
NOBODY = (1 << 22) + 1


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(owner, "_ASK_AGAIN_S", 0.0)


def test_this_process_lives():
    assert not this_process().is_gone


@pytest.mark.parametrize("process", [NOBODY, 0, -1, 1 << 80])
def test_what_is_no_process_is_gone(process):
    assert Owner(process, "", "2026-01-01").is_gone


def test_a_process_of_another_host_may_live():
    assert not Owner(NOBODY, "elsewhere", "2026-01-01").is_gone


def test_the_owner_before_is_not_named_for_the_one_that_has_just_come():
    before, now = Owner(NOBODY, os.uname().nodename, "2026-01-01"), this_process()
    answers = iter([(before, None), (before, None), (now, None)])

    assert living_owner(lambda: next(answers)) == now


def test_nobody_is_named_where_nobody_that_lives_is_written_down():
    assert living_owner(lambda: (Owner(NOBODY, "", "2026-01-01"), None)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"process": null}', '{"process": 7}'])
def test_a_lock_file_that_says_nothing_names_nobody(tmp_path, text):
    (tmp_path / "lock").write_text(text)

    assert owner_in(tmp_path / "lock") is None
    assert owner_in(tmp_path / "none") is None


def test_a_lock_file_of_an_older_etude_names_no_host(tmp_path):
    (tmp_path / "lock").write_text('{"process": 7, "started": "2026-01-01"}')

    assert owner_in(tmp_path / "lock") == Owner(7, "", "2026-01-01")

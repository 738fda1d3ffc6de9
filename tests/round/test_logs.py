"""The last lines of logs: masked, and never a line that is cut at its head."""

from dataclasses import replace

import numpy as np
import pytest
from tests.factories import minimal

from etude.record import POINT, Points, Record
from etude.round import logs
from etude.round.logs import MAX_BYTES, MAX_CHARACTERS, MAX_LINES, last_lines
from etude.store.checkpoints import Files

EXPERIMENT = minimal(name="first", metric="loss")
TRIAL = Record(id=3, study="all", index=3, setting={}, seed=1)
BODY = "".join(f"{'k3Y/' * 15}{line:04d}\n" for line in range(50))
END = "-----END RSA PRIVATE KEY-----\n"


def logged(folder, text, trial=3):
    files = Files(folder / "etude.db", lasting=False)
    place = files.log("first", trial)
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")
    return files


def trained(id, loss, **ending):
    points = Points(np.array([(0, 0, loss)], POINT), ("loss",))
    return replace(TRIAL, id=id, points=points, **{"status": "completed", **ending})


def test_the_last_lines_are_read_and_secrets_masked(tmp_path):
    files = logged(tmp_path, "".join(f"epoch {k}\n" for k in range(99)) + "token=a1b2c3d4e5\n")

    lines = last_lines(files, [TRIAL], EXPERIMENT)[0][3].splitlines()

    assert len(lines) == MAX_LINES
    assert lines[0] == "epoch 80"
    assert "a1b2c3d4e5" not in lines[-1]


@pytest.mark.parametrize(
    "begin",
    ["-----BEGIN RSA PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\n" + "x\n" * MAX_BYTES],
    ids=["begin-is-read", "begin-is-before-what-is-read"],
)
def test_a_private_key_longer_than_what_is_shown_is_masked(tmp_path, begin):
    files = logged(tmp_path, begin + BODY + END + "saved\n")

    text = last_lines(files, [TRIAL], EXPERIMENT)[0][3]

    assert text == "***\nsaved"


def test_a_private_key_without_its_end_is_masked(tmp_path):
    files = logged(tmp_path, "start\n-----BEGIN PRIVATE KEY-----\n" + BODY)

    assert last_lines(files, [TRIAL], EXPERIMENT)[0] == {3: "start\n***"}


def test_a_secret_that_is_named_in_the_line_before_those_shown_is_masked(tmp_path):
    value = '  "correct-horse"\n' + "end\n" * (MAX_LINES - 1)
    files = logged(tmp_path, '"password":\n' + value)

    assert "correct-horse" not in last_lines(files, [TRIAL], EXPERIMENT)[0][3]


@pytest.mark.parametrize("length", [MAX_CHARACTERS, MAX_BYTES])
def test_a_line_that_is_cut_at_its_head_is_left_out(tmp_path, length):
    files = logged(tmp_path, "k" * (length + 9) + "\nend\n")

    assert last_lines(files, [TRIAL], EXPERIMENT)[0] == {3: "end"}


def test_infeasible_trials_come_first_then_the_best_and_the_others_are_counted(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(logs, "MAX_TRIALS", 2)
    files, *_ = [logged(tmp_path, f"trial {id}\n", id) for id in range(4)]
    trials = [trained(0, 0.3), trained(1, 0.1), trained(2, 0.2)]
    trials.append(trained(3, 0.9, status="infeasible", reason="error"))

    lines, left_out = last_lines(files, trials, EXPERIMENT)

    assert lines == {3: "trial 3", 1: "trial 1"}
    assert left_out == 2


def test_a_trial_that_printed_nothing_has_no_log(tmp_path):
    files = Files(tmp_path / "etude.db", lasting=False)

    assert last_lines(files, [TRIAL], EXPERIMENT) == ({}, 0)

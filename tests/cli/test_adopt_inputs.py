"""Once retrainings answered a question: what its search, its adoption and its code say of it."""

from __future__ import annotations

import pytest

from etude.experiment.baseline import read

TRAIN = """\
def train(trial):
    kind = trial["kind"] if READS else "a"
    value = {"a": 0.2, "b": 0.3}[kind] + (trial["rate"] - 0.5) ** 2 + trial.seed % 7 / 1000
    return value
"""
ROUND = """\
[experiment]
name = "s"
metric = "valid/error"
max_steps = 4
trials = 20
train = "train.py:train"

[scientific]
kind = ["a", "b"]

[nuisance]
rate = { low = 0.0, high = 1.0 }
"""


@pytest.fixture
def searched(tmp_path, monkeypatch, etude_command):
    monkeypatch.chdir(tmp_path)

    def of(reads):
        (tmp_path / "train.py").write_text(TRAIN.replace("READS", str(reads)))
        (tmp_path / "s.toml").write_text(ROUND)
        assert etude_command("run", "s.toml", "--runner", "inline").code == 0
        assert etude_command("next", "s", "--seeds", "5").code == 0
        return etude_command

    return of


def test_the_adoption_comes_first_and_says_what_was_compared(searched, tmp_path):
    command = searched(reads=True)
    command("run", "s-seeds.toml", "--runner", "inline")

    search = command("check", "s").out
    command("adopt", "s")

    steps = search.partition("\nNext")[2].splitlines()[1:]
    assert steps[0].split()[:3] == ["etude", "adopt", "s"]
    last = read(tmp_path / "baseline.toml").last
    assert "`kind=a` is better than `kind=b`" in last.evidence
    assert "Nothing was compared" not in last.evidence
    assert "Trained by code " in last.evidence


def test_a_starting_point_is_replaced(searched, tmp_path):
    command = searched(reads=True)
    command("adopt", "s", "--as-is")
    command("run", "s-seeds.toml", "--runner", "inline")

    command("adopt", "s")

    assert "It replaces a starting point." in read(tmp_path / "baseline.toml").last.evidence


def test_code_that_changed_before_the_retrainings_is_a_doubt(searched, tmp_path):
    command = searched(reads=True)
    (tmp_path / "train.py").write_text(TRAIN.replace("READS", "True").replace("0.2", "0.21"))
    command("run", "s-seeds.toml", "--runner", "inline")

    told = [command("check", "s"), command("check", "s-seeds"), command("adopt", "s")]

    assert all("`train.py` changed" in one.out for one in told)
    assert "`train.py` changed" in read(tmp_path / "baseline.toml").last.evidence


def test_what_nothing_read_is_not_compared_again(searched, tmp_path):
    command = searched(reads=False)

    alone = (tmp_path / "s-seeds.toml").read_text()
    search = command("check", "s").out
    command("adopt", "s", "--as-is")

    assert "Does the lead hold" not in alone
    assert "[scientific]" not in alone
    assert "retrain" not in search
    last = read(tmp_path / "baseline.toml").last
    assert "Nothing read `kind`" in last.evidence


def test_nobody_adopts_first_what_nothing_read(searched):
    command = searched(reads=False)
    command("run", "s-seeds.toml", "--runner", "inline")

    assert "Nothing read `kind`" in command("check", "s-seeds").out
    assert "Nothing read `kind`" in command("adopt", "s").out

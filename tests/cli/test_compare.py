"""`etude compare`: files, trials and whole experiments."""

from __future__ import annotations

import pytest
from tests.cli.conftest import EXPERIMENT

# Rates are tried once each but for the listed ones, whose trials are retrainings; adam's are lower.
REPEATED = """
[experiment]
name = "{name}"
metric = "valid/loss"
max_steps = 8
evaluations = 2
train = "again.py:train"
seed = {seed}

{configurations}
"""
AGAIN = """
import random

def train(trial):
    value = trial["rate"] + 0.01 * random.Random(trial.seed).random()
    if trial["rate"] > 5 and trial.id % 2:
        value = float("nan")
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": value})
"""
KEYS = {"verdict", "probability_better", "interval", "more_seeds", "message"}


def listed(name, rates, seed=0):
    settings = "\n".join(f"[[configurations]]\nrate = {rate}" for rate in rates)
    return REPEATED.format(name=name, seed=seed, configurations=settings)


@pytest.fixture
def values(tmp_path, monkeypatch):
    """A folder with files of final values."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    (tmp_path / "old.txt").write_text("0.51\n0.53\n0.52\n0.50\n0.52\n")
    (tmp_path / "new.txt").write_text("0.41\n0.43\n\n0.42\n0.40\n0.42\n")
    (tmp_path / "fails.txt").write_text("nan\n" * 5)
    return tmp_path


@pytest.fixture
def repeated(folder, etude_command):
    """A working directory with three experiments that train settings several times."""
    (folder / "again.py").write_text(AGAIN)
    experiments = {"low": [0.1] * 6, "high": [0.2] * 6, "mixed": [0.1] * 6 + [0.2] * 6}
    for name, rates in experiments.items():
        (folder / f"{name}.toml").write_text(listed(name, rates))
        assert etude_command("run", f"{name}.toml", "--runner", "inline").code == 0
    return folder


def test_files_of_values_are_compared(values, etude_command):
    answer = etude_command("compare", "old.txt", "new.txt", "--json")

    assert answer.code == 0
    assert answer.json.keys() >= KEYS
    assert (answer.json["verdict"], answer.json["probability_better"]) == ("better", 1.0)
    assert answer.json["b"]["trainings"] == 5


def test_the_direction_of_files_is_said(values, etude_command):
    answer = etude_command("compare", "old.txt", "new.txt", "--maximize")

    assert answer.out.startswith("\nWORSE  `new` is worse than `old` by ")


def test_failed_trainings_are_counted_and_json_has_no_nan(values, etude_command):
    answer = etude_command("compare", "old.txt", "fails.txt", "--json")

    assert answer.json["verdict"] == "worse"
    assert (answer.json["b"]["failed"], answer.json["b"]["mean"]) == (5, None)


def test_planned_looks_are_more_careful_and_say_so(values, etude_command):
    answer = etude_command("compare", "old.txt", "new.txt", "--looks", "5,10", "--json")

    assert answer.json["looks"] == [5, 10]
    assert answer.json["decides_below"] < 0.05
    assert "together wrong in at most 5 %" in answer.json["message"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["old.txt", "absent.txt"], "`absent.txt` is no file"),
        (["old.txt", "old.txt"], "same trainings"),
        (["old.txt", "words.txt"], "words.txt:2: a final value is a number"),
        (["old.txt", "empty.txt"], "holds no value"),
        (["old.txt", "new.txt", "--looks", "three"], "--looks takes whole numbers"),
        (["old.txt", "new.txt", "--looks", "5,3"], "rising numbers"),
        (["old.txt", "short.txt", "--paired"], "--paired needs the same seeds"),
    ],
)
def test_what_cannot_be_compared_is_told(values, etude_command, words, said):
    (values / "words.txt").write_text("0.5\nlow\n")
    (values / "empty.txt").write_text("\n")
    (values / "short.txt").write_text("0.5\n0.6\n0.7\n")

    answer = etude_command("compare", *words)

    assert answer.code == 2
    assert said in answer.err


def test_experiments_that_repeat_a_setting_are_compared_by_it(repeated, etude_command):
    answer = etude_command("compare", "high", "low", "--json")

    assert (answer.json["verdict"], answer.json["basis"]) == ("better", "trainings")
    assert answer.json["a"]["trainings"] == 6


def test_a_trial_stands_for_the_trainings_of_its_setting(repeated, etude_command):
    answer = etude_command("compare", "mixed:0", "mixed:7", "--json")

    assert answer.json["verdict"] == "worse"
    assert (answer.json["a"]["trainings"], answer.json["b"]["trainings"]) == (6, 6)


def test_the_value_that_singled_a_setting_out_is_left_out(repeated, etude_command):
    answer = etude_command("compare", "high", "mixed", "--json")

    assert answer.json["b"]["trainings"] == 5
    assert "is left out" in answer.json["message"]


def test_two_trials_of_one_setting_are_the_same_trainings(repeated, etude_command):
    answer = etude_command("compare", "mixed:0", "mixed:1")

    assert answer.code == 2
    assert "same trainings" in answer.err


def test_a_trial_that_is_not_there_is_told(repeated, etude_command):
    answer = etude_command("compare", "mixed:0", "mixed:99")

    assert answer.code == 2
    assert "`etude trials mixed` lists them" in answer.err


@pytest.mark.rule("A3")
def test_searches_are_compared_as_searches_and_ask_for_trainings(played, etude_command):
    answer = etude_command("compare", "rates", "rates:0", "--json")

    assert answer.code == 0
    assert (answer.json["basis"], answer.json["interval"]) == ("searches", [None, None])
    assert "again with 5 seeds" in answer.json["message"]


def test_a_second_search_is_no_better_than_the_first(folder, etude_command):
    for seed in (0, 1):
        named = (
            EXPERIMENT.replace("trials = 20", "trials = 6")
            .replace('"rates"', f'"rates-{seed}"')
            .replace("[scientific]", f"seed = {seed}\n[scientific]")
        )
        (folder / f"{seed}.toml").write_text(named)
        etude_command("run", f"{seed}.toml", "--runner", "inline")

    answer = etude_command("compare", "rates-0", "rates-1", "--json")

    assert answer.json["verdict"] == "no_difference"
    assert answer.json["repeated_search"] >= 0


def test_a_file_is_not_compared_with_a_search(played, etude_command, tmp_path):
    (tmp_path / "old.txt").write_text("0.5\n0.6\n0.7\n")

    answer = etude_command("compare", tmp_path / "old.txt", "rates")

    assert answer.code == 2
    assert "trained only once" in answer.err

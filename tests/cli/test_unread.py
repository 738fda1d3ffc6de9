"""What nobody reads, from the run to the next round's file."""

import pytest

LOOP = """
def train(trial):
    rate = {read}
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {{"valid/loss": 1.0 - rate + trial.seed % 7 / 1000}})
"""
RATE = 'trial["learning_rate"]'
ALL = 'dict(trial.setting)["learning_rate"]'
ALONE = """
[experiment]
name = "alone"
metric = "valid/loss"
max_steps = 8
trials = 20
evaluations = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }
momentum = { low = 0.5, high = 0.99, scale = "one_minus_log" }
"""


@pytest.fixture
def void(folder, etude_command):
    """A round whose training never asks for the optimizer that it compares."""
    (folder / "train.py").write_text(LOOP.format(read=RATE))
    etude_command("run", "rates.toml", "--workers", 2)
    return folder


@pytest.mark.rule("W8")
def test_what_nobody_reads_was_not_compared(void, etude_command):
    told = etude_command("check", "--json").json

    assert (told["verdict"]["status"], told["verdict"]["winner"]) == ("no_question", "")
    assert told["verdict"]["doubts"][0].startswith("W8: Nothing read `optimizer` in 40 completed")
    found = [one for one in told["findings"] if one["check"] == "unread"]
    assert [(one["status"], one["subject"]) for one in found] == [
        ("notice", {"hyperparameter": "batch_size"}),
        ("problem", {"hyperparameter": "optimizer"}),
    ]


@pytest.mark.parametrize("words", [(), ("--exploit",)])
def test_no_round_is_written_where_nothing_was_compared(void, etude_command, words):
    told = etude_command("next", *words)

    assert "Read `optimizer` in the training code" in told.out
    assert [place.name for place in void.glob("*.toml")] == ["rates.toml"]


def test_rounds_end_where_nothing_was_compared(void, etude_command):
    told = etude_command("run", "rates.toml", "--rounds", 3, "--accept", "--runner", "inline")

    assert told.code == 0
    assert [place.name for place in void.glob("*.toml")] == ["rates.toml"]


def test_of_a_setting_that_is_taken_whole_nobody_knows_what_is_read(folder, etude_command):
    (folder / "train.py").write_text(LOOP.format(read=ALL))

    etude_command("run", "rates.toml", "--workers", 2)

    told = etude_command("check", "--json").json
    assert told["verdict"]["status"] != "no_question"
    assert [one["status"] for one in told["findings"] if one["check"] == "unread"] == ["unclear"]


def test_an_edit_leaves_alone_what_nobody_reads(folder, etude_command):
    (folder / "alone.toml").write_text(ALONE)
    (folder / "train.py").write_text(LOOP.format(read=RATE))
    etude_command("run", "alone.toml", "--runner", "inline")

    told = etude_command("next", "--json").json

    changed = [one["path"] for one in told["recommendations"]]
    assert "nuisance.learning_rate" in changed
    assert "nuisance.momentum" not in changed


def test_the_trials_say_what_each_left_unread(void, etude_command):
    told = etude_command("trials", "--json").json["trials"]

    assert {tuple(one["unread"]) for one in told} == {("batch_size", "optimizer")}

"""`etude extend`: what it asks for, what it says, and what it writes."""

from __future__ import annotations

import pytest

EXPERIMENT = """
[experiment]
name = "short"
metric = "valid/loss"
max_steps = 20
evaluations = 4
trials = 5
train = "train.py:train"

[scientific]
optimizer = ["quick", "slow"]

[nuisance]
learning_rate = { low = 1e-3, high = 0.5, log = true }  # my own words

[fixed]
width = 16
schedule = "cosine"
decay_steps = 20
"""
TRAIN = """
import math
import random

def train(trial):
    noise = random.Random(trial.seed).gauss(0, 0.005)
    bowl = math.log10(trial["learning_rate"] / 0.05) ** 2
    end, pace = {"quick": (0.5, 5), "slow": (0.1, 60)}[trial["optimizer"]]
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": end + math.exp(-step / pace) + bowl + noise})
"""


@pytest.fixture
def short(folder, etude_command):
    """A working directory in which a short round has run."""
    (folder / "short.toml").write_text(EXPERIMENT)
    (folder / "train.py").write_text(TRAIN)
    assert etude_command("run", "short.toml", "--runner", "inline").code == 0
    return folder


def extend(etude_command, *words):
    return etude_command("extend", *words, "--runner", "inline")


def test_the_cost_comes_first_and_the_answer_last(short, etude_command):
    answer = extend(etude_command, "short", "--max-steps", "200", "-o", "long.toml")

    assert answer.code == 0
    assert "At most 60 trainings, 4,800 steps" in answer.out
    assert "TURNED  `optimizer=slow` passes `optimizer=quick` at 200 steps" in answer.out
    assert "Carried over likely `width`; perhaps" in answer.out
    text = (short / "long.toml").read_text()
    assert "max_steps = 200" in text
    assert "decay_steps = 200" in text
    assert "# my own words" in text


def test_a_program_reads_the_keys_of_the_contract(short, etude_command):
    answer = extend(etude_command, "--max-steps", "200", "--json", "--picture", "schedule.svg")

    assert answer.json["procedure"] == "extend"
    assert answer.json["answer"]["schedule"]["follows"] == "stretched"
    assert answer.json["answer"]["turned"][0]["ahead"] == "optimizer=slow"
    assert answer.json["cost"]["steps"] == 4400
    assert (short / "schedule.svg").read_text().startswith("<svg")


def test_a_schedule_that_is_refused_is_sketched_and_drawn(folder, etude_command):
    text = EXPERIMENT.replace("cosine", "linear")
    (folder / "short.toml").write_text(text)
    (folder / "train.py").write_text(TRAIN)
    etude_command("run", "short.toml", "--runner", "inline")

    answer = extend(etude_command, "short", "--max-steps", "200", "--picture", "refused.html")

    assert answer.code == 0
    assert "REFUSED  180 of 180 added steps would train below 0.1 of the rate" in answer.out
    assert "########################" in answer.out
    assert "180 of 180 added steps" in (folder / "refused.html").read_text()


def test_the_best_rate_against_the_width(short, etude_command):
    answer = extend(
        etude_command, "short", "--model", "width=16,64", "--picture", "width.svg", "--json"
    )

    model = answer.json["answer"]["model"]
    assert model["moved"] is False
    assert [one["value"] for one in model["rates"]] == [16, 64]
    assert (short / "width.svg").exists()


def test_a_file_may_stand_for_its_experiment_which_a_larger_model_needs_not_run(
    folder, etude_command
):
    (folder / "short.toml").write_text(EXPERIMENT)
    (folder / "train.py").write_text(TRAIN)

    answer = extend(etude_command, "short.toml", "--model", "width=16,64", "--json")

    assert answer.json["answer"]["model"]["moved"] is False
    assert answer.json["findings"][0]["rule"] == "S17"
    assert answer.json["findings"][0]["status"] == "ok"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "takes one way"),
        (("--max-steps", "50", "--model", "width=1,2"), "takes one way"),
        (("--model", "width"), "takes a name and two values or more"),
        (("--model", "width=64"), "takes a name and two values or more"),
        (("--max-steps", "20"), "do not extend it"),
        (("--max-steps", "50", "--picture", "a.gif"), "FILE.svg, FILE.png or FILE.html"),
        (("--model", "widht=16,64"), "Did you mean `width`?"),
        (("--max-steps", "200", "--budget-steps", "10"), "does not pay for the first round"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_way_out(short, etude_command, words, message):
    answer = extend(etude_command, "short", *words)

    assert answer.code == 2
    assert message in " ".join(answer.err.split())


def test_an_option_of_the_other_way_is_refused(short, etude_command):
    said = etude_command("extend", "short", "--model", "width=4,8", "--rounds", "2")

    assert (said.code, "--rounds is of --max-steps" in said.err) == (2, True)

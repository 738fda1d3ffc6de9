"""`etude compare --splits`: settings on other splits of the data, from a function to a workload."""

from __future__ import annotations

import math
import signal
import statistics
from typing import Any

import pytest
from tests.form import MAX_REASON_WORDS, words

from etude.round.run import run
from etude.store import open_store

FILE = """
[experiment]
name = "{name}"
metric = "valid/error"
max_steps = {steps}
evaluations = 1
train = "{train}"

[fixed]
batch_size = {batch_size}

{rows}
"""
# The mean of the examples to train on, judged on the others: nothing in it is random but the split.
FUNCTION = """
import numpy as np

POOL = np.random.default_rng(0).normal(size=60)

def train(trial):
    order = np.arange(60)
    if trial.split_seed is not None:
        order = np.random.default_rng(trial.split_seed).permutation(60)
    training, validation = POOL[order[:40]], POOL[order[40:]]
    luck = np.random.default_rng(trial.seed).normal(scale=0.01)
    for step in trial.steps():
        pass
    return float(validation.mean() - training.mean()) + trial["shift"] + luck

def blind(trial):
    for step in trial.steps():
        pass
    return trial["shift"] + trial.seed % 7

def broken(trial):
    if trial.split_seed is not None:
        raise ValueError("no such split")
    return 0.1
"""
# One step of plain descent on the squared distance, at rate 1/2 with all examples, is their mean.
MEAN = """
import torch
from torch import nn

from etude.train.workload import Workload

POOL = torch.randn(60, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

class Center(nn.Module):
    def __init__(self):
        super().__init__()
        self.center = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, inputs):
        return inputs - self.center

class Mean:
    training = (POOL[:40],)
    validation = (POOL[40:],)

    def model(self, setting):
        return Center()

    def loss(self, predict, batch, setting):
        return predict(batch[0]).square().mean()

    def metrics(self, predict, batch):
        return {"error": predict(batch[0])[:, 0]}

class Ordered(Mean):
    def split(self, seed):
        start = seed % 20
        held = POOL[start : start + 20]
        return (torch.cat([POOL[:start], POOL[start + 20 :]]),), (held,)
"""
DIGITS = """
import torch
from sklearn.datasets import load_digits
from torch import nn

from etude.train.workload import Workload

digits = load_digits()
X = torch.tensor(digits.data / 16, dtype=torch.float32)
Y = torch.tensor(digits.target)

class Digits:
    training = (X[:1200], Y[:1200])
    validation = (X[1200:], Y[1200:])

    def model(self, setting):
        return nn.Linear(64, 10)

    def loss(self, predict, batch, setting):
        return nn.functional.cross_entropy(predict(batch[0]), batch[1])

    def metrics(self, predict, batch):
        return {"error": (predict(batch[0]).argmax(1) != batch[1]).float()}
"""


def file(folder, name, train, rows, *, steps=1, batch_size=40):
    listed = "\n".join(f"[[configurations]]\n{row}" for row in rows)
    text = FILE.format(name=name, train=train, rows=listed, steps=steps, batch_size=batch_size)
    (folder / f"{name}.toml").write_text(text)
    return f"{name}.toml"


@pytest.fixture
def function(folder, etude_command):
    """A function that divides its data, two settings trained three times each."""
    (folder / "loops.py").write_text(FUNCTION)
    rows = ["shift = 0.0", "shift = 0.05"] * 3
    path = file(folder, "means", "loops.py:train", rows)
    assert etude_command("run", path, "--runner", "inline").code == 0
    return folder


@pytest.fixture
def compared(etude_command):
    return lambda *given: etude_command("compare", *given, "--runner", "inline")


def test_the_three_variances_stand_beside_each_other(function, compared):
    answer = compared("means:0", "--splits", 4)

    assert answer.code == 0
    assert answer.out.startswith("4 trainings on 4 other splits, 4 steps")
    assert "VARIANCES  Another split moves `means:0` by " in answer.out
    assert [line.split(":")[0].strip() for line in answer.out.splitlines() if "another s" in line][
        -3:
    ] == ["trial", "study", "data"]


def test_a_program_reads_the_variances_and_the_cost_stands_beside(function, compared):
    answer = compared("means:0", "--splits", 4, "--json")

    side = answer.json["variances"][0]
    assert (side["trial"]["rests_on"], side["data"]["rests_on"]) == (3, 4)
    assert answer.json["divided_by"] == "function"
    assert len({split["split_seed"] for split in side["splits"]}) == 4
    assert "4 trainings on 4 other splits" in answer.err


def test_two_settings_meet_on_the_same_splits(function, compared):
    answer = compared("means:0", "means:1", "--splits", 5, "--json")

    splits = answer.json["splits"]
    seeds = [[one["split_seed"] for one in side["splits"]] for side in splits["variances"]]
    assert seeds[0] == seeds[1]
    assert splits["pairs"]["splits"] == 5
    # What the split does to both cancels; what is left is the shift and the luck of seeds.
    assert splits["pairs"]["difference"] == pytest.approx(0.05, abs=0.03)


def test_a_difference_smaller_than_what_a_split_does_is_said_and_decides_nothing(
    function, compared
):
    alone = compared("means:0", "means:1", "--json").json["verdict"]

    answer = compared("means:0", "means:1", "--splits", 5)

    assert "more than the 0.0" in answer.out.replace("\n", " ")
    assert compared("means:0", "means:1", "--splits", 5, "--json").json["verdict"] == alone


def test_what_was_trained_is_not_trained_again_and_more_splits_are_added(function, compared):
    compared("means:0", "--splits", 3)

    again = compared("means:0", "--splits", 2, "--json")
    more = compared("means:0", "--splits", 5, "--json")

    assert "Trained on 3 other splits already" in again.err
    assert "2 trainings on 5 other splits" in more.err
    first = [one["value"] for one in again.json["variances"][0]["splits"]]
    assert [one["value"] for one in more.json["variances"][0]["splits"]][:3] == first


def test_the_split_is_recorded_with_the_trial_and_is_no_retraining(
    function, compared, etude_command
):
    compared("means:0", "--splits", 3)

    table = etude_command("trials", "means-splits-0").out
    aside = etude_command("compare", "means:0", "means:1", "--json").json

    assert "split_seed = " in table
    assert aside["a"]["trainings"] == 3
    assert "round of `etude compare`" in etude_command("check", "means-splits-0").out


def test_a_function_that_never_reads_the_split_is_refused_before_it_trains(
    folder, etude_command, compared
):
    (folder / "loops.py").write_text(FUNCTION)
    path = file(folder, "blind", "loops.py:blind", ["shift = 0.0", "shift = 0.1"])
    etude_command("run", path, "--runner", "inline")

    answer = compared("blind", "--splits", 3)

    assert answer.code == 2
    assert "The loop did not read split_seed, so the splits were the same." in answer.err
    assert etude_command("trials", "blind-splits-0").code == 2


def test_trainings_that_fail_on_other_splits_are_counted(folder, etude_command, compared):
    (folder / "loops.py").write_text(FUNCTION)
    path = file(folder, "broken", "loops.py:broken", ["shift = 0.0"] * 2)
    etude_command("run", path, "--runner", "inline")

    answer = compared("broken", "--splits", 3)

    assert answer.code == 3
    assert "no such split" in answer.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["means:0", "--splits", "1"], "--splits takes 2 or more"),
        (["means:0", "--splits", "-3"], "--splits takes 2 or more"),
        (["means:0"], "A comparison takes two, got `means:0` alone"),
        (["means:0", "values.txt", "--splits", "3"], "`values.txt` is a file of values"),
        (["absent", "--splits", "3"], "no experiment `absent`"),
        (["means:0", "means:0", "--splits", "3"], "are the same trainings"),
        (["own", "--splits", "3"], "has a hyperparameter `split_seed`"),
        (["brought", "--splits", "3"], "has no training code here"),
        (["moved", "--splits", "3"], "there is no file"),
    ],
)
def test_what_cannot_be_trained_on_other_splits_is_refused_in_a_sentence(
    function, etude_command, compared, given, said
):
    (function / "values.txt").write_text("0.1\n0.2\n")
    own = file(function, "own", "loops.py:blind", ["shift = 0.1"]).removesuffix(".toml")
    text = (function / "own.toml").read_text()
    (function / "own.toml").write_text(text.replace("[fixed]", "[fixed]\nsplit_seed = 3"))
    (function / "gone.py").write_text(FUNCTION)
    moved = file(function, "moved", "gone.py:train", ["shift = 0.1", "shift = 0.2"])
    (function / "table.csv").write_text("shift,valid/error\n0.1,0.3\n0.2,0.4\n")
    assert etude_command("run", f"{own}.toml", "--runner", "inline").code == 0
    assert etude_command("run", moved, "--runner", "inline").code == 0
    etude_command("import", "csv", "table.csv", "--metric", "valid/error", "--name", "brought")
    (function / "gone.py").unlink()

    answer = compared(*given)

    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_splits_of_splits_are_refused(function, compared):
    compared("means:0", "--splits", 3)

    answer = compared("means-splits-0", "--splits", 3)

    assert answer.code == 2
    assert "Name the experiment whose setting it trains: `means`" in answer.err


def test_a_search_shows_study_variance_and_a_second_one_as_it_is(folder, etude_command, compared):
    (folder / "loops.py").write_text(FUNCTION)
    path = folder / file(folder, "searched", "loops.py:train", ["shift = 0.0"])
    searched = path.read_text().split("[[")[0] + "[nuisance]\nshift = { low = 0.0, high = 1.0 }\n"
    searched = searched.replace("evaluations = 1", "evaluations = 1\ntrials = 12")
    path.write_text(searched)
    (folder / "again.toml").write_text(
        searched.replace('"searched"', '"again"').replace("trials", "seed = 5\ntrials")
    )
    etude_command("run", "searched.toml", "--runner", "inline")

    alone = compared("searched", "--splits", 2, "--json").json["variances"][0]
    etude_command("run", "again.toml", "--runner", "inline")
    both = compared("searched", "--splits", 2, "--json").json["variances"][0]

    assert (alone["study"]["basis"], alone["study"]["rests_on"]) == ("resampled", 12)
    assert (both["study"]["basis"], both["study"]["rests_on"]) == ("searches", 2)
    assert alone["data"]["with_trial"]


def test_a_workload_shows_the_variance_that_is_known_in_closed_form(
    folder, etude_command, compared
):
    """Of the mean of n examples on m others of a finite pool: S^2 (1/n + 1/m), exactly."""
    (folder / "mean.py").write_text(MEAN)
    rows = ['learning_rate = 0.5\noptimizer = "sgd"'] * 2
    etude_command("run", file(folder, "mean", "mean.py:Mean", rows), "--runner", "inline")

    answer = compared("mean", "--splits", 40, "--json")

    side = answer.json["variances"][0]
    values = [one["value"] for one in side["splits"]]
    true = true_sd(folder)
    assert statistics.fmean(values) == pytest.approx(0.0, abs=4 * true / math.sqrt(40))
    assert side["data"]["interval"][0] <= true <= side["data"]["interval"][1]
    assert side["data"]["interval"][1] < 1.5 * true
    fives = [statistics.stdev(values[at : at + 5]) for at in range(0, 40, 5)]
    # 4 degrees of freedom: chi-square ends at 0.484 and 11.14.
    inside = [math.sqrt(0.484 / 4) <= one / true <= math.sqrt(11.14 / 4) for one in fives]
    assert sum(inside) >= 7


def true_sd(folder):
    namespace: dict[str, Any] = {}
    exec(compile((folder / "mean.py").read_text(), "mean", "exec"), namespace)
    return math.sqrt(namespace["POOL"].var().item() * (1 / 40 + 1 / 20))


def test_a_workload_that_is_ordered_divides_its_own_data(folder, etude_command, compared):
    (folder / "mean.py").write_text(MEAN)
    rows = ['learning_rate = 0.5\noptimizer = "sgd"'] * 2
    etude_command("run", file(folder, "mean", "mean.py:Ordered", rows), "--runner", "inline")

    answer = compared("mean", "--splits", 3, "--json")

    assert answer.json["divided_by"] == "workload"
    assert "own `split(seed)` divided the data" in " ".join(answer.json["notes"])


def test_a_network_on_digits_says_what_it_assumes(folder, etude_command, compared):
    (folder / "digits.py").write_text(DIGITS)
    rows = ['learning_rate = 0.5\noptimizer = "sgd"'] * 3
    path = file(folder, "digits", "digits.py:Digits", rows, steps=60, batch_size=64)
    etude_command("run", path, "--runner", "inline")

    answer = compared("digits", "--splits", 5, "--json")

    notes = answer.json["notes"]
    # Digits of other writers stand at the end of the set: drawn at random they are easier.
    assert "The given split is unlike them" in notes[0]
    assert "by label where there are labels" in notes[1]
    assert all(words(note) <= MAX_REASON_WORDS for note in notes)


def test_killed_between_two_splits_it_goes_on(function, monkeypatch, compared):
    import etude.cli.splits

    trained = etude.cli.splits._trained

    def killed(coming, training):
        run(coming, store=training.store, runner="inline", folder=training.folder)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(etude.cli.splits, "_trained", killed)
    stopped = compared("means:0", "means:1", "--splits", 3)
    monkeypatch.setattr(etude.cli.splits, "_trained", trained)

    answer = compared("means:0", "means:1", "--splits", 3, "--json")

    assert stopped.code == 130
    assert "3 trainings on 3 other splits" in answer.err
    store = open_store(function / "etude.db", create=False)
    assert [store.records(f"means-splits-{one}").count() for one in (0, 1)] == [3, 3]
    store.close()

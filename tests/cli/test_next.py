"""`etude next`: the next round as a file, or why there is none."""

from tests.runner import loops
from tests.search.world import descent

import etude
from etude.round.result import load

SETTLED = (
    "def train(trial): return abs(trial['learning_rate'] - 0.02) + trial.seed % 7 * 1e-6"
    " + (trial['optimizer'] == 'sgd')"
)


def test_next_writes_a_round_that_can_be_planned(played, etude_command, tmp_path):
    answer = etude_command("next", "-o", tmp_path / "next.toml")

    text = (tmp_path / "next.toml").read_text()
    assert answer.code == 0
    assert 'name = "rates-2"' in text
    assert 'parent = "rates"' in text
    assert "my own words" in text
    assert etude_command("plan", tmp_path / "next.toml").code == 0


def test_the_schedule_of_a_population_is_written_without_an_empty_goal(etude_command, tmp_path):
    population = descent(schedule="pbt", trials=4)
    store, file = tmp_path / "etude.db", tmp_path / "again.toml"
    etude.run(population, loops.train, store=store)

    answer = etude_command("next", "--replay", "--store", store, "-o", file)

    lines = answer.out.splitlines()
    assert f"Next round: {file}" in lines
    assert lines[-1].startswith(f"  etude run {file} --store {store}  Read it, edit it, run it")


def test_next_as_json_says_what_it_changes_and_which_file_it_wrote(played, etude_command, tmp_path):
    place = tmp_path / "next.toml"

    answer = etude_command("next", "--json", "-o", place).json

    assert (answer["name"], answer["file"], answer["left_to_you"]) == ("rates-2", str(place), [])
    assert place.is_file()
    assert answer["recommendations"]
    assert all(
        one.keys() == {"path", "part", "old", "new", "rule", "because"}
        for one in answer["recommendations"]
    )


def test_where_no_next_round_is_to_write_a_run_says_what_is_left(folder, etude_command):
    (folder / "train.py").write_text(SETTLED)
    etude_command("run", "rates.toml", "--runner", "inline")
    etude_command("next")

    ran = etude_command("run", "rates-seeds.toml", "--runner", "inline")
    left = load("etude.db").left_to_you
    answer = etude_command("next", "--json").json

    assert (answer["name"], answer["file"], answer["goal"]) == (None, None, None)
    assert (answer["recommendations"], answer["waiting"]) == ([], [])
    assert answer["left_to_you"] == left
    assert "etude next rates-seeds" not in ran.out
    assert "etude adopt rates-seeds" in ran.out
    assert "No next round to write:\n" in etude_command("next").out


def test_next_goes_beside_the_file_before(folder, etude_command):
    etude_command("run", "rates.toml", "--runner", "inline")

    answer = etude_command("next")

    assert "\nNext round: rates-2.toml, to redraw the space\n" in answer.out
    assert "\n  nuisance.learning_rate high  0.5 -> 5\n" in answer.out
    assert answer.out.splitlines()[-1].startswith("  etude run rates-2.toml  Read it, edit it")
    assert (folder / "rates-2.toml").is_file()


def test_next_never_overwrites_an_edited_file(played, etude_command, tmp_path):
    place = tmp_path / "next.toml"
    etude_command("next", "-o", place)
    again = etude_command("next", "-o", place)
    place.write_text(f"{place.read_text()}\n# mine\n")

    refused = etude_command("next", "-o", place)

    assert "(as written before)" in again.out
    assert refused.code == 2
    assert "nothing was written" in refused.err
    assert place.read_text().endswith("# mine\n")


def test_the_leaders_are_trained_again_with_other_seeds(played, etude_command, tmp_path):
    place = tmp_path / "seeds.toml"

    answer = etude_command("next", "--seeds", "3", "-o", place)
    planned = etude_command("plan", place, "--json").json

    assert answer.code == 0
    assert "to train the best again with other seeds" in answer.out
    assert "(6 trainings" in answer.out
    assert [len(one["trials"]) for one in planned["studies"]] == [3, 3]
    assert 'name = "rates-seeds"' in place.read_text()


NOISY = """
def train(trial):
    import random
    noise = random.Random(trial.seed).gauss(0, 0.004)
    for step in trial.steps():
        if trial.evaluates(step):
            value = abs(trial["learning_rate"] - 0.02) + 0.3 * (trial["optimizer"] == "sgd")
            trial.report(step, {"valid/loss": value + noise + 0.1}, checkpoint=lambda path: None)
"""


def test_a_lead_is_retrained_by_default_at_a_cost_that_is_told_first(folder, etude_command):
    (folder / "train.py").write_text(NOISY)
    ran = etude_command("run", "rates.toml", "--runner", "inline")

    answer = etude_command("next")

    assert "LEADS" in ran.out
    assert "Next round: rates-seeds.toml, to train the best again with other seeds\n" in answer.out
    assert "  10 trainings" in answer.out
    assert "  optimizer=adam: learning_rate = " in answer.out
    assert (folder / "rates-seeds.toml").is_file()


def test_the_verdict_speaks_from_the_retrainings_and_nobody_asks_again(folder, etude_command):
    (folder / "train.py").write_text(NOISY)
    etude_command("run", "rates.toml", "--runner", "inline")
    etude_command("next")

    ran = etude_command("run", "rates-seeds.toml", "--runner", "inline")
    again = etude_command("next", "rates")

    assert "\nBETTER  `optimizer=adam` is better than `optimizer=sgd` by " in ran.out
    assert "  etude adopt rates-seeds  " in ran.out
    assert "--seeds" not in again.out
    assert "the verdict of `rates-seeds` is what counts" in etude_command("check", "rates").out


def test_other_seeds_are_no_seeds_of_the_round(folder, etude_command):
    etude_command("run", "rates.toml", "--runner", "inline")
    etude_command("next", "rates", "--seeds", "5")
    etude_command("run", "rates-seeds.toml", "--runner", "inline")

    def seeds(name):
        return {one["seed"] for one in etude_command("trials", name, "--json").json["trials"]}

    assert not seeds("rates") & seeds("rates-seeds")


def test_another_best_setting_is_retrained_under_another_name(folder, etude_command):
    (folder / "train.py").write_text(NOISY)
    etude_command("run", "rates.toml", "--runner", "inline")
    etude_command("next")
    etude_command("run", "rates-seeds.toml", "--runner", "inline")
    more = (folder / "rates.toml").read_text().replace("trials = 20", "trials = 60")
    (folder / "rates.toml").write_text(more)
    etude_command("run", "rates.toml", "--runner", "inline")

    answer = etude_command("next", "rates", "--json").json

    assert (answer["name"], answer["file"]) == ("rates-seeds-2", "rates-seeds-2.toml")


def test_a_lead_that_does_not_hold_goes_back_to_its_search(folder, etude_command):
    (folder / "train.py").write_text(
        NOISY.replace("0.3 * (trial", "0.0 * (trial").replace(
            "value + noise", "value + noise + 0.05 * lucky(trial)"
        )
        + """

def lucky(trial):
    return trial["optimizer"] == "sgd" and abs(trial["learning_rate"] - 0.02) > 1e-4
"""
    )
    etude_command("run", "rates.toml", "--runner", "inline")
    etude_command("next", "rates", "--seeds", "5")

    ran = etude_command("run", "rates-seeds.toml", "--runner", "inline")

    assert ("BETTER" in ran.out) == ("etude adopt rates-seeds" in ran.out)
    assert ("BETTER" in ran.out) != ("etude next rates " in ran.out)


SHRINKING = """
import torch
from torch import nn

class Height(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.height = nn.Parameter(torch.ones(1))
        self.register_buffer("distance", torch.tensor([(share - 0.5) ** 2]))

    def forward(self, inputs):
        return torch.stack([self.height + 0.0 * inputs, self.distance + 0.0 * inputs], -1)

class Shrinking:
    def __init__(self):
        self.training = self.validation = torch.zeros(8)

    def model(self, setting):
        return Height(setting["share"])

    def loss(self, predict, batch, setting):
        return predict(batch)[:, 0].square().mean()

    def metrics(self, predict, batch):
        heights, distances = predict(batch).unbind(-1)
        return {"loss": heights.square() + distances}
"""
LINEAR = """
[experiment]
name = "shrinking"
metric = "valid/loss"
max_steps = 100
trials = 20
evaluations = 20
train = "shrinking.py:Shrinking"

[nuisance]
share = { low = 0.1, high = 0.9 }

[fixed]
optimizer = "sgd"
learning_rate = 0.005
batch_size = 8
schedule = "linear"
decay_steps = 100
final_factor = 0.2
"""


def test_a_round_that_trains_longer_takes_the_schedule_along(folder, etude_command):
    (folder / "shrinking.py").write_text(SHRINKING)
    (folder / "shrinking.toml").write_text(LINEAR)
    etude_command("run", "shrinking.toml", "--runner", "inline")

    said = etude_command("next", "shrinking")

    text = (folder / "shrinking-2.toml").read_text()
    assert "Next round: shrinking-2.toml, to train longer\n" in said.out
    assert "max_steps = 200  # " in text
    assert "constant_steps = 100  # T10: the decay keeps its length" in text
    assert "decay_steps = 100\n" in text
    assert etude_command("run", "shrinking-2.toml", "--runner", "inline").code == 0


def test_a_schedule_of_a_loop_of_ones_own_keeps_the_length(folder, etude_command):
    (folder / "train.py").write_text(FALLING)
    text = LINEAR.replace("shrinking.py:Shrinking", "train.py:train")
    (folder / "shrinking.toml").write_text(text)
    etude_command("run", "shrinking.toml", "--runner", "inline")

    said = etude_command("next", "shrinking").out

    assert "Raise `max_steps` to 200 with `fixed.decay_steps`: a linear decay begins 100" in said
    assert "max_steps = 200" not in "".join(path.read_text() for path in folder.glob("*-2.toml"))


FALLING = """
import math

def train(trial):
    done = 0.0
    for step in trial.steps():
        done += trial["learning_rate"] * max(0.2, 1 - 0.8 * step / trial["decay_steps"])
        trial.log(step, {"train/loss": math.exp(-2 * done)})
        if trial.evaluates(step):
            distance = (trial["share"] - 0.5) ** 2
            trial.report(step, {"valid/loss": math.exp(-2 * done) + distance})
"""


def test_next_proposes_the_procedure_that_goes_further_with_what_it_costs_at_most(
    folder, etude_command
):
    (folder / "late.toml").write_text(
        """[experiment]
name = "late"
metric = "valid/loss"
max_steps = 100
trials = 20
evaluations = 50
train = "train.py:train"

[nuisance]
learning_rate = { low = 1e-3, high = 10.0, log = true }
"""
    )
    (folder / "train.py").write_text(
        """
import math, random

def train(trial):
    noise = random.Random(trial.seed)
    far = math.log10(trial["learning_rate"] / 0.1) ** 2
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 3.0 + far - 0.02 * step + noise.gauss(0.0, 0.002)})
"""
    )
    etude_command("run", "late.toml", "--runner", "inline")

    answer = etude_command("check", "late")

    assert "etude extend late --max-steps 200" in answer.out
    assert "at most 40 trainings" in answer.out


def test_a_named_file_gets_a_name_that_no_round_has(folder, etude_command):
    etude_command("run", "rates.toml", "--runner", "inline")
    first = etude_command("next", "rates", "--json").json
    edited = (folder / first["file"]).read_text().replace("max_steps = 8", "max_steps = 6")
    (folder / first["file"]).write_text(edited)
    assert etude_command("run", first["file"], "--runner", "inline").code == 0

    said = etude_command("next", "rates", "-o", "other.toml", "--json").json

    assert (first["name"], said["name"]) == ("rates-2", "rates-3")
    assert etude_command("plan", "other.toml").code == 0

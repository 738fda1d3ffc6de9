"""`etude plan`: studies and trials before a step is trained, hours, and the trade of a budget."""

import pytest

from etude.runner.devices import cores

from .conftest import EXPERIMENT

LISTED = """
[experiment]
metric = "valid/loss"
max_steps = 8
[[configurations]]
learning_rate = 0.1
"""

CHILD = 'name = "later"\nparent = "rates"\nsearch = "bayesian"'


@pytest.mark.rule("R15")
def test_a_plan_sets_this_budget_against_others(folder, etude_command):
    answer = etude_command("plan", "rates.toml", "--table")

    assert "What 40 trials buy (R15)" in answer.out
    assert "as it stands" in answer.out
    assert "twice the trials" in answer.out
    assert "Distance: how far the best trial is expected to lie" in answer.out


def test_without_the_table_a_line_says_how_finely_the_trials_look(folder, etude_command):
    said = etude_command("plan", "rates.toml").out

    assert "What 40 trials buy" not in said
    assert (
        "Each scientific value gets 20 trials over 1 dimension: 20 points along each (R15). "
        "Other designs: etude plan rates.toml --table"
    ) in said


def test_the_trade_as_json(folder, etude_command):
    trade = etude_command("plan", "rates.toml", "--json").json["trade"]

    now = trade["designs"][0]
    assert (now["design"], now["values"], now["dimensions"]) == ("as it stands", 2, 1)
    assert (now["trials"], now["trials_each"], now["points_per_dimension"]) == (40, 20, 20)
    assert now["distances"].keys() == {"6", "20", "50", "100"}
    assert round(now["distance"], 4) == round(0.5 / 21, 4)


def test_without_a_timing_nothing_is_said_of_hours(folder, etude_command):
    assert etude_command("plan", "rates.toml", "--json").json["hours"] is None
    assert "Training is left" not in etude_command("plan", "rates.toml").out


def test_hours_go_by_the_trials_that_ended(played, etude_command):
    hours = etude_command("plan", "rates.toml", "--json").json["hours"]

    assert (hours["left"], hours["measured"]) == (0.0, 40)
    assert hours["all"] > 0
    assert "at the pace of 40 completed trials" in etude_command("plan", "rates.toml").out


def test_the_next_round_is_timed_by_the_last(played, etude_command, tmp_path):
    text = EXPERIMENT.replace('"rates"', '"rates-2"\nparent = "rates"')
    (tmp_path / "rates-2.toml").write_text(text)

    hours = etude_command("plan", tmp_path / "rates-2.toml", "--json").json["hours"]

    assert hours["left"] == hours["all"] > 0


def test_a_list_by_hand_trades_nothing(folder, etude_command):
    (folder / "listed.toml").write_text(LISTED)

    answer = etude_command("plan", "listed.toml", "--json")

    assert answer.json["trade"] is None
    assert answer.json["studies"][0]["trials"] == [{"id": 0, "setting": {"learning_rate": 0.1}}]
    assert "R15" not in etude_command("plan", "listed.toml").out


def test_a_fixed_hyperparameter_costs_one_line_of_caveat(folder, etude_command):
    lines = etude_command("plan", "rates.toml").out.splitlines()

    assert [line.split(":")[0] for line in lines if "batch_size" in line and "held" in line] == [
        "R5"
    ]


def test_plan_as_json(folder, etude_command):
    answer = etude_command("plan", "rates.toml", "--json")

    adam, sgd = answer.json["studies"]
    assert adam.keys() == {"name", "scientific", "trials"}
    assert (adam["name"], adam["scientific"]) == ("optimizer=adam", {"optimizer": "adam"})
    assert [one["id"] for one in sgd["trials"]] == list(range(20, 40))
    assert sgd["trials"][0]["setting"].keys() == {"batch_size", "learning_rate", "optimizer"}
    assert isinstance(answer.json["findings"], list)


def test_plan_says_what_it_would_cost(folder, etude_command):
    answer = etude_command("plan", "rates.toml")

    assert "Which optimizer?" in answer.out
    assert "40 trials in 2 studies, 8 steps each, 320 in all." in answer.out
    assert "lower is better" in answer.out


def test_counts_are_in_the_right_number(folder, etude_command):
    text = (folder / "rates.toml").read_text().replace("trials = 20", "trials = 1")
    (folder / "rates.toml").write_text(
        text.replace('["adam", "sgd"]', "").replace("optimizer =", "")
    )
    (folder / "train.py").write_text("def train(trial): return 0.5\n")

    planned = etude_command("plan", "rates.toml")
    etude_command("run", "rates.toml", "--runner", "inline")

    assert "1 trial in 1 study, 8 steps each, 8 in all." in planned.out
    assert etude_command("trials", "--csv", "t.csv").out == "Wrote 1 trial to t.csv\n"
    assert etude_command("log", "--csv", "l.csv").out == "Wrote 1 experiment to l.csv\n"


def test_plan_is_what_was_run(played, etude_command):
    planned = etude_command("plan", "rates.toml", "--json").json["studies"]
    ran = etude_command("trials", "--json").json["trials"]

    assert [one for study in planned for one in study["trials"]] == [
        {"id": one["id"], "setting": one["setting"]} for one in ran
    ]


def test_a_plan_says_that_bayesian_search_chooses_by_results(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(
        text.replace("evaluations", 'search = "bayesian"\nevaluations')
    )

    assert "`bayesian` chooses by results" in etude_command("plan", "rates.toml").out


def test_a_plan_says_which_earlier_trials_the_search_begins_with(folder, etude_command):
    text = (folder / "rates.toml").read_text().replace('name = "rates"', CHILD)
    (folder / "later.toml").write_text(text)
    etude_command("run", "rates.toml", "--runner", "inline")

    planned = etude_command("plan", "later.toml")
    studies = etude_command("plan", "later.toml", "--json").json["studies"]
    ran = etude_command("run", "later.toml", "--runner", "inline")

    assert "`bayesian` begins with 40 trials of `rates` (X1)." in planned.out
    assert "without any" not in planned.out
    assert "`bayesian` begins with 40 trials of `rates` (X1)." in ran.out
    assert [study["begins_with"] for study in studies] == [{"rates": 20}, {"rates": 20}]


def test_a_plan_of_a_changed_file_is_refused(played, etude_command, tmp_path):
    changed = tmp_path / "rates.toml"
    changed.write_text(
        (played / "rates.toml").read_text().replace("max_steps = 8", "max_steps = 9")
    )

    answer = etude_command("plan", changed)

    assert answer.code == 2
    assert "with another `max_steps`" in answer.err


def test_a_plan_says_what_names_are_taken_for(tmp_path, etude_command):
    (tmp_path / "other.toml").write_text(EXPERIMENT.replace("learning_rate", "lr_G"))

    answer = etude_command("plan", str(tmp_path / "other.toml"))

    assert "`lr_G` is taken as `learning_rate`. Change it in `[names]`." in answer.out
    assert etude_command("plan", str(tmp_path / "other.toml"), "--json").json["taken_for"] == {
        "lr_G": "learning_rate"
    }


@pytest.mark.rule("W5")
def test_a_plan_says_how_many_trials_train_at_once_and_why(folder, etude_command):
    (folder / "rates.toml").write_text(f"{EXPERIMENT}[resources]\ncpus = {cores()}\n")

    said = etude_command("plan", "rates.toml").out
    at_once = etude_command("plan", "rates.toml", "--json").json["at_once"]

    assert f"On this machine: 1 trial trains at once: `cpus = {cores()}` of " in said
    assert at_once["trials"] == 1


def test_a_plan_may_be_for_another_machine(folder, etude_command):
    (folder / "rates.toml").write_text(f"{EXPERIMENT}[resources]\ncpus = 99999\n")

    answer = etude_command("plan", "rates.toml")

    assert answer.code == 0
    assert "On this machine: One trial takes more than this machine has: 99999 cores" in answer.out


def test_of_resources_that_nobody_said_a_plan_is_silent(folder, etude_command):
    assert "at_once" not in etude_command("plan", "rates.toml", "--json").json

"""What `etude plan` says about hours and about the trade of a budget."""

from .conftest import EXPERIMENT

LISTED = """
[experiment]
metric = "valid/loss"
max_steps = 8
[[configurations]]
learning_rate = 0.1
"""


def test_a_plan_sets_this_budget_against_others(folder, etude_command):
    answer = etude_command("plan", "rates.toml")

    assert "What 40 trials buy (R15)" in answer.out
    assert "as it stands" in answer.out
    assert "twice the trials" in answer.out
    assert "Distance: how far the best trial is expected to lie" in answer.out


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

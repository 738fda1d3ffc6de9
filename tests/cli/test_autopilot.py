"""`etude run --rounds N --accept`: what it refuses, says of each round, and tells at the end."""

import pytest


def typed(etude_command, *words):
    return etude_command("run", "rates.toml", "--runner", "inline", *words)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--accept",), "say how many with --rounds"),
        (("--budget-steps", "9"), "say how many with --rounds"),
        (("--rounds", "3", "--accept", "--budget-steps", "9"), "does not pay for the first round"),
        (("--rounds", "3", "--budget-steps", "9"), "does not pay for the first round"),
    ],
)
def test_options_that_do_not_go_together_are_refused(folder, etude_command, options, message):
    answer = typed(etude_command, *options)

    assert answer.code == 2
    assert message in answer.err
    assert not (folder / "etude.db").exists()


@pytest.fixture
def flown(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(text.replace("trials = 20", "trials = 10"))
    return typed(etude_command, "--rounds", "2", "--accept", "--store", "my store.db")


def test_each_round_says_what_it_found_and_what_the_next_changes_and_why(flown):
    assert flown.code == 0
    assert "At most 2 rounds, 320 training steps in all." in flown.out
    assert "\nRound 1 of 2: rates.toml\n" in flown.out
    assert "Next round, to redraw the space: rates-2.toml\n" in flown.out
    assert "  nuisance.learning_rate high  0.5 -> 5\n" in flown.out
    assert "\nUNCLEAR  `optimizer=adam` " in flown.out
    assert "\nRound 2 of 2: rates-2.toml\n" in flown.out


def test_the_best_of_all_rounds_and_the_reason_of_the_end_are_told(flown):
    assert "All 2 rounds are played. All 320 training steps are spent.\n" in flown.out
    assert "Best of all rounds: trial " in flown.out
    assert "of round 2 (`rates-2`), valid/loss = " in flown.out
    assert "etude report rates-2 --store 'my store.db'\n" in flown.out


def test_another_round_can_be_added_by_hand(flown, folder, etude_command):
    answer = etude_command("next", "rates-2", "--store", "my store.db")

    assert answer.code == 0
    assert (folder / "rates-3.toml").is_file()


def test_a_comparison_says_why_it_is_not_exploited(flown, etude_command):
    options = ("rates-2", "--exploit", "--store", "my store.db")

    told = etude_command("next", *options)
    again = etude_command("next", *options, "--json").json

    (sentence,) = [one for one in again["left_to_you"] if "--exploit" in one]
    assert sentence.startswith("--exploit changed nothing, since `optimizer` is compared")
    assert "--exploit changed nothing, since `optimizer` is compared" in told.out


def test_exploration_can_be_ended_by_hand(flown, folder, etude_command):
    text = (folder / "rates.toml").read_text().replace('"rates"', '"alone"')
    text = text.replace('[scientific]\noptimizer = ["adam", "sgd"]', "")
    (folder / "alone.toml").write_text(text.replace("[fixed]", '[fixed]\noptimizer = "adam"'))
    etude_command("run", "alone.toml", "--runner", "inline")

    answer = etude_command("next", "alone", "--exploit")

    assert "Next round: alone-exploit-search.toml, to exploit\n" in answer.out
    assert "changed nothing" not in answer.out
    assert 'search = "bayesian"  # X1: ' in (folder / "alone-exploit-search.toml").read_text()
    assert "high = 5" in (folder / "alone-exploit-search.toml").read_text()


def test_a_round_that_trained_the_best_again_has_a_mean_in_the_table(folder, etude_command):
    (folder / "rates.toml").write_text(
        """[experiment]
name = "rates"
metric = "valid/loss"
max_steps = 4
trials = 16
evaluations = 1
train = "train_twice.py:train"

[scientific]
arm = ["a", "b"]

[nuisance]
learning_rate = { low = 1e-3, high = 1.0, log = true }
"""
    )
    (folder / "train_twice.py").write_text(
        "import math, random\n\n\ndef train(trial):\n"
        "    noise = 0.02 * random.Random(trial.seed).random()\n"
        "    ahead = 0.3 * (trial['arm'] == 'b')\n"
        "    return 0.1 * (math.log10(trial['learning_rate']) + 1.5) ** 2 + ahead + noise\n"
    )

    answer = typed(etude_command, "--rounds", "3", "--accept")

    (row,) = [line for line in answer.out.splitlines() if "rates-seeds.toml  10" in line]
    assert "  mean 0.0" in row
    assert "The rounds end here: the question is answered." in answer.out


ALONE = """[experiment]
name = "alone"
metric = "valid/loss"
max_steps = 8
trials = 10
evaluations = 4
train = "train.py:train"

[nuisance]
learning_rate = { low = 1e-3, high = 10.0, log = true }
"""
NOISY = """
import math, random

def train(trial):
    luck = random.Random(trial.seed).gauss(0.0, 0.05)
    far = math.log10(trial["learning_rate"] / 0.1) ** 2
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1.0 + far + luck - 0.3 * math.log10(step + 1)})
"""


@pytest.fixture
def alone(folder, etude_command):
    (folder / "alone.toml").write_text(ALONE)
    (folder / "train.py").write_text(NOISY)

    def flying(*options):
        return etude_command("run", "alone.toml", "--runner", "inline", *options)

    return flying


def test_a_confirmed_winner_is_told_by_its_mean_and_how_much_was_luck(alone):
    answer = alone("--confirm")

    assert answer.code == 0
    assert "At most 1 round, 200 training steps in all." in answer.out
    assert "At the end `etude exploit`: at most 120 training steps." in answer.out
    assert "`etude exploit`: CONFIRMED: " in answer.out
    assert "Its mean with other seeds is " in answer.out
    assert "which is luck (A1)." in answer.out
    assert "etude adopt alone-exploit-confirm:" in answer.out


def test_a_winner_that_is_extended_is_told_last(alone):
    answer = alone("--max-steps", "16")

    assert answer.code == 0
    assert "At the end `etude extend`: at most " in answer.out
    assert "`etude extend`: " in answer.out.split("Best of all rounds")[1]


def test_a_length_that_extends_nothing_is_refused(alone, folder):
    answer = alone("--max-steps", "8")

    assert answer.code == 2
    assert "do not extend it (T8)" in answer.err
    assert "Traceback" not in answer.err


def test_the_command_to_go_on_keeps_how_the_rounds_are_to_end(alone):
    answer = alone("--rounds", "2", "--confirm")

    assert "To go on:" in answer.out
    command = answer.out.split("To go on:")[1].splitlines()[0]
    assert " --confirm" in command
    assert " --budget-steps " in command


def test_what_the_budget_leaves_out_is_said_at_the_end(alone):
    answer = alone("--rounds", "2", "--accept")

    assert "The best is not confirmed, so its value may be luck" in " ".join(answer.out.split())


def test_a_confirmation_that_nobody_typed_for_is_left_out_where_nobody_can_be_asked(alone):
    answer = alone("--max-steps", "16", "--budget-steps", "680")

    words = " ".join(answer.out.split())
    assert "The best is not confirmed, so its value may be luck: nobody said yes" in words
    assert "At the end `etude exploit`" not in words

"""What the commands of procedures share: what is refused before it is trained, and what is said."""

import pytest

TRAIN = """
import random

def train(trial):
    rate, luck = trial["learning_rate"], random.Random(trial.seed)
    end = 0.5 / (1.0 + 10.0 * rate) + luck.gauss(0, 0.003)
    for step in trial.steps():
        loss = end + 2.0 * 0.8**step
        trial.log(step, {"train/loss": loss})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": loss, "train/error": float(loss > 1.0)})

def wrong(trial):
    if trial.id == 2:
        raise ValueError("this one alone")
    train(trial)
"""
EXPERIMENT = """
[experiment]
name = "toy"
metric = "valid/loss"
max_steps = 20
evaluations = 10
trials = 4
train = "toy.py:train"

[scientific]
optimizer = ["nesterov", "adam"]

[nuisance]
learning_rate = { low = 1e-3, high = 1.0, log = true }
[nuisance.when.optimizer.nesterov]
momentum = { low = 0.7, high = 0.99 }
[nuisance.when.optimizer.adam]
beta1 = { low = 0.7, high = 0.99 }
"""
LENGTH = ("training-length", "toy.toml")


@pytest.fixture
def typed(folder, etude_command):
    (folder / "toy.py").write_text(TRAIN)
    (folder / "toy.toml").write_text(EXPERIMENT)
    return lambda *words: etude_command(*words, "--runner", "inline")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "momentum=[1,2]"), "`momentum` is a number, as in momentum=0.845, but --set"),
        (("--set", "momentum=true"), "gives it `true`, true or false"),
        (("--set", "optimizer=3"), "`optimizer` is a text, as in optimizer=nesterov"),
        (("--without", "momentum=none"), "but --without gives it `none`, a text"),
        (("--without", "learning_rate"), "`learning_rate`, which the sweep varies"),
        (("--full-fit", "valid/loss=0"), "a metric of the training set"),
        (("--budget-steps", "30"), ": 30 training steps are left, and the next round takes"),
        (("--budget-hours", "0"), "The budget does not pay for the first round"),
        (("-o", "toy.toml"), "-o names the experiment file itself"),
        (("-o", "nowhere/file"), "a folder that does not exist"),
        (("-o", "."), "which is a folder"),
    ],
)
def test_what_is_typed_wrong_is_refused_before_anything_is_trained(typed, folder, words, said):
    answer = typed(*LENGTH, *words)

    assert answer.code == 2
    assert said in answer.err
    assert "1. rates" not in answer.out


def test_a_study_that_is_asked_for_has_its_own_hyperparameters(typed):
    answer = typed("stability", "toy.toml", "--set", "optimizer=adam", "--json").json

    assert set(answer["setting"]) == {"beta1", "learning_rate", "optimizer"}


def test_a_full_fit_that_nobody_logs_is_no_training_set_that_cannot_be_fitted(typed):
    answer = typed(*LENGTH, "--full-fit", "train/lose=0.1")

    assert answer.code == 0
    assert "UNCLEAR  No training logs `train/lose`, so a full fit would not show" in answer.out
    assert "Did you mean `train/loss`?" in answer.out


def test_an_error_of_the_code_breaks_no_rate(typed, folder):
    (folder / "toy.toml").write_text(EXPERIMENT.replace("toy.py:train", "toy.py:wrong"))

    answer = typed(*LENGTH)

    assert "ended by an error and left out" in answer.out
    rows = [line.split() for line in answer.out.splitlines() if line.startswith("  0.")]
    assert [len(row) for row in rows] == [4] * len(rows)


def test_what_all_rounds_have_in_common_is_said_once(typed):
    answer = typed(*LENGTH)

    assert "2. " in answer.out
    assert answer.out.count("Nothing read `momentum`") == 1


def test_a_file_of_the_answer_is_written_behind_it_and_said(typed, folder):
    answer = typed(*LENGTH, "-o", "new.toml")

    assert answer.out.index("A full fit takes") < answer.out.index("Written: new.toml")
    assert (folder / "new.toml").exists()


def test_an_answer_without_lines_says_that_no_file_is_written(typed, folder):
    answer = typed("stability", "toy.toml", "-o", "new.toml")

    assert "Not written: `new.toml`, since the answer has no lines" in answer.out
    assert not (folder / "new.toml").exists()


def test_without_a_name_a_round_of_a_procedure_is_not_what_is_extended(typed):
    typed("run", "toy.toml")
    first = typed("extend", "--max-steps", "30", "--json").json

    again = typed("extend", "--max-steps", "30", "--json").json

    assert again["experiment"] == "toy"
    assert again["rounds"] == first["rounds"]


def test_a_store_of_rounds_alone_names_what_is_to_be_run_first(typed):
    typed(*LENGTH)

    answer = typed("exploit")

    assert answer.code == 2
    assert "rounds of procedures alone. Run the experiment first" in answer.err


def test_the_page_of_a_round_sends_nobody_to_search_its_space(typed, etude_command):
    typed(*LENGTH)

    answer = etude_command("check", "toy-training-length-rates")

    assert "It is a round of `etude training-length`, which answers by all of its rounds" in (
        answer.out
    )
    assert "Ask `etude training-length` again for its answer" in answer.out
    assert "etude next toy-training-length-rates" not in answer.out


def test_the_size_of_a_model_is_no_text_and_not_the_rate_itself(typed):
    typed("run", "toy.toml")

    texts = typed("extend", "--model", "momentum=a,b")
    rate = typed("extend", "--model", "learning_rate=0.1,0.3")

    assert (texts.code, rate.code) == (2, 2)
    assert "has `momentum`" in texts.err or "`momentum` is a number" in texts.err
    assert "whose best is what is asked for" in rate.err

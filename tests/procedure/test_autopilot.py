"""Rounds that follow their own advice within one budget; every round's file is kept."""

import math
import sys
from contextlib import closing
from dataclasses import replace

import pytest
from tests import factories
from tests.factories import rates, record

import etude
from etude.errors import RunError
from etude.experiment.toml.write import dumps
from etude.procedure.budget import fit_to_budget, steps_to_go_on
from etude.procedure.cost import planned_steps, trained_steps
from etude.procedure.series import has_begun
from etude.round.next_round import NextRound
from etude.store import open_store

STEPS, TRIALS = 8, 10

FILE = f"""
[experiment]
name = "rates"
metric = "valid/loss"
max_steps = {STEPS}
trials = {TRIALS}
evaluations = 1
train = "train.py:train"

[nuisance]
learning_rate = {{ low = 1e-3, high = 0.5, log = true }}  # my own words
"""

# The best rate, 10, lies beyond the first space; the second round's trials from 30 on break.
TRAIN = """
import math
from pathlib import Path

HERE = Path(__file__).parent

def train(trial):
    rate = trial["learning_rate"]
    if trial.max_steps > 2:  # no rehearsal
        with (HERE / "trained.txt").open("a") as file:
            file.write(f"{rate}\\n")
        if len((HERE / "trained.txt").read_text().split()) == int((HERE / "strike").read_text()):
            raise KeyboardInterrupt
    for step in trial.steps():
        if trial.evaluates(step):
            loss = (math.log10(rate) - 1) ** 2 if rate < 30 else math.nan
            trial.report(step, {"valid/loss": loss})
"""


def loss(trial):
    value = (math.log10(trial["learning_rate"]) - 1) ** 2
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": value})


def compared_loss(trial):
    assert trial["optimizer"] in ("adam", "sgd")
    loss(trial)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "rates.toml").write_text(FILE)
    (tmp_path / "train.py").write_text(TRAIN)
    interrupted_at(tmp_path, 0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def interrupted_at(folder, trial):
    (folder / "strike").write_text(str(trial))


@pytest.fixture
def experiment():
    ranges = {"learning_rate": etude.Real(1e-3, 0.5, log=True)}
    return rates(max_steps=STEPS, trials=TRIALS, evaluations=1, nuisance=ranges)


def flown(folder, **options):
    given = {"rounds": 3, "store": folder / "etude.db", "runner": "inline"}
    return etude.autopilot(folder / "rates.toml", **{**given, **options})


def best_rate(rounds):
    _, best = rounds.best
    return best.setting["learning_rate"]


def test_rounds_leave_a_space_whose_best_lies_outside(experiment):
    rounds = etude.autopilot(experiment, loss, rounds=3)

    one, best = rounds.best
    assert one.number > 1
    assert best.setting["learning_rate"] > 0.5


def test_every_rounds_file_is_written_beside_the_first(folder):
    rounds = flown(folder)

    files = [one.file.name for one in rounds.rounds]
    assert files[:2] == ["rates.toml", "rates-2.toml"]
    assert all((folder / name).is_file() for name in files)
    assert "my own words" in (folder / "rates-2.toml").read_text()
    assert "C1: " in (folder / "rates-2.toml").read_text()


@pytest.mark.parametrize("trial", [3, 14, 24])
def test_an_interrupted_autopilot_goes_on_to_the_same_end(folder, trial):
    interrupted_at(folder, trial)
    with pytest.raises(KeyboardInterrupt):
        flown(folder)
    interrupted_at(folder, 0)

    again = flown(folder)

    whole = etude.autopilot(
        folder / "rates.toml", rounds=3, store=folder / "other.db", runner="inline"
    )
    assert [one.file for one in again.rounds] == [one.file for one in whole.rounds]
    assert best_rate(again) == best_rate(whole)
    assert again.last.spent == whole.last.spent


def test_a_finished_autopilot_started_again_trains_nothing(folder):
    first = flown(folder, rounds=4)
    trained = (folder / "trained.txt").read_text()

    again = flown(folder, rounds=4)

    assert (folder / "trained.txt").read_text() == trained
    assert [one.spent for one in again.rounds] == [one.spent for one in first.rounds]
    assert again.last.ended == first.last.ended


@pytest.mark.parametrize("words", [b"my own round", b"caf\xe9"])
def test_a_file_with_other_words_is_never_overwritten(folder, words):
    (folder / "rates-2.toml").write_bytes(words)

    with pytest.raises(RunError, match=r"rates-2\.toml` exists already and says something else"):
        flown(folder)

    assert (folder / "rates-2.toml").read_bytes() == words


def test_more_rounds_are_played_from_the_last_file_not_under_another_budget(folder):
    rounds = flown(folder, budget_steps=27 * STEPS)

    with pytest.raises(RunError, match="another under other rounds or another budget"):
        flown(folder)
    more = etude.autopilot(rounds.last.file, rounds=2, store=folder / "etude.db", runner="inline")

    first, second = [one.file.name for one in more.rounds]
    assert first == rounds.last.file.name
    assert second not in {one.file.name for one in rounds.rounds}


def test_a_comparison_that_asks_for_more_than_is_left_gets_fewer_trials(experiment):
    compared = replace(experiment, scientific={"optimizer": ["adam", "sgd"]})

    rounds = etude.autopilot(compared, compared_loss, rounds=3, budget_steps=2 * 17 * STEPS)

    first, second = rounds.rounds
    assert "R15: the budget: 7 trials in place of 10" in first.note
    assert second.result.records.count() == 2 * 7
    assert second.spent == 2 * 17 * STEPS
    assert second.ended[0].startswith("The rounds end here: 0 training steps are left")


def test_a_space_that_ends_too_early_is_redrawn_before_a_search_that_adapts_takes_over(experiment):
    rounds = etude.autopilot(experiment, loss, rounds=5)

    searches = [one.result.experiment.search for one in rounds.rounds]
    assert searches == [*["quasi_random"] * 4, "bayesian"]
    goals = [one.coming.goal for one in rounds.rounds if one.coming]
    assert goals == ["redraw the space", "redraw the space", "refine the space", "exploit"]
    assert rounds.last.spent == 5 * TRIALS * STEPS


@pytest.mark.parametrize("rounds", [2, 3])
def test_a_side_that_is_to_be_redrawn_is_explored_in_the_last_round_too(experiment, rounds):
    far = {"learning_rate": etude.Real(1e-5, 1e-3, log=True)}

    series = etude.autopilot(replace(experiment, nuisance=far), loss, rounds=rounds)

    before = series.rounds[-2]
    assert before.coming.goal == "redraw the space"
    assert series.last.result.experiment.search == "quasi_random"


def test_when_half_of_the_budget_is_spent_density_waits_for_a_search_that_adapts(experiment):
    inside = {"learning_rate": etude.Real(0.1, 1e3, log=True)}
    spare = {name: etude.Real(0.0, 1.0) for name in "abcd"}

    rounds = etude.autopilot(
        replace(experiment, nuisance={**inside, **spare}, trials=20), loss, rounds=3
    )

    searches = [one.result.experiment.search for one in rounds.rounds]
    assert searches == ["quasi_random", "bayesian", "bayesian"]


def test_a_dense_space_is_refined_once_before_a_search_that_adapts_takes_over(experiment):
    inside = {"learning_rate": etude.Real(0.1, 1e3, log=True)}

    rounds = etude.autopilot(replace(experiment, nuisance=inside, trials=30), loss, rounds=3)

    assert [one.coming.goal for one in rounds.rounds[:2]] == ["refine the space", "exploit"]


def test_a_cut_round_says_so_in_its_file(folder):
    flown(folder, rounds=2, budget_steps=17 * STEPS)

    text = (folder / "rates-2.toml").read_text()
    assert "\ntrials = 7  # R15: the budget: 7 trials in place of 10" in text


def test_a_missing_botorch_is_told_before_the_first_round(experiment, monkeypatch):
    monkeypatch.setattr("etude.search.find_spec", lambda name: None)

    with pytest.raises(
        RunError, match=r"etude\[bayes\]'`. Rounds that follow their own advice end"
    ):
        etude.autopilot(experiment, loss, rounds=3)


def test_a_budget_below_the_first_round_is_refused(experiment):
    with pytest.raises(RunError, match="does not pay for the first round, which takes 80"):
        etude.autopilot(experiment, loss, rounds=3, budget_steps=79)


def test_rounds_end_where_too_little_is_left_for_another(experiment):
    rounds = etude.autopilot(experiment, loss, rounds=3, budget_steps=14 * STEPS)

    assert rounds.last.number == 1
    assert rounds.last.ended == (
        "The rounds end here: 32 training steps are left, and the next round asks for 80 (R15).",
    )


def test_rounds_end_where_no_edit_is_advised_and_say_what_is_left(experiment):
    def flat(trial):
        return 0.5

    compared = replace(experiment, scientific={"optimizer": ["adam", "sgd"]})

    rounds = etude.autopilot(compared, flat, rounds=9)

    assert rounds.last.number < 9
    assert rounds.last.ended[0].startswith("The rounds end here")
    assert "training steps are left" in rounds.last.ended[0]


@pytest.mark.parametrize(("rounds_left", "trials"), [(1, 25), (2, 12)])
def test_exploiting_takes_its_share_of_what_is_left(experiment, rounds_left, trials):
    coming = NextRound(
        text=dumps(experiment),
        experiment=experiment,
        recommendations=(),
        goal="exploit",
    )

    found = fit_to_budget(coming, remaining=25 * STEPS, rounds_left=rounds_left)

    assert found.coming.experiment.trials == trials
    assert found.message.startswith(f"X1: as the budget allows: {trials} trials in place of 10")


def test_a_fork_counts_from_its_parents_checkpoint():
    study = factories.study()
    whole = record(study, 0, steps=10)
    fork = record(study, 1, steps=10, parent=0, from_step=5)

    assert trained_steps([whole, fork]) == 14


def test_a_plan_counts_every_trial_of_every_study(experiment):
    assert planned_steps(experiment) == STEPS * TRIALS


@pytest.mark.parametrize(("name", "steps"), [("rates", 500 + TRIALS * STEPS), ("rates-2", 500)])
def test_a_series_that_goes_on_may_spend_what_remains(experiment, name, steps):
    study = factories.study()
    before = [record(study, number, steps=STEPS) for number in range(TRIALS)]
    longer = replace(experiment, name=name, trials=2 * TRIALS)
    coming = NextRound(text=dumps(longer), experiment=longer, recommendations=())

    assert steps_to_go_on(coming, experiment, before, remaining=500) == steps


def test_a_file_that_was_played_as_it_stands_has_begun(folder):
    flown(folder, rounds=1)
    text = (folder / "rates.toml").read_text()
    begun = []
    with closing(open_store(folder / "etude.db")) as store:
        for changed in (
            text,
            text.replace("# my own words", ""),
            text.replace("= 10", "= 11"),
            "?",
        ):
            (folder / "again.toml").write_text(changed)
            begun.append(has_begun(store, folder / "again.toml"))

    assert begun == [True, True, False, False]


# --- a lead that is retrained

COMPARED = (
    FILE.replace('"rates"', '"arms"').replace("trials = 10", "trials = 16")
    + """
[scientific]
arm = ["a", "b"]
"""
)
# Searched, `a` leads by 0.3, where `b` has the ids from 16 on; trained again, by GAP.
ARMS = """
import math, random

def train(trial):
    noise = 0.02 * random.Random(trial.seed).random()
    ahead = (trial["arm"] == "b") * (0.3 if trial.id >= 16 else GAP)
    return 0.1 * (math.log10(trial["learning_rate"]) + 1.5) ** 2 + ahead + noise
"""


@pytest.fixture
def arms(folder, monkeypatch):
    def written(gap):
        (folder / "arms.toml").write_text(COMPARED)
        (folder / "train.py").write_text(ARMS.replace("GAP", str(gap)))

    return written


def compared(folder, **options):
    given = {"rounds": 4, "store": folder / "etude.db", "runner": "inline"}
    return etude.autopilot(folder / "arms.toml", **{**given, **options})


def names(rounds):
    return [one.result.experiment.name for one in rounds.rounds]


def test_a_lead_is_retrained_and_its_answer_ends_the_rounds(folder, arms):
    arms(0.3)

    rounds = compared(folder)

    assert names(rounds) == ["arms", "arms-seeds"]
    assert rounds.last.result.verdict.status == "better"
    assert "the question is answered" in rounds.last.ended[0]
    assert "`etude adopt arms-seeds`" in " ".join(rounds.last.ended)
    assert (folder / "arms-seeds.toml").is_file()


def test_an_answer_names_the_repair_of_its_search_that_waits(folder, arms):
    arms(0.3)
    # The leader alone is best at a bound.
    text = (folder / "train.py").read_text()
    (folder / "train.py").write_text(text.replace("+ 1.5)", '+ 1.5 * (trial["arm"] == "b"))'))

    rounds = compared(folder)

    assert rounds.last.result.verdict.status == "better"
    assert "no edit of the file is advised" not in " ".join(rounds.last.ended)
    assert rounds.last.ended[-1].startswith("`etude next arms` repairs what changes no order: ")
    assert "`learning_rate` high 0.5 to 5" in rounds.last.ended[-1]


def test_a_lead_that_does_not_hold_leaves_the_search_to_go_on(folder, arms):
    arms(0.0)

    rounds = compared(folder, rounds=3)

    assert names(rounds)[:2] == ["arms", "arms-seeds"]
    assert rounds.rounds[1].result.verdict.status == "unclear"
    assert names(rounds).count("arms-seeds") == 1
    assert names(rounds)[2] not in ("arms-seeds-2",)


@pytest.mark.parametrize("gap", [0.3, 0.0])
def test_rounds_with_retrainings_typed_again_train_nothing(folder, arms, gap):
    arms(gap)
    first = compared(folder, rounds=3)

    again = compared(folder, rounds=3)

    assert names(again) == names(first)
    assert again.last.spent == first.last.spent
    assert again.last.ended == first.last.ended


def test_retrainings_beyond_the_budget_are_not_played(folder, arms):
    arms(0.3)

    rounds = compared(folder, budget_steps=2 * 16 * STEPS + 4 * 2 * STEPS)

    assert names(rounds) == ["arms"]
    assert "and the next round asks for" in rounds.last.ended[0]


def test_the_best_of_all_rounds_is_none_of_the_trainings_that_confirm_it(folder, arms):
    arms(0.3)

    rounds = compared(folder)

    assert rounds.best[0].number == 1

"""Procedures that the advice of a round asks for, inside the budget of a series of rounds."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import etude
from etude.advise.policy import Advice
from etude.experiment import Experiment
from etude.experiment.change import Change
from etude.finding import Recommendation
from etude.procedure import delegation
from etude.procedure.base import Answer, Known, Step, listed
from etude.procedure.cost import Cost
from etude.procedure.delegation import consultations, known_of_result
from etude.procedure.opening import Training, answered
from etude.procedure.series import RoundSeries
from etude.procedure.training_length import TrainingLength
from etude.store.memory import Memory

STEPS, TRIALS, PROBES = 8, 10, 5

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

[fixed]
width = 8
"""

# The best rate, 10, lies beyond the first space.
TRAIN = """
import math
from pathlib import Path

HERE = Path(__file__).parent

def train(trial):
    rate = trial["learning_rate"]
    with (HERE / "trained.txt").open("a") as file:
        file.write(f"{rate}\\n")
    if len((HERE / "trained.txt").read_text().split()) == int((HERE / "strike").read_text()):
        raise KeyboardInterrupt
    if trial["width"] == 99:
        raise ValueError("too wide")
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": (math.log10(rate) - 1) ** 2})
"""


def line(name: str = "width", new: int = 16) -> Recommendation:
    change = Change(("fixed", name), "", new)
    return Recommendation(rule="D7", change=change, old=8, because="16 is better than 8.")


@dataclass(frozen=True)
class Probe:
    """A round of five trainings, then the answer."""

    lines: tuple[Recommendation, ...] = ()
    width: int = 8
    name: str = "stability"

    def cost(self, known: Known) -> Cost:
        return Cost(trials=PROBES, steps=PROBES * known.base.max_steps)

    def step(self, known: Known) -> Step | Answer:
        if known.ended or known.round("probe"):
            line = "Nothing is known" if known.ended else "Stable up to ten times the best rate"
            return Answer(word="STABLE", line=line, values={}, lines=self.lines)
        settings = [{**known.setting, "width": self.width}] * PROBES
        experiment = listed(known, settings, question="Does it break?")
        return Step(part="probe", experiment=experiment, because="five seeds", rules=("D1",))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rates.toml").write_text(FILE)
    (tmp_path / "train.py").write_text(TRAIN)
    interrupted_at(tmp_path, 0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def asking(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    """Every round asks for this procedure."""

    def asked(advice: Advice) -> Iterator[Probe]:
        yield probe

    monkeypatch.setattr(delegation, "asked_procedures", asked)


def interrupted_at(folder: Path, trial: int) -> None:
    (folder / "strike").write_text(str(trial))


def trained(folder: Path) -> int:
    return len((folder / "trained.txt").read_text().split())


def flown(folder: Path, *, store: str = "etude.db", budget_steps: int | None = None) -> RoundSeries:
    return etude.autopilot(
        folder / "rates.toml",
        rounds=3,
        budget_steps=budget_steps,
        store=folder / store,
        runner="inline",
    )


def test_the_lines_of_an_answer_become_the_next_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe(lines=(line(),)))

    rounds = flown(folder)

    text = (folder / "rates-2.toml").read_text()
    assert "width = 16  # D7: 16 is better than 8." in text
    assert "my own words" in text
    assert rounds.rounds[0].note.startswith("`etude stability`: Stable up to ten times")
    assert {one.setting["width"] for one in rounds.rounds[1].result.records} == {16}


def test_without_lines_the_rounds_go_on_with_their_own_advice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe())

    rounds = flown(folder)

    first = rounds.rounds[0]
    assert first.coming is not None
    assert first.coming.goal == "redraw the space"
    assert first.note.startswith("`etude stability`: Stable up to ten times the best rate.")
    assert first.spent == (TRIALS + PROBES) * STEPS


def test_each_procedure_is_asked_once_a_series(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe())

    rounds = flown(folder)

    assert len(rounds.rounds) > 1
    assert [one.note.count("etude stability") for one in rounds.rounds].count(1) == 1


def test_asked_again_nothing_is_trained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking(monkeypatch, Probe(lines=(line(),)))
    first, count = flown(folder), trained(folder)

    again = flown(folder)

    assert trained(folder) == count
    assert [one.note for one in again.rounds] == [one.note for one in first.rounds]
    assert again.spent == first.spent


@pytest.mark.parametrize("trial", [13, 26])
def test_interrupted_in_a_procedure_or_after_it_goes_on_to_the_same_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trial: int
) -> None:
    asking(monkeypatch, Probe(lines=(line(),)))
    interrupted_at(folder, trial)
    with pytest.raises(KeyboardInterrupt):
        flown(folder)
    interrupted_at(folder, 0)

    again = flown(folder)

    whole = flown(folder, store="other.db")
    assert [one.file for one in again.rounds] == [one.file for one in whole.rounds]
    assert [one.note for one in again.rounds] == [one.note for one in whole.rounds]
    assert again.spent == whole.spent


def test_what_does_not_fit_into_half_of_what_is_left_is_not_begun(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe(lines=(line(),)))

    rounds = flown(folder, budget_steps=(TRIALS + 2 * PROBES - 1) * STEPS)

    assert rounds.rounds[0].note.startswith(
        "`etude stability` is left to you: it takes up to 40 training steps, more than half of "
        "the 72 that are left (R15)."
    )
    assert "stability-probe" not in str([one.result.experiment.name for one in rounds.rounds])
    assert rounds.rounds[0].spent == TRIALS * STEPS


@pytest.mark.parametrize("trainings", [20, 27, 36])
def test_rounds_and_procedures_never_pass_the_budget(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trainings: int
) -> None:
    asking(monkeypatch, Probe(lines=(line(),)))

    rounds = flown(folder, budget_steps=trainings * STEPS)

    assert rounds.spent <= rounds.budget_steps


def test_a_procedure_whose_trainings_all_fail_leaves_the_rounds_to_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe(width=99))

    rounds = flown(folder)

    assert len(rounds.rounds) > 1
    assert "failed in the same way (ValueError at train.py:14)" in rounds.rounds[0].note
    again = flown(folder)
    assert [one.note for one in again.rounds] == [one.note for one in rounds.rounds]


def test_lines_that_the_file_cannot_take_are_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Probe(lines=(line("learning_rate", 3),)))

    rounds = flown(folder)

    assert "Its lines do not fit the file as it stands" in rounds.rounds[0].note
    assert rounds.rounds[0].coming is not None
    assert rounds.rounds[0].coming.goal == "redraw the space"


# --- the recipes themselves

LONG = 40


def held_down(trial: etude.Trial) -> None:
    """The best rate without breaks would be 2; without a warmup trainings break from 0.1 on."""
    rate, generator = float(trial["learning_rate"]), random.Random(trial.seed)
    border = 0.1 * (1 + float(trial["warmup_steps"]))
    end = 0.3 + min(0.25 * math.log10(rate / 2.0) ** 2, 1.9) + generator.gauss(0.0, 0.01)
    odds = -math.log(rate / border) / 0.15
    breaks = generator.random() < 1.0 / (1.0 + math.exp(min(odds, 50.0)))
    for step in trial.steps():
        loss = end + (2.3 - end) * math.exp(-12.0 * step / LONG)
        if breaks and step >= 2:
            loss = math.nan
        trial.log(step, {"train/loss": loss * generator.gauss(1.0, 0.03)})
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": loss * generator.gauss(1.0, 0.003)})


def unstable(trials: int = 20) -> Experiment:
    return Experiment(
        name="rates",
        metric="valid/loss",
        max_steps=LONG,
        trials=trials,
        evaluations=10,
        nuisance={"learning_rate": etude.Real(1e-3, 10.0, log=True)},
        fixed={"warmup_steps": 0},
        seed=3,
    )


def test_a_best_rate_that_is_held_down_is_cured_and_the_next_round_uses_the_cure() -> None:
    rounds = etude.autopilot(unstable(), held_down, rounds=2, budget_steps=20_000)

    first, second = rounds.rounds
    assert first.note.startswith("`etude stability`: Cured by a warmup over")
    assert first.coming is not None
    assert first.coming.goal == "repair optimization"
    assert first.coming.recommendations[0].rule == "D7"
    before, after = (one.result.best for one in (first, second))
    assert before is not None
    assert after is not None
    assert after.setting["warmup_steps"] > 0
    assert after.setting["learning_rate"] > before.setting["learning_rate"]
    assert rounds.confirmed is not None
    assert rounds.spent <= rounds.budget_steps


def test_the_usual_budget_leaves_the_cures_to_the_person_and_says_so() -> None:
    result = etude.run(unstable(), held_down, store="memory")

    (asked,) = consultations(result, remaining_steps=60 * LONG)

    assert asked.delegated is None
    assert asked.note.startswith("`etude stability` is left to you: it takes up to ")


def overfitting(trial: etude.Trial) -> None:
    """Fits the training set fully, in 5 steps at a rate of 5, and overfits from there on."""
    rate, ahead = float(trial["learning_rate"]), 0.3 * (trial["optimizer"] == "adam")
    ahead += random.Random(trial.seed).gauss(0.0, 0.005)
    fit = 4.5 * (1.0 + 0.6 * math.log10(rate / 5.0) ** 2)
    for step in trial.steps():
        error = max(0.0, 1.0 - (step + 1) / fit)
        trial.log(step, {"train/error": error})
        if trial.evaluates(step):
            late = 0.05 * math.log1p(max(0.0, step + 1 - fit))
            far = 0.1 * math.log10(rate) ** 2
            trial.report(step, {"valid/loss": 1.0 + error + late + far - ahead})


def early(*, compares: bool) -> Experiment:
    rates = {"learning_rate": etude.Real(0.3, 3.0, log=True)}
    when = {"when": {"optimizer": {"sgd": rates, "adam": rates}}}
    return Experiment(
        name="lengths",
        metric="valid/loss",
        max_steps=100,
        trials=20,
        evaluations=100,
        scientific={"optimizer": ["sgd", "adam"]} if compares else {},
        nuisance=when if compares else rates,
        fixed={} if compares else {"optimizer": "adam"},
        seed=1,
    )


def test_where_all_best_steps_fall_early_the_length_is_looked_for() -> None:
    store, plain = Memory(), early(compares=False)

    rounds = etude.autopilot(plain, overfitting, rounds=3, store=store)

    first, second = rounds.rounds[:2]
    assert first.note.startswith("`etude training-length`: A full fit takes 5 steps")
    assert first.coming is not None
    assert [one.change.keys for one in first.coming.recommendations] == [
        ("experiment", "max_steps"),
        ("nuisance", "learning_rate"),
    ]
    assert second.result.experiment.max_steps in (5, 6)
    assert rounds.spent <= rounds.budget_steps
    again = etude.autopilot(plain, overfitting, rounds=3, store=store)
    assert [one.note for one in again.rounds] == [one.note for one in rounds.rounds]
    assert again.spent == rounds.spent


def test_of_a_comparison_the_leaders_table_is_changed(tmp_path: Path) -> None:
    store = Memory()
    result = etude.run(early(compares=True), overfitting, store=store)
    training = Training(store=store, folder=tmp_path, train=overfitting)

    known = known_of_result(result)
    answer = answered(TrainingLength(), known, training).answer

    assert known.setting["optimizer"] == "adam"
    adam = ("nuisance", "when", "optimizer", "adam", "learning_rate")
    keys = [one.change.keys for one in answer.lines]
    assert keys == [("experiment", "max_steps"), adam]

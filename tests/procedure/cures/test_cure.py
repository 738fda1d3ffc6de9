"""The cures in their order: none where nothing is held down, and never more than was said."""

from __future__ import annotations

from pathlib import Path

import pytest

import etude
from etude.analyze.comparison import comparison
from etude.procedure.base import Answer, Known, Step
from etude.procedure.cures import CureOutcome, CureOutcomes, cure, most
from etude.procedure.cures.answer import with_architecture, with_cures
from etude.procedure.player import Budget, Outcome
from etude.procedure.rates.diagnosis import Diagnosis
from etude.store import open_store
from etude.store.base import Store
from etude.train.architecture import Advice, Architecture

from .trainings import base, cured

BREAKS = Diagnosis(kind="early", rate="lr", best_rate=0.1, unstable_from=0.2, held_down=True)
SHORT = base(max_steps=20, evaluations=4)
BETTER = comparison([0.9, 0.91, 0.92, 0.9, 0.91], [0.5, 0.51, 0.52, 0.5, 0.51], metric="valid/loss")


def settled(trial: etude.Trial) -> None:
    """Whatever is changed makes it worse: nothing cures what is not ill."""
    given = trial.setting
    harm = 0.2 * (given["lr"] != 0.1 or bool(given.get("warmup") or given.get("clip")))
    for step in trial.steps():
        trial.log(step, {"train/loss": 1.0 / (step + 1), "grad_norm": 1.0 + trial.seed % 7})
        trial.report(step, {"valid/loss": 1.0 + harm + 1e-3 * (trial.seed % 101)})


@pytest.fixture(scope="module")
def ended(store: Store) -> tuple[Outcome, CureOutcomes]:
    return cured(store, settled, BREAKS, experiment=SHORT)


@pytest.mark.parametrize(
    ("diagnosis", "why"),
    [
        (Diagnosis(kind="stable", rate="lr", best_rate=0.1), "the training is stable"),
        (Diagnosis(kind="unclear", rate="lr"), "the training cannot be judged"),
        (Diagnosis(kind="early", rate="lr", best_rate=0.1, held_down=False), "not held down"),
        (Diagnosis(kind="hidden", rate="lr", held_down=True), "no rate trained"),
    ],
)
def test_nothing_is_tried_where_nothing_is_held_down(diagnosis: Diagnosis, why: str) -> None:
    known = Known(base=SHORT, setting={"lr": 0.1, "warmup": 0, "clip": 0.0})

    coming = cure(known, diagnosis)

    assert isinstance(coming, CureOutcomes)
    assert coming.tried == ()
    assert why in coming.why


def test_the_baseline_is_trained_first_at_its_best_rate() -> None:
    known = Known(base=SHORT, setting={"lr": 0.3, "warmup": 0, "clip": 0.0})

    coming = cure(known, BREAKS)

    assert isinstance(coming, Step)
    assert coming.part == "baseline"
    assert (coming.experiment.trials, coming.experiment.fixed["lr"]) == (5, 0.1)


def test_no_cure_is_adopted_where_none_is_better(ended: tuple[Outcome, CureOutcomes]) -> None:
    outcome, result = ended

    assert result.chosen is None
    assert outcome.answer.lines == ()
    assert outcome.answer.values["cure"] is None
    assert {one.compared for one in result.tried} & {"no_difference", "undecided", "worse"}


def test_a_verdict_that_takes_a_whole_line_does_not_hide_that_no_cure_helped(
    ended: tuple[Outcome, CureOutcomes],
) -> None:
    outcome, result = ended
    line = "Training breaks in its first steps from `lr` = 0.2 on; the best is 0.1"
    plain = Answer(word="EARLY", line=line, values={})

    coming = with_cures(plain, outcome.known, BREAKS, result)

    assert coming.line.startswith("No cure ")
    assert coming.line.endswith("better; the best `lr` stays 0.1")


def test_another_optimizer_that_is_better_leaves_open_what_instability_costs() -> None:
    known = Known(base=SHORT, setting={"lr": 0.1})
    adam = CureOutcome(
        cure="optimizer", title="`adam`", by_length=BETTER, by_steps=BETTER, max_steps=20
    )
    plain = Answer(word="UNCLEAR", line="It is open", values={})

    coming = with_cures(plain, known, BREAKS, CureOutcomes(tried=(adam,)))

    assert coming.line.startswith("`adam` is better: ")


def test_the_cost_said_first_is_never_passed(ended: tuple[Outcome, CureOutcomes]) -> None:
    known = ended[0].known

    assert known.spent_steps <= most(known).steps


def test_a_budget_ends_the_cures_with_what_is_known(tmp_path: Path) -> None:
    store = open_store(tmp_path / "etude.db")

    outcome, result = cured(store, settled, BREAKS, experiment=SHORT, budget=Budget(steps=6 * 20))

    assert outcome.known.spent_steps <= 6 * 20
    assert outcome.answer.values["cure"] is None
    assert "training steps are left" in outcome.answer.reasons[0].text
    assert result.chosen is None
    assert "Allow a larger budget" in outcome.answer.steps[0].text


def test_asked_again_the_answer_is_the_same_and_nothing_is_trained(
    ended: tuple[Outcome, CureOutcomes], store: Store
) -> None:
    names = [entry.experiment.name for entry in store.entries()]

    again, _ = cured(store, settled, BREAKS, experiment=SHORT)

    assert again.answer.values == ended[0].answer.values
    assert [entry.experiment.name for entry in store.entries()] == names


def test_what_the_module_shows_is_in_the_answer(tmp_path: Path) -> None:
    seen = Architecture(advice=(Advice(module="blocks.0", text="put the norm before the sum"),))

    outcome, _ = cured(
        open_store(tmp_path / "etude.db"),
        settled,
        BREAKS,
        experiment=SHORT,
        budget=Budget(steps=100),
        architecture=seen,
    )

    assert outcome.answer.values["architecture"] == [
        {"module": "blocks.0", "advice": "put the norm before the sum"}
    ]


@pytest.mark.parametrize(
    ("seen", "said"),
    [(None, None), (Architecture(unclear="it needs a batch"), None), (Architecture(), [])],
)
def test_a_module_that_nobody_could_look_through_is_not_one_without_trouble(
    seen: Architecture | None, said: list[dict[str, str]] | None
) -> None:
    known = Known(base=SHORT, setting={"lr": 0.1}, architecture=seen)

    answer = with_architecture(Answer(word="STABLE", line="It is stable", values={}), known)

    assert answer.values["architecture"] == said


def test_what_cannot_be_done_in_a_loop_from_outside_is_named(tmp_path: Path) -> None:
    bare = base(max_steps=20, evaluations=4, names={}, fixed={"width": 3})

    outcome, _ = cured(open_store(tmp_path / "etude.db"), settled, BREAKS, experiment=bare)

    said = " ".join(one.text for one in outcome.answer.reasons)
    assert "Your loop has no warmup to set" in said
    assert "Your loop limits no gradient norm" in said
    assert "No other optimizer can be put into your loop" in said

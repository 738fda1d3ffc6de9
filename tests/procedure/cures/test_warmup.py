"""Warmup: the shortest ramp that survives, and a higher usable rate with it."""

from __future__ import annotations

import pytest

from etude.advise.edits import applied
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.cures import CureOutcomes
from etude.procedure.cures.warmup import Warmup
from etude.procedure.player import Outcome
from etude.procedure.rates.diagnosis import Diagnosis
from etude.store.base import Store

from .trainings import EARLY, STEPS, base, cured

DIAGNOSIS = Diagnosis(kind="early", rate="lr", best_rate=0.01, unstable_from=0.02, held_down=True)


@pytest.fixture(scope="module")
def ended(store: Store) -> tuple[Outcome, CureOutcomes]:
    return cured(store, EARLY, DIAGNOSIS)


@pytest.mark.rule("D6", "D7")
def test_a_training_that_breaks_at_its_start_is_cured_by_a_warmup(
    ended: tuple[Outcome, CureOutcomes],
) -> None:
    cure = ended[0].answer.values["cure"]

    assert (cure["name"], cure["compared"]) == ("warmup", "better")
    assert cure["settings"]["lr"] >= 2 * 0.02


@pytest.mark.rule("D13")
def test_where_a_warmup_is_the_answer_lengths_of_others_are_for_orientation(
    ended: tuple[Outcome, CureOutcomes],
) -> None:
    said = [one.text for one in ended[0].answer.reasons if one.rules == ("D13",)]

    assert len(said) == 1
    assert all(length in said[0] for length in ("100 steps", "1,000", "40,000"))


def test_both_comparisons_stand_in_the_answer(ended: tuple[Outcome, CureOutcomes]) -> None:
    evidence = ended[0].answer.findings[0].evidence

    assert evidence["at_its_own_length"]["answer"] == "better"
    assert evidence["at_equal_steps"]["answer"] == "better"
    assert evidence["adds"] == "adds `warmup` = 20"


@pytest.mark.rule("D7")
def test_each_length_is_held_for_twice_its_steps(ended: tuple[Outcome, CureOutcomes]) -> None:
    ramps = [one for one in ended[0].known.rounds if "x-" in one.part]

    assert {(one.part, one.experiment.max_steps) for one in ramps} >= {
        ("warmup-10x-10", 30),
        ("warmup-10x-20", 60),
    }


def test_a_length_survives_only_where_every_seed_does(ended: tuple[Outcome, CureOutcomes]) -> None:
    played = ended[0].known.round("warmup-10x-10")
    assert played is not None

    assert {one.status for one in played.records} == {"infeasible"}
    assert ended[0].known.round("warmup-3x-10") is not None


@pytest.mark.rule("D8", "D14")
def test_the_warmup_comes_before_all_steps_that_there_were(
    ended: tuple[Outcome, CureOutcomes],
) -> None:
    coming = applied(base(), ended[0].answer.lines)

    assert coming.max_steps == STEPS + 20
    assert coming.fixed["warmup"] == 20
    assert coming.nuisance["lr"].low > 0.01


@pytest.mark.rule("D7")
@pytest.mark.parametrize(
    ("max_steps", "lengths"),
    [(90, [9]), (1000, [10, 100]), (4000, [10, 100, 400]), (15_000, [10, 100, 1000])],
)
def test_no_length_is_above_a_tenth_of_the_training(max_steps: int, lengths: list[int]) -> None:
    known = Known(base=base(max_steps=max_steps), setting={"lr": 0.1, "warmup": 0, "clip": 0.0})
    longest = lengths[-1]

    most = Warmup().most(known)

    ramps = 3 * 8 * 3 * sum(lengths)
    assert most.steps == ramps + (6 * 2 + 2 * 10) * (max_steps + longest)


def test_a_loop_that_names_no_warmup_is_told_how(store: Store) -> None:
    nameless = Experiment(metric="valid/loss", max_steps=200, trials=1, fixed={"lr": 0.1})

    tried = Warmup().step(Known(base=nameless, setting={"lr": 0.1}), DIAGNOSIS)

    assert tried.notes == (
        "your loop has no warmup to set: read one, and name it `warmup_steps` in `[names]`",
    )

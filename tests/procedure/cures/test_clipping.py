"""Clipping: at the 90th percentile of the norms, never more than half of the updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import etude
from etude.procedure.base import Answer, Known, Round
from etude.procedure.cures import CureOutcomes, cure
from etude.procedure.cures.answer import with_cures
from etude.procedure.cures.clipping import Clipping, clipped_share
from etude.procedure.player import Outcome
from etude.procedure.rates.diagnosis import Diagnosis
from etude.record import Points, Record
from etude.store import open_store
from etude.store.base import Store
from etude.wording import percent

from .trainings import NOISE, OUTLIERS, base, cured

OUTLYING = Diagnosis(
    kind="mid_training", rate="lr", best_rate=0.001, unstable_from=0.002, held_down=True
)
NOISY = Diagnosis(kind="mid_training", rate="lr", best_rate=1.0, unstable_from=2.0, held_down=True)


@pytest.fixture(scope="module")
def outliers(store: Store) -> tuple[Outcome, CureOutcomes]:
    return cured(store, OUTLIERS, OUTLYING)


@pytest.fixture(scope="module")
def noise(store: Store) -> tuple[Outcome, CureOutcomes]:
    return cured(store, NOISE, NOISY, experiment=base(name="noise"))


def test_outlying_gradients_are_cured_by_clipping(outliers: tuple[Outcome, CureOutcomes]) -> None:
    cure = outliers[0].answer.values["cure"]

    assert (cure["name"], cure["compared"]) == ("clipping", "better")
    assert cure["settings"]["lr"] > 0.002


@pytest.mark.rule("D9")
def test_the_limit_is_the_90th_percentile_of_the_best_trainings_without_it(
    outliers: tuple[Outcome, CureOutcomes],
) -> None:
    outcome, result = outliers
    played = outcome.known.round("baseline")
    assert played is not None
    assert result.chosen is not None
    best = sorted(played.records, key=lambda one: played.loss(one) or np.inf)[:3]
    norms = np.concatenate([one.series("grad_norm").values_P for one in best])

    assert result.chosen.changes["clip"] == pytest.approx(np.quantile(norms, 0.9), rel=0.005)


def test_a_norm_by_a_name_of_the_loop_is_read_as_the_diagnosis_reads_it(tmp_path: Path) -> None:
    def train(trial: etude.Trial) -> None:
        log = trial.log

        def renamed(step: int, values: Mapping[str, float]) -> None:
            log(
                step,
                {{"grad_norm": "g_total"}.get(name, name): one for name, one in values.items()},
            )

        trial.log = renamed  # type: ignore[method-assign]  # as a loop that calls it so
        OUTLIERS(trial)

    names = {"warmup": "warmup_steps", "clip": "gradient_clip", "g_total": "grad_norm"}
    opened = open_store(tmp_path / "etude.db")

    outcome, _ = cured(opened, train, OUTLYING, experiment=base(names=names))

    assert outcome.answer.values["cure"]["name"] == "clipping"


def test_the_share_that_it_clips_is_said(outliers: tuple[Outcome, CureOutcomes]) -> None:
    outcome, result = outliers
    played = outcome.known.round("clipping-seeds")
    assert played is not None
    assert result.chosen is not None
    share = clipped_share(played, result.chosen.setting, float(result.chosen.changes["clip"]))

    assert share is not None
    assert share < 0.5
    assert f"It clips {percent(share)} of the updates" in [
        one.text for one in outcome.answer.reasons
    ]


@pytest.mark.rule("D12")
def test_a_smaller_limit_that_would_cut_most_updates_is_refused_and_a_longer_warmup_comes_next(
    noise: tuple[Outcome, CureOutcomes],
) -> None:
    outcome, result = noise

    refused = [one for one in result.tried if one.too_aggressive]
    after = result.tried[result.tried.index(refused[0]) + 1]
    assert [one.rules for one in refused] == [("D10",)]
    assert after.rules == ("D12",)
    assert outcome.answer.values["cure"]["name"] == "lower_rate"


@pytest.mark.rule("D10")
def test_what_was_compared_and_is_refused_is_said_next_to_what_was_chosen(
    noise: tuple[Outcome, CureOutcomes],
) -> None:
    outcome, result = noise
    assert result.chosen is not None
    better = {"by_length": result.chosen.by_length, "by_steps": result.chosen.by_steps}
    tried = tuple(replace(one, **better) if one.too_aggressive else one for one in result.tried)

    answer = with_cures(
        Answer(word="", line="", values={}), outcome.known, NOISY, replace(result, tried=tried)
    )

    assert answer.reasons[1].rules == ("D10",)
    assert answer.table is not None
    assert "refused: it cuts most updates (D10)" in [row[-1] for row in answer.table]


@pytest.mark.rule("D10")
def test_where_the_usual_limit_would_cut_most_updates_the_rate_is_lowered_next(
    noise: tuple[Outcome, CureOutcomes],
) -> None:
    known = noise[0].known
    rounds = [larger_norms(one) if one.part == "clipping-rates" else one for one in known.rounds]

    result = cure(replace(known, rounds=tuple(rounds)), NOISY)

    assert isinstance(result, CureOutcomes)
    assert [one.cure for one in result.tried] == ["warmup", "clipping", "lower_rate"]
    assert "a lower rate instead" in result.tried[1].notes[-1]


def larger_norms(played: Round) -> Round:
    """The same round, as if every gradient had been ten times as large."""

    def larger(record: Record) -> Record:
        rows = record.points.rows_P.copy()
        rows["value"][rows["metric"] == record.points.names.index("grad_norm")] *= 10.0
        return replace(record, points=Points(rows, record.points.names))

    return replace(played, records=played.records.mapped(larger))


def test_without_logged_norms_no_threshold_is_guessed(
    outliers: tuple[Outcome, CureOutcomes],
) -> None:
    played = outliers[0].known.round("baseline")
    assert played is not None
    unlogged = replace(
        played,
        records=played.records.mapped(
            lambda one: replace(one, points=one.points.without(["grad_norm"]))
        ),
    )
    known = replace(outliers[0].known, rounds=(unlogged,))

    tried = Clipping().step(known, OUTLYING)

    assert tried.notes == (
        "no training logged `grad_norm`, the norm of the full gradient before clipping",
    )


def test_a_loop_that_names_no_limit_is_told_how() -> None:
    known = Known(base=base(names={}, fixed={}), setting={"lr": 0.1})

    assert "name it `gradient_clip` in `[names]`" in Clipping().step(known, OUTLYING).notes[0]

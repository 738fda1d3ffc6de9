"""Merged and listed studies, and conditional hyperparameters, through verdict and advice."""

from __future__ import annotations

import numpy as np
import pytest
from tests.advise.contexts import context_of
from tests.factories import RATE, experiment, record

from etude.advise.policy import advice
from etude.analyze.summaries.axis import axes
from etude.analyze.views.outcomes import outcomes
from etude.design.studies import studies
from etude.record import Record, Records
from etude.search import search_of
from etude.space import Real


def trained(question, value):
    records: list[Record] = []
    for study in studies(question):
        starts = search_of(study).moves(study, Records.of([]), 1000)
        records += [
            record(study, len(records) + n, value(study.setting(one.searched)), one.searched)
            for n, one in enumerate(starts)
        ]
    return records


def judged(question, records):
    context = context_of(question, records)
    return context.verdict, advice(context).recommendations


def valley(setting):
    return float((np.log10(setting["learning_rate"]) + 2.5) ** 2)


def test_a_merged_study_answers_by_its_values():
    question = experiment(studies="merged", trials=60, scientific={"depth": [1, 2]})

    answer, _ = judged(question, trained(question, lambda one: one["depth"] + valley(one)))

    assert (answer.status, answer.winner) == ("leads", "depth=1")


def test_the_answer_says_how_thin_each_value_was_tuned():
    question = experiment(studies="merged", trials=60, scientific={"depth": [1, 2, 3]})

    answer, _ = judged(question, trained(question, valley))

    (doubt,) = [text for text in answer.doubts if text.startswith("R14")]
    assert "each scientific value had 20 of 60 trials" in doubt


def test_an_answer_about_a_range_speaks_of_slices():
    question = experiment(studies="merged", trials=60, scientific={"decay": Real(0.0, 1.0)})

    answer, _ = judged(
        question, trained(question, lambda one: (one["decay"] - 0.5) ** 2 + valley(one))
    )

    assert answer.winner == "decay in [0.4, 0.6)"
    assert any("each slice had 10 to 13 of 60 trials" in doubt for doubt in answer.doubts)


def test_slices_that_had_unequal_shares_are_told_by_the_smallest_and_the_largest():
    question = experiment(studies="merged", trials=30, scientific={"decay": Real(0.0, 1.0)})
    (study,) = studies(question)
    decays = [0.1] * 8 + [0.3] * 8 + [0.5] * 8 + [0.7] * 5 + [0.9]
    records = [
        record(study, n, float(n), {"learning_rate": 0.01, "share": 0.5, "decay": decay})
        for n, decay in enumerate(decays)
    ]

    answer, _ = judged(question, records)

    assert any("each slice had 1 to 8 of 30 trials" in doubt for doubt in answer.doubts)


def test_shares_that_differ_by_one_are_no_unequal_budget():
    question = experiment(studies="merged", trials=61, scientific={"depth": [1, 2]})

    answer, _ = judged(question, trained(question, valley))

    assert not any(doubt.startswith("R15") for doubt in answer.doubts)


def test_a_scientific_range_is_widened_where_its_best_lies_at_its_edge():
    question = experiment(
        studies="merged", trials=60, scientific={"decay": RATE}, nuisance={"share": Real(0, 1)}
    )

    _, changed = judged(question, trained(question, lambda one: -float(np.log10(one["decay"]))))

    assert [(one.path, one.part) for one in changed] == [("scientific.decay", "high")]


def test_settings_listed_by_hand_have_no_edge_and_ask_for_no_more_trials():
    rows = [{"learning_rate": 10.0**-k} for k in range(12)]
    question = experiment(trials=12, nuisance={}, configurations=rows, scientific={"d": [1, 2]})

    answer, changed = judged(question, trained(question, lambda one: one["learning_rate"]))

    assert changed == ()
    assert any(doubt.startswith("R12") for doubt in answer.doubts)
    assert any("listed by hand" in doubt for doubt in answer.doubts if doubt.startswith("C1"))


@pytest.mark.rule("R11")
def test_the_same_name_under_two_conditions_is_two_hyperparameters():
    low, high = Real(1e-5, 1e-1, log=True), Real(1e-3, 10.0, log=True)
    question = experiment(
        scientific={"optimizer": ["adam", "sgd"]},
        nuisance={
            "when": {"optimizer": {"adam": {"learning_rate": low}, "sgd": {"learning_rate": high}}}
        },
    )
    records = trained(
        question,
        lambda one: (
            -np.log10(one["learning_rate"]) * (one["optimizer"] == "adam")
            + (np.log10(one["learning_rate"]) + 1) ** 2 * (one["optimizer"] == "sgd")
        ),
    )

    adam, sgd = studies(question)
    _, changed = judged(question, records)

    assert adam.space.domains != sgd.space.domains
    assert [
        axis.domain for study in (adam, sgd) for axis in axes(study, outcomes(study, records))
    ] == [low, high]
    assert [one.path for one in changed] == ["nuisance.when.optimizer.adam.learning_rate"]

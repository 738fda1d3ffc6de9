from __future__ import annotations

import numpy as np
import pytest
from tests.factories import RATE, experiment, record, two_optimizers

from etude.analyze.summaries.isolation import isolation
from etude.analyze.views.subgroups import split_merged, subgroups
from etude.design.studies import studies
from etude.record import Records
from etude.search import search_of
from etude.space import Choice, Integer, Real

from ..trials import findings, valley, with_outcomes


def merged(scientific, **given):
    question = experiment(**{"studies": "merged", "scientific": scientific, "trials": 60, **given})
    return studies(question)[0]


def trained(study, value=lambda setting: 0.5):
    starts = search_of(study).moves(study, Records.of([]), 1000)
    return [record(study, n, value(one.searched), one.searched) for n, one in enumerate(starts)]


def names(study):
    return [part.name for part, _ in subgroups(study, [])]


def test_a_study_that_is_not_merged_is_its_own_only_part():
    adam, nesterov = studies(two_optimizers())
    records = [*valley(adam, [0.5, 0.5]), *valley(nesterov, [0.5, 0.5], begin=20)]

    assert subgroups(adam, records) == [(adam, records[:20])]
    assert split_merged([adam, nesterov], records) == ([adam, nesterov], records)


def test_each_value_of_a_merged_study_is_a_part_named_as_a_study_would_be():
    study = merged({"optimizer": ["adam", "sgd"], "depth": [1, 2]})

    assert names(study) == [
        "depth=1,optimizer=adam",
        "depth=1,optimizer=sgd",
        "depth=2,optimizer=adam",
        "depth=2,optimizer=sgd",
    ]


def test_a_part_is_the_study_that_splitting_would_make():
    question = two_optimizers()
    alone = studies(question)
    whole = merged({"optimizer": ["adam", "nesterov"]}, fixed={"batch_size": 64})

    found = [part for part, _ in subgroups(whole, [])]

    assert [(one.name, one.scientific, one.space, one.fixed) for one in found] == [
        (one.name, one.scientific, one.space, one.fixed) for one in alone
    ]
    assert [one.max_trials for one in found] == [30, 30]
    assert len({one.seed for one in [*found, whole]}) == 3


def test_every_trial_is_in_the_part_of_its_value():
    study = merged({"depth": [1, 2, 3], "gate": [True, False]})
    records = trained(study)

    found = subgroups(study, records)

    assert sorted(one.id for _, mine in found for one in mine) == list(range(60))
    assert all(
        one.setting[name] == value and one.study == part.name
        for part, mine in found
        for one in mine
        for name, value in part.scientific.items()
    )


def test_the_records_of_the_store_keep_their_study():
    study = merged({"depth": [1, 2, 3]})
    records = trained(study)

    subgroups(study, records)

    assert {one.study for one in records} == {"all"}


def test_a_range_is_cut_into_equal_slices_of_its_scale():
    study = merged({"weight_decay": Real(1e-6, 1e-1, log=True)})

    assert names(study) == [
        "weight_decay in [1e-6, 1e-5)",
        "weight_decay in [1e-5, 0.0001)",
        "weight_decay in [0.0001, 0.001)",
        "weight_decay in [0.001, 0.01)",
        "weight_decay in [0.01, 0.1]",
    ]


@pytest.mark.parametrize(("trials", "slices"), [(60, 5), (30, 5), (24, 4), (12, 2), (3, 2)])
def test_there_are_as_many_slices_as_have_six_trials_each(trials, slices):
    study = merged({"w": Real(0.0, 1.0)}, trials=trials)

    assert len(names(study)) == slices
    assert sum(part.max_trials for part, _ in subgroups(study, [])) == trials


def test_slices_share_the_trials_about_evenly():
    study = merged({"w": Real(0.0, 1.0), "depth": [1, 2]})

    counts = [len(mine) for _, mine in subgroups(study, trained(study))]

    assert sum(counts) == 60
    assert min(counts) >= 3


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Integer(1, 3), ["n=1", "n=2", "n=3"]),
        (
            Integer(1, 10),
            [f"n in [{low}, {low + 1}]" for low in (1, 3, 5, 7, 9)],
        ),
        (Integer(1, 6, log=True), ["n=1", "n=2", "n=3", "n in [4, 6]"]),
        (Real(0.999, 0.9995, scale="one_minus_log"), None),
    ],
)
def test_every_value_of_a_range_lies_in_exactly_one_slice(domain, expected):
    study = merged({"n": domain}, trials=100)
    ends = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, *np.random.default_rng(0).random(200)]
    settings = [{"n": domain.value(unit), "learning_rate": 0.1, "share": 0.5} for unit in ends]
    records = [record(study, n, 0.5, setting) for n, setting in enumerate(settings)]

    found = subgroups(study, records)

    assert [part.name for part, _ in found] == (expected or names(study))
    assert len(set(names(study))) == len(found)
    assert sum(len(mine) for _, mine in found) == len(records)
    assert all(mine for _, mine in found)


def test_the_best_of_each_value_is_isolated():
    study = merged({"depth": [1, 2, 3]})
    records = trained(study, lambda setting: 0.1 * setting["depth"] + setting["share"])

    rows = isolation(with_outcomes(*split_merged([study], records))).studies

    assert [row.study for row in rows] == ["depth=1", "depth=2", "depth=3"]
    assert [row.feasible for row in rows] == [20, 20, 20]
    assert [row.value for row in rows] == [
        min(
            one.best("valid/error", maximize=False).value
            for one in records
            if one.setting["depth"] == d
        )
        for d in (1, 2, 3)
    ]


def test_edges_are_those_of_the_whole_study_and_luck_is_that_of_each_value():
    study = merged({"depth": [1, 2, 3]})
    question = experiment(studies="merged", scientific={"depth": [1, 2, 3]}, trials=60)

    found = findings([study], trained(study), question)

    assert {one.subject["study"] for one in found if one.check == "boundary"} == {"all"}
    assert [one.subject["study"] for one in found if one.check == "sampling_luck"] == [
        "depth=1",
        "depth=2",
        "depth=3",
    ]


def test_an_edge_of_a_scientific_range_is_looked_at_too():
    study = merged({"weight_decay": RATE})
    question = experiment(studies="merged", scientific={"weight_decay": RATE}, trials=60)
    records = trained(study, lambda setting: -np.log10(setting["weight_decay"]))

    (problem,) = [one for one in findings([study], records, question) if one.status == "problem"]

    assert (problem.subject["hyperparameter"], problem.subject["side"]) == ("weight_decay", "high")


def test_a_choice_keeps_its_place_among_values_of_other_types():
    study = merged({"kind": Choice([1, True, "a"])}, trials=9)

    assert names(study) == ["kind=1", "kind=true", "kind=a"]
    assert [len(mine) for _, mine in subgroups(study, trained(study))] == [3, 3, 3]

import pytest
from tests.factories import minimal

from etude.design.studies import studies
from etude.space import Choice, Integer, Real, Space

from .test_split import RATE


def test_a_merged_experiment_is_one_study_with_everything_in_its_space():
    (study,) = studies(
        minimal(
            studies="merged",
            trials=30,
            scientific={"depth": [1, 2], "width": Real(8.0, 64.0)},
            nuisance={"learning_rate": RATE},
            fixed={"batch_size": 8},
        )
    )

    assert (study.name, study.scientific, study.max_trials) == ("all", {}, 30)
    assert study.merged == ("depth", "width")
    assert list(study.space.domains) == ["depth", "learning_rate", "width"]
    assert study.fixed == {"batch_size": 8}


def test_without_a_scientific_hyperparameter_merged_is_split():
    plain = {"nuisance": {"learning_rate": RATE}}

    assert studies(minimal(studies="merged", **plain)) == studies(minimal(**plain))


@pytest.mark.rule("R13")
def test_studies_have_matched_budgets_and_seeds_of_their_own():
    found = studies(
        minimal(
            scientific={"optimizer": ["sgd", "adam"], "depth": [1, 2]},
            nuisance={"when": {"optimizer": {"adam": {"beta1": Real(0.7, 0.99)}}}},
        )
    )

    assert [one.max_trials for one in found] == [8] * 4
    assert len({one.seed for one in found}) == 4


def test_a_bundle_has_its_strength_only_where_it_is_on():
    on, off = studies(
        minimal(
            scientific={"dropout": [True, False]},
            nuisance={
                "learning_rate": RATE,
                "when": {"dropout": {"true": {"dropout_rate": Real(0.1, 0.7)}}},
            },
        )
    )

    assert (on.name, list(on.space.domains)) == ("dropout=true", ["dropout_rate", "learning_rate"])
    assert (off.name, list(off.space.domains)) == ("dropout=false", ["learning_rate"])


@pytest.mark.rule("R12")
def test_configurations_are_a_study_for_each_scientific_setting():
    rows = [
        {"rate": 0.1, "act": "relu"},
        {"rate": 0.001, "act": "gelu"},
        {"rate": 1, "act": "relu"},
    ]
    found = studies(minimal(trials=3, scientific={"depth": [1, 2]}, configurations=rows))

    assert [one.name for one in found] == ["depth=1", "depth=2"]
    assert {(one.search, one.max_trials) for one in found} == {("listed", 3)}
    assert found[0].listed == tuple(rows)
    assert found[0].space == Space(
        {"act": Choice(["relu", "gelu"]), "rate": Real(0.001, 1.0, log=True)}
    )


def test_configurations_without_a_scientific_hyperparameter_are_one_study():
    (study,) = studies(minimal(trials=2, configurations=[{"width": 8}, {"width": 16}]))

    assert (study.name, study.space) == ("all", Space({"width": Integer(8, 16)}))

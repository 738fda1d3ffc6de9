import pytest
from tests.factories import minimal

from etude.design.split import MAX_STUDIES, scientific_settings, split
from etude.errors import ExperimentError
from etude.space import Choice, Real

RATE = Real(1e-4, 1.0, log=True)


@pytest.fixture
def optimizers():
    return minimal(
        scientific={"optimizer": ["nesterov", "adam"]},
        nuisance={
            "weight_decay": RATE,
            "when": {
                "optimizer": {
                    "nesterov": {"learning_rate": Real(1e-3, 10.0, log=True)},
                    "adam": {"learning_rate": RATE, "beta1": Real(0.7, 0.999)},
                }
            },
        },
        fixed={"batch_size": 256, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}},
    )


@pytest.mark.rule("R13", "R4")
def test_there_is_one_study_for_each_scientific_value(optimizers):
    assert [one.name for one in split(optimizers)] == ["optimizer=nesterov", "optimizer=adam"]


@pytest.mark.rule("R11", "R4")
def test_a_study_owns_the_space_that_exists_there(optimizers):
    nesterov, adam = split(optimizers)

    assert nesterov.space.domains == {
        "learning_rate": Real(1e-3, 10.0, log=True),
        "weight_decay": RATE,
    }
    assert list(adam.space.domains) == ["beta1", "learning_rate", "weight_decay"]
    assert adam.space.domains["learning_rate"] == RATE


def test_a_study_has_the_fixed_values_that_exist_there(optimizers):
    nesterov, adam = split(optimizers)

    assert nesterov.fixed == {"batch_size": 256}
    assert adam.fixed == {"batch_size": 256, "epsilon": 1e-8}


def test_a_trial_is_handed_fixed_scientific_and_searched_values(optimizers):
    setting = split(optimizers)[0].setting({"learning_rate": 0.5, "weight_decay": 0.01})

    assert list(setting.items()) == [
        ("batch_size", 256),
        ("learning_rate", 0.5),
        ("optimizer", "nesterov"),
        ("weight_decay", 0.01),
    ]


def test_without_a_scientific_hyperparameter_there_is_one_study():
    (study,) = split(minimal(nuisance={"learning_rate": RATE}))

    assert (study.name, study.scientific) == ("all", {})


def test_two_scientific_hyperparameters_are_crossed():
    both = minimal(scientific={"optimizer": ["sgd", "adam"], "depth": [1, 2, 3]})

    names = [one.name for one in split(both)]

    assert len(set(names)) == 6
    assert "depth=3,optimizer=adam" in names


def test_a_conditional_scientific_hyperparameter_is_crossed_only_where_it_exists():
    nested = minimal(
        scientific={
            "norm": ["none", "layer"],
            "when": {"norm": {"layer": {"place": ["before", "after"]}}},
        }
    )

    assert scientific_settings(nested) == [
        {"norm": "none"},
        {"norm": "layer", "place": "before"},
        {"norm": "layer", "place": "after"},
    ]


def test_conditions_may_be_nested():
    nested = minimal(
        scientific={
            "norm": ["none", "layer"],
            "when": {"norm": {"layer": {"place": ["before", "after"]}}},
        },
        nuisance={
            "when": {"norm": {"layer": {"when": {"place": {"after": {"gain": Real(0.5, 2.0)}}}}}}
        },
        fixed={"when": {"norm": {"none": {"bias": True}}}},
    )

    found = {one.name: (list(one.space.domains), dict(one.fixed)) for one in split(nested)}

    assert found == {
        "norm=none": ([], {"bias": True}),
        "norm=layer,place=before": ([], {}),
        "norm=layer,place=after": (["gain"], {}),
    }


@pytest.mark.parametrize("values", [[True, False], [1, 2], [0.1, 0.2], ["0.1", "a b"]])
def test_values_of_every_type_name_their_conditions(values):
    typed = minimal(
        scientific={"kind": Choice(values)},
        nuisance={"when": {"kind": {values[1]: {"learning_rate": RATE}}}},
    )

    assert [list(one.space.domains) for one in split(typed)] == [[], ["learning_rate"]]


def test_adding_a_scientific_value_changes_no_other_study(optimizers):
    before = {one.name: one for one in split(minimal(scientific={"depth": [1, 2]}))}

    after = {one.name: one for one in split(minimal(scientific={"depth": [1, 2, 3]}))}

    assert {name: after[name] for name in before} == before


def test_studies_search_with_seeds_of_their_own(optimizers):
    seeds = {one.seed for one in split(optimizers)}

    assert len(seeds) == 2
    assert seeds.isdisjoint({one.seed for one in split(minimal(seed=1))})


def test_a_study_takes_its_budget_from_the_experiment():
    (study,) = split(minimal(trials=5, max_steps=7, evaluations=3, maximize=True))

    assert (study.max_trials, study.max_steps, study.evaluations) == (5, 7, 3)
    assert study.maximize


def test_more_studies_than_anybody_compares_are_refused_before_they_fill_the_memory():
    lists = {f"option_{at}": [f"v{value}" for value in range(10)] for at in range(12)}
    experiment = minimal(scientific=lists, nuisance={"learning_rate": RATE})

    with pytest.raises(ExperimentError, match=r"more than 1,000 studies.*`option_\d+` \(10\)"):
        split(experiment)


def test_as_many_studies_as_may_be_are_all_there():
    lists = {f"option_{at}": [f"v{value}" for value in range(10)] for at in range(3)}

    assert len(scientific_settings(minimal(scientific=lists))) == MAX_STUDIES

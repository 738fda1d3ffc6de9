"""The space that trials lie in, where nobody wrote it down."""

import pytest

from etude.connect.assembly.inferred_space import infer_space
from etude.connect.base import SourceTrial
from etude.space import Choice, Integer, Real


def trials(**columns):
    """Trials with these columns; None for one that a trial does not have."""
    count = len(next(iter(columns.values())))
    return [
        SourceTrial(
            name=str(at),
            setting={
                name: column[at] for name, column in columns.items() if column[at] is not None
            },
        )
        for at in range(count)
    ]


def only(found):
    (one,) = found.hyperparameters
    return one.role, one.value


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        ([0.1, 0.2], Real(0.1, 0.2)),
        ([0.001, 0.1], Real(0.001, 0.1, log=True)),
        ([0.0, 0.1], Real(0.0, 0.1)),
        ([1, 3], Integer(1, 3)),
        ([1, 200], Integer(1, 200, log=True)),
        ([1, 2.5], Real(1, 2.5)),
        (["relu", "gelu"], Choice(["gelu", "relu"])),
        ([True, False], Choice([False, True])),
        ([True, "auto"], Choice(["auto", True])),
    ],
)
def test_what_varies_is_nuisance_within_its_outermost_values(values, domain):
    assert only(infer_space(trials(x=values), {})) == ("nuisance", domain)


@pytest.mark.parametrize("values", [[0.1, 0.1], ["adam", "adam"], [True, True], [1, 1.0]])
def test_what_never_varies_is_fixed(values):
    assert only(infer_space(trials(x=values), {})) == ("fixed", values[0])


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("learning_rate", Real(0.01, 0.1, log=True)),
        ("momentum", Real(0.01, 0.1, scale="one_minus_log")),
        ("gizmo", Real(0.01, 0.1)),
    ],
)
def test_a_narrow_range_has_the_scale_that_its_name_is_known_for(name, domain):
    assert only(infer_space(trials(**{name: [0.01, 0.1]}), {})) == ("nuisance", domain)


def test_a_stated_domain_is_kept_and_its_bounds_are_no_observation():
    found = infer_space(trials(x=[0.1, 0.2]), {"x": Real(0.0, 1.0)})

    assert only(found) == ("nuisance", Real(0.0, 1.0))
    assert found.observed == frozenset()


def test_a_stated_domain_that_does_not_hold_the_values_is_not_believed():
    found = infer_space(trials(x=[0.1, 2.0]), {"x": Real(0.0, 1.0)})

    assert only(found) == ("nuisance", Real(0.1, 2.0))
    assert found.observed == {"x"}


def test_what_exists_for_some_values_of_a_list_stands_under_them():
    found = infer_space(
        trials(optimizer=["adam", "sgd", "adam", "sgd"], beta1=[0.8, None, 0.9, None]), {}
    )

    assert [(one.path, one.role) for one in found.hyperparameters] == [
        ("nuisance.when.optimizer.adam.beta1", "nuisance"),
        ("scientific.optimizer", "scientific"),
    ]


def test_a_number_of_layers_explains_the_widths_of_its_layers():
    found = infer_space(
        trials(layers=[1, 1, 2, 2], width_0=[8, 16, 8, 16], width_1=[None, None, 4, 8]), {}
    )

    assert [one.path for one in found.hyperparameters] == [
        "scientific.layers", "nuisance.width_0", "nuisance.when.layers.2.width_1",
    ]  # fmt: skip


def test_two_lists_explain_what_each_has_where_every_study_has_trials():
    found = infer_space(
        trials(
            optimizer=["adam", "sgd"] * 4,
            beta1=[0.8, None, 0.9, None] * 2,
            schedule=["cosine"] * 4 + ["linear"] * 4,
            steps=[None] * 4 + [10, 20, 30, 40],
        ),
        {},
    )

    scientific = [one.name for one in found.hyperparameters if one.role == "scientific"]
    assert scientific == ["optimizer", "schedule"]


def test_what_nothing_explains_stays_apart_by_name():
    found = infer_space(trials(lr=[0.1, 0.2, 0.3], beta1=[0.8, None, 0.9]), {})

    assert found.apart == {"beta1": "only 2 of 3 trials have it"}


def test_a_trial_that_crashed_before_it_asked_takes_nothing_out_of_the_space():
    whole = trials(lr=[0.1, 0.2, 0.3], window=[16, 32, 64])
    crashed = SourceTrial(name="dead", setting={"lr": 0.25}, status="failed")

    found = infer_space([*whole, crashed], {"window": Choice([16, 32, 64])})

    assert [(one.name, one.role) for one in found.hyperparameters] == [
        ("lr", "nuisance"), ("window", "nuisance"),
    ]  # fmt: skip
    assert found.apart == {}


def test_a_crashed_trial_hides_no_condition():
    whole = trials(
        optimizer=["adam", "adam", "sgd", "sgd"],
        beta1=[0.8, 0.9, None, None],
        momentum=[None, None, 0.5, 0.9],
    )
    crashed = SourceTrial(name="dead", setting={"optimizer": "adam"}, status="failed")

    found = infer_space([*whole, crashed], {})

    assert {one.name: one.when for one in found.hyperparameters} == {
        "beta1": (("optimizer", "adam"),), "momentum": (("optimizer", "sgd"),), "optimizer": (),
    }  # fmt: skip


def test_a_trial_with_values_lacks_what_it_has_not():
    whole = trials(lr=[0.1, 0.2, 0.3], window=[16, 32, 64])
    other = SourceTrial(name="x", setting={"lr": 0.25}, rows=((0, "loss", 1.0),), status="failed")

    assert infer_space([*whole, other], {}).apart == {"window": "only 3 of 4 trials have it"}


def test_a_text_of_its_own_in_every_trial_is_a_name():
    found = infer_space(trials(path=[f"runs/{at}" for at in range(8)]), {})

    assert found.apart == {"path": "another text in every trial, as a name is"}
    assert found.hyperparameters == ()

"""Lists of numbers where a range is meant."""

import pytest

from etude.space import Choice, Integer, Real

from ..designs import RATE, design, findings_of, listed


def said(nuisance, trials=20, **given):
    given = {"scientific": {}, "fixed": {}, **given}
    return findings_of(design(nuisance=nuisance, trials=trials, **given), "R12")


@pytest.mark.rule("R12")
@pytest.mark.parametrize(
    ("name", "values", "written"),
    [
        ("learning_rate", (1e-4, 1e-1), "{ low = 0.0001, high = 0.1, log = true }"),
        ("lr", (1e-1, 1e-4), "{ low = 0.0001, high = 0.1, log = true }"),
        ("momentum", (0.9, 0.99), '{ low = 0.9, high = 0.99, scale = "one_minus_log" }'),
        ("dropout", (0.1, 0.5), "{ low = 0.1, high = 0.5 }"),
    ],
)
def test_two_numbers_of_what_is_searched_as_a_range_are_said(name, values, written):
    (found,) = said({name: Choice(values), "alpha": RATE})

    assert f"`{name} = {written}`" in found.advice
    assert found.evidence["range"] == written


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((1, 2, 3), "{ low = 1, high = 3, integer = true }"),
        ((0.5, 0.7), "{ low = 0.5, high = 0.7 }"),
        ((0.01, 0.1, 1.0), "{ low = 0.01, high = 1.0, log = true }"),
    ],
)
def test_fewer_settings_than_trials_are_said_of_any_name(values, written):
    (found,) = said({"gizmo": Choice(values)})

    assert f"{len(values)} settings for 20 trials" in found.headline
    assert f"`gizmo = {written}`" in found.advice


def test_settings_are_all_combinations():
    lists = {"gizmo": Choice((1, 2, 3, 4)), "gadget": Choice((1, 2, 3, 4, 5))}

    assert said(lists, trials=20) == []
    assert len(said(lists, trials=21)) == 1


@pytest.mark.parametrize(
    "nuisance",
    [
        {"learning_rate": RATE},
        {"learning_rate": Choice((1e-4, 1e-3, 1e-2)), "alpha": RATE},
        {"batch_size": Choice((32, 64)), "learning_rate": RATE},
        {"width": Choice((64, 256)), "learning_rate": RATE},
        {"weight_decay": Choice((0.0, 1e-4)), "learning_rate": RATE},
        {"nesterov": Choice((True, False)), "learning_rate": RATE},
        {"activation": Choice(("relu", "gelu"))},
        {"seed": Choice((1, 2)), "learning_rate": RATE},
        {"depth": Integer(1, 2), "share": Real(0.0, 1.0)},
    ],
)
def test_other_lists_are_left_alone(nuisance):
    assert said(nuisance) == []


def test_a_question_is_no_list_that_is_searched():
    asked = design(scientific={"learning_rate": [1e-4, 1e-1]}, nuisance={"alpha": RATE})

    assert findings_of(asked, "R12") == []


def test_configurations_are_meant_as_they_stand():
    assert findings_of(listed({"learning_rate": 0.1}, {"learning_rate": 0.2}), "R12") == []


def test_a_list_is_said_once_for_all_studies():
    given = {"activation": ["relu", "gelu"]}

    assert len(said({"learning_rate": Choice((1e-4, 1e-1))}, scientific=given)) == 1


def test_all_lists_are_said_at_once_and_what_other_rules_move_is_no_range():
    lists = {
        "learning_rate": Choice((1e-4, 1e-1)),
        "dropout": Choice((0.0, 0.5)),
        "batch_size": Choice((32, 64)),
    }

    (found,) = said(lists, trials=12)

    assert "8 settings for 12 trials" in found.headline
    assert "so some are trained more than once" in found.message
    assert found.advice == (
        "Write the range `learning_rate = { low = 0.0001, high = 0.1, log = true }`, "
        "or ask for 8 trials."
    )

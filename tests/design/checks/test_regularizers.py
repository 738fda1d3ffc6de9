from __future__ import annotations

import pytest

from etude.space import Choice, Real

from ..designs import DECAY, RATE, design, findings_of, listed, statuses

RATES = Real(0.05, 0.5)
SWITCH = {"dropout": ["off", "on"]}


def when_on(value):
    return {"when": {"dropout": {"on": {"dropout_rate": value}}}}


def searched(**nuisance):
    return design(nuisance={"learning_rate": RATE, **nuisance})


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([0.0, 0.1], "problem"),
        ([0, 0.1, 0.3], "notice"),
        ([0.1, 0.3], "notice"),
    ],
)
def test_a_strength_as_the_question(values, status):
    (one,) = findings_of(design(scientific={"label_smoothing": values}), "R9")

    assert one.status == status
    assert 'use_label_smoothing = ["off", "on"]' in one.advice


def test_a_switch_with_its_strength_tuned_where_it_is_on():
    assert findings_of(design(scientific=SWITCH, nuisance=when_on(RATES)), "R9") == []


@pytest.mark.rule("R9")
def test_a_switch_with_one_strength_that_nobody_tuned():
    (one,) = findings_of(design(scientific=SWITCH, fixed=when_on(0.3)), "R9")

    assert (one.status, one.subject["study"]) == ("problem", "dropout=on")


def test_a_bundle_with_one_strength_that_nobody_tuned():
    bundle = {"regularizer": ["none", "dropout"]}
    fixed = {"when": {"regularizer": {"dropout": {"rate": 1, "dropout_rate": 0.1}}}}

    assert statuses(design(scientific=bundle, fixed=fixed), "R9") == ["problem"]


def test_no_strength_where_it_is_off():
    fixed = {"when": {"dropout": {"off": {"dropout_rate": 0.0}}}}

    assert findings_of(design(scientific=SWITCH, nuisance=when_on(RATES), fixed=fixed), "R9") == []


def test_a_strength_that_is_searched_where_it_has_no_effect():
    (one,) = findings_of(
        design(scientific={"use_dropout": [True, False]}, nuisance={"dropout": RATES}), "R9"
    )

    assert one.status == "notice"
    assert "use_dropout" in one.message


@pytest.mark.rule("R9")
@pytest.mark.parametrize(
    "range_", [Real(0.0, 0.5), Choice([0, 0.1, 0.3]), Choice([0.0, 0.5], ordered=True)]
)
def test_a_strength_searched_down_to_none(range_):
    assert statuses(searched(dropout=range_), "R9") == ["notice"]


def test_a_switch_that_is_searched():
    assert statuses(searched(use_dropout=Choice([True, False])), "R9") == ["notice"]
    assert statuses(searched(dropout=Choice(["off", "on"])), "R9") == ["notice"]


@pytest.mark.parametrize(
    ("name", "values"), [("dropout", (0.1, 0.0)), ("use_dropout", (True, False))]
)
def test_configurations_with_and_without_a_regularizer(name, values):
    (one,) = findings_of(listed(*({name: value, "lr": 0.1} for value in values)), "R9")

    assert one.status == "notice"
    assert "varies over the configurations" in one.message


def test_configurations_with_strengths_above_none():
    assert findings_of(listed({"dropout": 0.1}, {"dropout": 0.3}), "R9") == []


@pytest.mark.parametrize(
    "given",
    [
        {"nuisance": {"learning_rate": RATE, "weight_decay": DECAY, "dropout": RATES}},
        {"fixed": {"dropout": 0.25, "weight_decay": 1e-4}},
        {"fixed": {"use_dropout": True}, "nuisance": {"learning_rate": RATE, "dropout": RATES}},
        {"fixed": {"dropout": "off"}},
        {"nuisance": {"learning_rate": RATE, "momentum": Real(0.0, 0.9)}},
        {"scientific": {"optimizer": ["adam", "adamw"]}, "fixed": {"weight_decay": 0.01}},
    ],
    ids=["adopted", "held", "on", "off", "no regularizer", "another question"],
)
def test_what_was_adopted_or_left_out_is_no_question(given):
    assert findings_of(design(**given), "R9") == []


def test_of_bounds_from_the_data_nobody_is_told_to_have_chosen_them():
    question = design(
        nuisance={"learning_rate": RATE, "dropout_rate": Real(0.0, 0.5)}, observed=("dropout_rate",)
    )

    (one,) = findings_of(question, "R9")

    assert "was tried, as the data show, down to none" in one.message
    assert one.advice.startswith("In the next round, begin its range above none")

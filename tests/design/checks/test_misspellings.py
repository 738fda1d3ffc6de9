from __future__ import annotations

import pytest

from etude.design.checks.misspellings import nearest_name
from etude.playbook.catalogue import known_names

from ..designs import RATE, design, findings_of, listed


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("learning_rte", "learning_rate"),
        ("Learning_Ratte", "learning_rate"),
        ("momentun", "momentum"),
        ("wieght_decay", "weight_decay"),
        ("dropuot", "dropout"),
        ("activatoin", "activation"),
        ("batch_sise", "batch_size"),
    ],
)
def test_a_slip_is_near_what_was_meant(name, meant):
    assert nearest_name(name) == meant


@pytest.mark.parametrize(
    "name",
    [
        "rate",
        "gamma",
        "decay",
        "unit_scale",
        "dropout_2",
        "beta3",
        "min_steps",
        "batch_norm",
        "lr2",
    ],
)
def test_a_name_of_its_own_is_left_alone(name):
    assert nearest_name(name) == ""


@pytest.mark.parametrize("name", known_names())
def test_a_known_name_is_no_slip(name):
    assert findings_of(design(scientific={}, nuisance={}, fixed={name: "x"}), "R4") == []


def test_a_slip_in_a_configuration_is_told():
    (one,) = findings_of(listed({"learning_rte": 0.1}, {"learning_rte": 0.2}), "R4")

    assert one.evidence == {"path": "configurations.learning_rte", "near": "learning_rate"}


@pytest.mark.rule("R4")
def test_a_slip_is_told_with_what_was_meant():
    (one,) = findings_of(design(nuisance={"learning_rte": RATE}), "R4")

    assert (one.status, one.evidence["near"]) == ("notice", "learning_rate")
    assert one.advice.startswith("If `learning_rate` is meant, write")

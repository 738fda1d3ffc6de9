"""What a measurement of batch sizes holds for (S7)."""

from __future__ import annotations

import pytest
from tests.factories import experiment

from etude.procedure.batch.fingerprint import changes_since, differences, fingerprint
from etude.space import Choice, Real

SETTING: dict[str, int | float | str] = {
    "width": 8,
    "optimizer": "adam",
    "lr": 0.1,
    "dropout": 0.2,
    "seed": 1,
}


@pytest.mark.rule("S7")
def test_a_model_and_an_optimizer_make_another_measurement():
    old = fingerprint(SETTING, {})
    new = fingerprint({**SETTING, "width": 16, "optimizer": "sgd"}, {})

    assert differences(old, new) == (
        "`optimizer` was adam and is sgd",
        "`width` was 8 and is 16",
    )


def test_a_rate_and_a_strength_do_not():
    old = fingerprint(SETTING, {})
    new = fingerprint({**SETTING, "lr": 0.3, "dropout": 0.5}, {})

    assert differences(old, new) == ()


def test_the_training_code_does():
    old, new = (fingerprint(SETTING, {}, code=code) for code in ("a", "b"))

    assert differences(old, new) == ("the training code changed",)


def test_a_file_that_may_still_train_what_was_measured_changes_nothing():
    old = fingerprint({"width": 8, "lr": 0.1, "batch_size": 32}, {}, code="a")
    file = experiment(nuisance={"width": Choice([8, 16]), "lr": Real(0.01, 1.0)})

    assert changes_since(old, file, "a") == ()


def test_a_file_says_what_it_trains_otherwise_than_was_measured():
    old = fingerprint({"width": 8, "depth": 2}, {}, code="a")
    file = experiment(fixed={"width": 16, "heads": 4, "batch_size": 64})

    assert changes_since(old, file, "b") == (
        "`depth` is gone",
        "`width` was 8 and is 16",
        "`heads` is new",
        "the training code changed",
    )

"""What a measurement of batch sizes holds for (S7)."""

from __future__ import annotations

import pytest

from etude.procedure.batch.fingerprint import differences, fingerprint

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

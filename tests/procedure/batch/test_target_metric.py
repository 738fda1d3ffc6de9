"""The target as it is typed, and in which direction it is met."""

from __future__ import annotations

import pytest
from tests.procedure.batch.quadratics import base

from etude.errors import RunError
from etude.procedure.batch.target_metric import declared_target


@pytest.mark.parametrize(
    "text", ["valid/error", "=0.1", "valid/error=", "valid/error=low", "a=nan"]
)
def test_what_is_no_metric_with_a_number_is_refused_with_an_example(text):
    with pytest.raises(RunError, match=r"--target takes METRIC=VALUE.*valid/error=0\.1"):
        declared_target(text)


def test_a_name_may_hold_a_sign_of_equality():
    assert declared_target("error@k=5=0.1").metric == "error@k=5"


def test_the_files_own_metric_is_met_in_the_files_direction():
    target = declared_target("valid/score=0.9")

    assert target.of(base(metric="valid/score", maximize=True)).distance(0.95) < 0.0
    assert target.of(base()).distance(0.95) > 0.0

"""Given values: what is no value of a hyperparameter's kind is refused in words."""

import pytest

from etude.errors import RunError
from etude.procedure.given import same_kind

SETTING = {"momentum": 0.9, "width": 8, "nesterov": True, "optimizer": "adam"}


@pytest.mark.parametrize("given", [{"momentum": 1}, {"width": 16.0}, {"optimizer": "sgd"}, {}])
def test_values_of_the_same_kind_are_taken_as_they_are(given):
    assert same_kind(SETTING, given, option="--set") == given


@pytest.mark.parametrize("given", [{"momentum": "high"}, {"nesterov": 1}, {"optimizer": False}])
def test_values_of_another_kind_are_refused(given):
    with pytest.raises(RunError, match="but --set gives it"):
        same_kind(SETTING, given, option="--set")

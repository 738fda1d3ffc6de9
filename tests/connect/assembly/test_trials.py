"""What a trial of another tool ended as, here."""

import math

import pytest

from etude.connect.assembly.trials import trial_end
from etude.connect.base import SourceTrial

DIVERGED = ((0, "loss", 1.0), (1, "loss", math.nan), (2, "loss", math.nan))
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 3\nValueError: no width 3'
OF_RAY = "Failure # 1 (occurred at 2026-01-01)\n  File a.py, line 3\nRuntimeError: no width 3"


def reason_of_failed(rows, **given):
    end = trial_end(
        SourceTrial(name="a", setting={}, rows=rows, status="failed", **given), 0, "loss"
    )
    assert end is not None
    return end.reason


@pytest.mark.parametrize("detail", ["", "MLflow says FAILED.", "Its table says `FAIL`."])
def test_a_failed_trial_whose_values_alone_say_why_diverged(detail):
    assert reason_of_failed(DIVERGED, detail=detail) == "nan"


@pytest.mark.parametrize("detail", [TRACEBACK, OF_RAY, "ValueError: no width 3"])
def test_a_failed_trial_with_an_error_keeps_it_though_its_values_diverged(detail):
    assert reason_of_failed(DIVERGED, detail=detail) == "error"


def test_a_failed_trial_with_a_reason_of_its_own_did_not_diverge():
    assert reason_of_failed(DIVERGED, reason="disk full") == "error"


@pytest.mark.parametrize("rows", [(), DIVERGED[:1]])
def test_a_failed_trial_that_did_not_diverge_has_an_error(rows):
    assert reason_of_failed(rows) == "error"

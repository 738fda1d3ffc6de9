"""How sure an answer is, for whoever does not know the words of a verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.report.sample import verdict

from etude.finding import Finding, Lead, StudyRow
from etude.report.certainty import certainty

LEAD = Lead(over="b", by=0.0043, low=-0.01, high=0.019, run=2, p_value=0.4)


@pytest.mark.parametrize(
    ("status", "said"),
    [("better", "Sure"), ("leads", "Fairly sure"), ("unclear", "Not sure")],
)
def test_every_word_of_a_verdict_is_said_as_a_sentence(status, said):
    assert certainty(replace(verdict(), status=status)).startswith(said)


def test_the_bounds_of_the_lead_are_said_where_they_are_known():
    known, open_ = (
        certainty(replace(verdict(), leads=(replace(LEAD, low=low),))) for low in (-0.01, -math.inf)
    )

    assert "between 0.01 behind and 0.019 ahead" in known
    assert "lead" not in open_


def test_what_nothing_read_leaves_nothing_to_be_sure_of():
    row = StudyRow(study="a", value=0.1, low=None, high=None, trial=1, step=9, ended=2, feasible=2)
    several = replace(verdict(), status="no_question", rows=(row, replace(row, study="b")))

    assert "no training read" in certainty(several)
    assert "nothing was compared" in certainty(replace(several, rows=(row,)))


def test_failed_checks_are_the_reason_where_they_keep_it_open():
    failed = Finding(rule="C3", check="infeasible", status="problem", subject={}, message="")

    assert "failed checks" in certainty(replace(verdict(), blocking=(failed,)))

from __future__ import annotations

import pytest
from tests.report.sample import studies

from etude.analyze.registry import CHECKS
from etude.finding import Finding
from etude.report.check_figures import CHARTS, WITHOUT_CHART, notable_checks

TITLES = {check.name: check.title for check in CHECKS}
STUDY = studies()[0].name


def finding(check, status, study=STUDY):
    return Finding(rule="C1", check=check, status=status, subject={"study": study}, message="")


def test_every_check_has_a_chart_or_a_reason_why_not():
    assert CHARTS.keys() | WITHOUT_CHART.keys() == TITLES.keys()
    assert not CHARTS.keys() & WITHOUT_CHART.keys()
    assert all(WITHOUT_CHART.values())


def test_every_chart_of_a_check_has_a_title():
    assert [
        name for name in CHARTS if not {check.name: check.title for check in CHECKS}[name]
    ] == []


def test_every_chart_module_draws_and_describes():
    incomplete = [
        name
        for name, chart in CHARTS.items()
        if not (
            callable(getattr(chart, "draw", None)) and callable(getattr(chart, "caption", None))
        )
    ]

    assert not incomplete


def test_every_chart_module_is_named_after_its_check():
    assert [name for name, chart in CHARTS.items() if not chart.__name__.endswith(f".{name}")] == []


@pytest.mark.parametrize("status", ["ok", "unclear"])
def test_a_check_without_a_problem_or_a_notice_is_not_drawn(status):
    assert notable_checks([finding("boundary", status)], STUDY) == []


def test_checks_with_a_problem_come_first_and_then_in_the_order_of_the_report():
    findings = [
        finding("best_step", "notice"),
        finding("coverage", "notice"),
        finding("best_step", "problem"),
        finding("boundary", "notice", study="another"),
        finding("schedule", "problem"),
    ]

    assert notable_checks(findings, STUDY) == ["best_step", "coverage"]

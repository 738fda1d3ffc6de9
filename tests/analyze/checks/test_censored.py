from __future__ import annotations

from dataclasses import replace

import pytest

from etude.analyze.checks.censored import censored, findings
from etude.analyze.views.outcomes import outcomes

from ..traced import METRIC, at, finished, long_study


def of_schedule(schedule, *, stopped_after):
    """What is said of trials that a schedule stopped so many hundred steps in, and of one more."""
    study = replace(long_study(), schedule=schedule)
    records = [
        replace(
            finished(study, trial, {METRIC: at(count)}, status="stopped", reason="schedule"),
            steps=100 * count,
        )
        for trial, count in enumerate(stopped_after)
    ]
    records.append(finished(study, len(records), {METRIC: at()}))
    return findings(censored(study, outcomes(study, records)))


@pytest.mark.rule("T8")
def test_stopped_trials_are_a_notice_that_says_where_they_stopped():
    finding = of_schedule("asha", stopped_after=[10, 5, 5])[0]

    assert (finding.check, finding.rule, finding.status) == ("schedule", "T8", "notice")
    assert finding.evidence["trials"] == [0, 1, 2]
    assert finding.evidence["stopped"] == {"500": 2, "1000": 1}
    assert finding.evidence["completed"] == 1


@pytest.mark.parametrize(("schedule", "rule"), [("asha", "T8"), ("pbt", "W4")])
def test_a_population_speaks_by_a_rule_of_its_own(schedule, rule):
    assert of_schedule(schedule, stopped_after=[5])[0].rule == rule


def test_nothing_stopped_is_no_finding():
    assert of_schedule("asha", stopped_after=[]) == []


def test_the_time_limit_is_no_schedule():
    study = long_study()
    record = finished(study, 0, {METRIC: at()}, status="stopped", reason="time_limit")

    assert findings(censored(study, outcomes(study, [record]))) == []

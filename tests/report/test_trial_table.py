from __future__ import annotations

from dataclasses import replace

import pytest
from tests.report.sample import analysis, demo, records

from etude.experiment import Resources
from etude.report.trial_table import facts, page_rows, study_summary, trial_rows


def test_stopped_trials_are_counted_where_there_are_any():
    trials = [replace(records()[0], status="stopped", reason="time_limit"), *records()[1:]]

    assert ("stopped early", "1") in facts(analysis(records=trials))
    assert "stopped early" not in dict(facts(analysis()))


@pytest.mark.rule("W10")
def test_a_study_says_what_it_took_and_what_its_schedule_saved():
    first = replace(analysis().studies[0], schedule="asha")
    own = [replace(one, wall_s=36.0) for one in analysis().records_of(first)]
    trials = [replace(own[0], status="stopped", reason="schedule", steps=250), *own[1:]]
    known = analysis(records=trials, experiment=demo(resources=Resources(cpus=2)))

    said = study_summary(first, known)

    assert "steps trained in 0.4 core hours; `asha` saved 750 steps (" in said


def test_a_long_setting_is_cut_and_says_so():
    long = replace(trial_rows(analysis())[0], setting=[(str(k), "1") for k in range(200)])

    assert [len(row.setting) for row in page_rows([long])] == [24]
    assert [row.hidden_values for row in page_rows([long])] == [176]
    assert {len(row.setting) for row in page_rows([long] * 500)} == {12}

from __future__ import annotations

from dataclasses import replace

from tests.report.sample import analysis, records

from etude.report.trial_table import facts, page_rows, trial_rows


def test_stopped_trials_are_counted_where_there_are_any():
    trials = [replace(records()[0], status="stopped", reason="time_limit"), *records()[1:]]

    assert ("stopped early", "1") in facts(analysis(records=trials))
    assert "stopped early" not in dict(facts(analysis()))


def test_a_long_setting_is_cut_and_says_so():
    long = replace(trial_rows(analysis())[0], setting=[(str(k), "1") for k in range(200)])

    assert [len(row.setting) for row in page_rows([long])] == [24]
    assert [row.hidden_values for row in page_rows([long])] == [176]
    assert {len(row.setting) for row in page_rows([long] * 500)} == {12}

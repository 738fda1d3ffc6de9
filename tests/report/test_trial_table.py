from __future__ import annotations

from dataclasses import replace

from tests.report.sample import analysis, records

from etude.report.trial_table import facts, shown_rows, table


def test_stopped_trials_are_counted_where_there_are_any():
    trials = [replace(records()[0], status="stopped", reason="time_limit"), *records()[1:]]

    assert ("stopped early", "1") in facts(analysis(records=trials))
    assert "stopped early" not in dict(facts(analysis()))


def test_a_long_setting_is_cut_and_says_so():
    row = replace(table(analysis())[0], setting=[(str(k), "1") for k in range(200)])

    assert [len(one.setting) for one in shown_rows([row])] == [24]
    assert [one.left_out for one in shown_rows([row])] == [176]
    assert {len(one.setting) for one in shown_rows([row] * 500)} == {12}

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.report.sample import analysis, demo, records, studies

from etude.experiment import Resources
from etude.record import Points
from etude.report.trial_data import trial_data
from etude.report.trial_table import (
    MAX_COLUMNS,
    facts,
    study_summary,
    table_columns,
    trial_rows,
)


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


def test_a_column_stands_for_each_hyperparameter_that_differs_and_no_more_than_a_screen_has():
    rows = trial_rows(analysis())
    long = [
        replace(row, setting={f"name-{k}": float(k + row.id) for k in range(20)}) for row in rows
    ]

    assert table_columns(rows, studies()) == ["learning_rate", "momentum", "weight_decay", "beta1"]
    assert len(table_columns(long, studies())) == MAX_COLUMNS


def test_data_of_many_trials_has_what_they_share_once_and_says_what_it_leaves_out():
    rows = trial_rows(analysis())
    long = [
        replace(row, setting={f"name-{k}": k + row.id for k in range(300)}) for row in rows * 25
    ]

    known, cut = trial_data(analysis(), rows), trial_data(analysis(), long)

    assert known["same"]["batch_size"] == "64"
    assert known["id"] == [row.id for row in rows]
    assert len(cut["values"]) + cut["left_out"] == 300
    assert cut["left_out"] == 150


def test_a_trial_with_a_value_that_fails_all_the_same_says_why():
    trials = [*records()[:3], with_a_broken_loss(records()[3]), *records()[4:]]

    rows = {row.id: row for row in trial_rows(analysis(records=trials))}

    assert "a loss is not finite" in rows[trials[3].id].status_text


def with_a_broken_loss(record):
    """The trial with a training loss that ends not finite, while its metric is fine."""
    rows = record.points.rows_P.copy()
    rows["value"][rows["metric"] == 1] = math.nan
    return replace(record, points=Points(rows, record.points.names))

from __future__ import annotations

import numpy as np
import pytest
from tests.factories import experiment, rates, record, study

import etude
from etude.errors import StoreError
from etude.record import POINT, Points, Records
from etude.round.hidden_metrics import (
    looks,
    record_look,
    values_at_best,
    without_test_values,
)
from etude.round.hidden_metrics import (
    test_metrics as metrics_of_test_data,
)
from etude.round.result import load

NAMES = ("valid/error", "test/error", "test_loss", "latest_loss")


def trial_with_test_values():
    rows_P = np.array(
        [(step, code, 0.5 - step / 10 + code) for step in range(3) for code in range(4)], POINT
    )
    return record(study(), 0, 0.5, points=Points(rows_P, NAMES), status="completed")


def test_metrics_of_test_data_are_found_by_their_names():
    records = Records.of([trial_with_test_values()])

    assert metrics_of_test_data(experiment(), records) == ("test/error", "test_loss")


def test_values_on_test_data_are_left_out_and_nothing_else():
    (shown,) = without_test_values(experiment(), Records.of([trial_with_test_values()]))

    assert shown.points.metrics == ["latest_loss", "valid/error"]
    assert len(shown.series("valid/error")) == 3


def test_the_metric_itself_is_never_left_out():
    question = experiment(metric="test/error")

    (shown,) = without_test_values(question, Records.of([trial_with_test_values()]))

    assert shown.points.metrics == ["latest_loss", "test/error", "valid/error"]


def test_a_test_value_is_that_of_the_best_step():
    assert values_at_best(trial_with_test_values(), experiment()) == {
        "test/error": pytest.approx(1.3),
        "test_loss": pytest.approx(2.3),
    }


def test_every_look_is_kept_in_order(tmp_path):
    place = tmp_path / "etude.db.test-looks.toml"
    for command in ("etude trials --test", 'etude report "a b" --test'):
        record_look(place, "optimizer", command)

    assert [look["command"] for look in looks(place)] == [
        "etude trials --test",
        'etude report "a b" --test',
    ]


def test_a_look_that_cannot_be_kept_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"cannot be written.*look at no test data"):
        record_look(tmp_path / "gone" / "looks.toml", "optimizer", "etude trials --test")


def train(trial):
    trial.report(7, {"valid/loss": trial["learning_rate"], "test/loss": 0.987})


@pytest.fixture
def place(tmp_path):
    etude.run(rates(), train, store=tmp_path / "etude.db")
    return tmp_path / "etude.db"


def test_python_shows_no_test_value_unless_asked(place):
    hidden = load(place, "rates")
    shown = load(place, "rates", test=True)

    assert 0.987 not in hidden.curves["value"].tolist()
    assert 0.987 in shown.curves["value"].tolist()
    assert hidden.test_metrics == ("test/loss",)
    assert len(looks(place.with_name("etude.db.test-looks.toml"))) == 1


def test_a_report_has_no_test_value_unless_asked(place):
    pages = [load(place, "rates", test=test).html() for test in (False, True)]

    title = f"{'test'}/loss while training"  # the page has the code of a run, this file's too
    assert [title in page for page in pages] == [False, True]

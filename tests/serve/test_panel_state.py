"""What the panel shows follows the trials that changed."""

import json

import pytest
from tests import factories

from etude.design.split import split
from etude.serve.panel_state import MAX_POINTS, PanelState, curve

ONE = factories.experiment()
NOW_S = 1000.0


def panel_state(one=ONE):
    return PanelState(one, split(one))


def message(shown, *, is_running=True):
    return shown.message(NOW_S, is_running=is_running)


def trial(number, *values, **given):
    return factories.record(split(ONE)[0], number, values, **given)


def test_the_best_is_that_of_a_trial_that_counts():
    shown = panel_state()
    shown.begin([trial(0, 0.5, 0.3), trial(1, 0.4), trial(2, 0.1, status="infeasible")])

    (study,) = message(shown)["studies"]

    assert (study["best"], study["trial"]) == ("0.3", 0)
    assert (study["ended"], study["infeasible"]) == (3, 1)


def test_where_the_best_turns_out_infeasible_the_next_one_leads():
    shown = panel_state()
    shown.begin([trial(0, 0.5), trial(1, 0.3, status="running")])
    before = message(shown)["studies"][0]["trial"]

    shown.take(trial(1, 0.3, status="infeasible", reason="nan"), NOW_S)

    assert (before, message(shown)["studies"][0]["trial"]) == (1, 0)
    assert message(shown)["last"]["text"] == "Trial 1 is infeasible (nan)"


def test_a_higher_value_leads_where_that_is_better():
    shown = panel_state(factories.experiment(maximize=True))

    shown.begin([trial(0, 0.5), trial(1, 0.3)])

    assert message(shown)["studies"][0]["best"] == "0.5"


def test_what_is_left_takes_as_long_as_what_ended():
    shown = panel_state()
    shown.begin([trial(number, 0.5, wall_s=10.0) for number in range(10)])
    shown.take(trial(10, *[0.5] * 5, status="running"), NOW_S)

    said = message(shown)

    # 20 trials are planned; of the one that runs, 41 of 100 steps are done.
    assert said["left"] == 10
    assert said["left_s"] == pytest.approx((10 - 0.41) * 10.0)
    assert message(shown, is_running=False)["left_s"] is None


def test_where_all_that_ended_waits_again_nothing_tells_how_long_it_takes():
    shown = panel_state()
    walls_s = (0.1, 0.2, 0.3)  # whose sum, less each of them, is not zero
    shown.begin(
        [
            trial(number, status="infeasible", reason="error", wall_s=wall_s)
            for number, wall_s in enumerate(walls_s)
        ]
    )

    shown.begin([trial(number, status="pending") for number in range(3)])

    said = message(shown)
    assert (said["ended"], said["left_s"]) == (0, None)


def test_an_end_is_what_happened_last_though_a_report_came_with_it():
    shown = panel_state()
    shown.begin([trial(0, 0.5, status="running"), trial(1, 0.5, status="running")])

    shown.take(trial(0, 0.5, 0.4), NOW_S)
    shown.take(trial(1, 0.5, 0.45, status="running"), NOW_S)

    assert message(shown)["last"] == {
        "text": "Trial 0 ended at 0.4, the best of its study",
        "at": NOW_S,
    }


def test_curves_are_those_that_run_and_the_best():
    shown = panel_state()
    shown.begin([trial(0, 0.5, 0.3), trial(1, 0.4), trial(2, 0.9, 0.8, status="running")])

    said = message(shown)["curves"]

    assert [(one["trial"], one["running"]) for one in said] == [(2, True), (0, False)]
    assert said[1]["points"] == [[0, 0.5], [10, 0.3]]


def test_a_curve_is_thinned_and_has_no_value_that_json_has_not():
    long = trial(0, *[float("nan"), float("inf"), *range(1000)])

    points = curve(long, "valid/error")

    assert len(points) == MAX_POINTS
    assert (points[0], points[-1]) == ([20, 0.0], [10010, 999.0])
    assert json.dumps(points, allow_nan=False)


def test_the_greatest_value_stays_one_that_json_has():
    points = curve(trial(0, 1.7976931348623157e308), "valid/error")

    assert json.dumps(points, allow_nan=False)


@pytest.mark.parametrize("status", ["pending", "running", "paused", "stopped", "completed"])
def test_a_trial_without_a_value_is_told_too(status):
    shown = panel_state()

    shown.take(trial(0, status=status), NOW_S)

    said = message(shown)
    assert said["last"]["text"].startswith("Trial 0 ")
    assert json.dumps(said, allow_nan=False)


def test_a_name_is_one_line_of_a_length_that_a_panel_has_room_for():
    name = "a\nb\u202e" + "c" * 10_000
    one = factories.experiment(metric="valid/error", scientific={"optimizer": ["a", name]})

    names = [study["name"] for study in message(panel_state(one))["studies"]]

    assert all(len(text) < 300 and text.isprintable() for text in names)


def test_where_the_leader_breaks_the_curve_of_the_next_one_is_there_again():
    shown = panel_state()
    shown.begin([trial(0, 0.6, 0.5), trial(1, 0.4, 0.3, status="running")])

    shown.take(trial(1, 0.4, 0.3, status="infeasible", reason="nan"), NOW_S)

    assert [one["trial"] for one in message(shown)["curves"]] == [0]

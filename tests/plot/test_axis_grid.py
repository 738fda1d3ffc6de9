from __future__ import annotations

from dataclasses import replace

import pytest
from tests import factories
from tests.analyze.trials import at_units
from tests.factories import RATE
from tests.plot.charts import rows
from vl_convert import vegalite_to_svg

from etude.analyze.summaries.axis import axis_grids
from etude.analyze.views.outcomes import outcomes
from etude.plot.axis_grid import caption, draw
from etude.plot.theme import themed
from etude.space import Choice, Real


def compared(*spaces, trials=12, broken=0):
    """Studies of these spaces with their outcomes, the last trials of each infeasible."""
    pairs = []
    for place, space in enumerate(spaces):
        study = replace(factories.study(space), name=f"s={place}")
        units = [[(k + 0.5) / trials] * len(space) for k in range(trials)]
        values = [None if k >= trials - broken else 0.1 + k / 100 for k in range(trials)]
        pairs.append((study, outcomes(study, at_units(study, units, values))))
    return pairs


def grid(*spaces, **given):
    return axis_grids(compared(*spaces, **given))[0]


ALIKE = {"learning_rate": RATE, "act": Choice(["relu", "gelu"])}


def marks(chart):
    return [row for style in ("rest", "best", "beyond", "infeasible") for row in rows(chart, style)]


def test_a_row_is_a_hyperparameter_and_a_column_a_study():
    chart = draw(grid(ALIKE, {"learning_rate": RATE, "decay": RATE}))

    assert [row["text"].split(" ")[0] for row in rows(chart, "name")] == [
        "learning_rate",
        "act",
        "decay",
    ]
    assert {int(row["x"]) for row in rows(chart, "best")} == {0, 1}


def test_every_trial_has_a_mark_in_every_panel_within_its_column():
    chart = draw(grid({"learning_rate": RATE}, {"learning_rate": RATE}, trials=20, broken=3))

    assert len(marks(chart)) == 2 * 20
    assert len(rows(chart, "infeasible")) == 2 * 3
    assert all(0 < row["x"] % 1 < 1 for row in marks(chart))


def test_the_best_three_of_each_study_are_numbered():
    chart = draw(grid({"learning_rate": RATE}, {"learning_rate": RATE}))

    assert [row["rank"] for row in rows(chart, "best-rank")] == [3, 3, 2, 2, 1, 1]


def test_one_range_lies_at_the_same_places_in_each_column():
    chart = draw(grid({"learning_rate": RATE}, {"learning_rate": RATE}))

    first, second = (
        {row["trial"]: row["x"] - column for row in rows(chart, "rest") if int(row["x"]) == column}
        for column in (0, 1)
    )
    assert first == pytest.approx(second)


def test_at_most_four_studies_stand_in_a_grid():
    grids = axis_grids(compared(*[{"learning_rate": RATE}] * 6, trials=3))

    assert [len(one.columns) for one in grids] == [4, 2]
    assert len({one.values for one in grids}) == 1


def test_a_hyperparameter_without_trials_has_no_row():
    assert axis_grids(compared({"learning_rate": RATE}, trials=0))[0].rows == ()


def test_the_numbers_of_the_metric_stand_beside_the_first_cell_that_is_drawn():
    chart = draw(grid({"learning_rate": RATE}, {"decay": RATE}, broken=2))

    numbers = [row for row in rows(chart, "tick") if "y" in row and row["x"] == int(row["x"])]
    assert {row["x"] for row in numbers} == {0, 1}
    assert [row["x"] for row in rows(chart, "infeasible-label")] == [0, 1]


def test_of_too_many_trials_the_best_are_drawn_and_the_chart_says_so():
    chart = draw(grid({"learning_rate": RATE}, trials=200), max_rows=60)

    assert {row["trial"] for row in rows(chart, "best")} == {0, 1, 2}
    assert chart.to_dict()["title"]["subtitle"] == "43 of 200 trials drawn"


def test_trials_in_another_order_make_the_same_marks():
    (pair,) = compared({"learning_rate": RATE}, broken=2)
    turned = (pair[0], pair[1][::-1])

    charts = [draw(axis_grids([given])[0]) for given in (pair, turned)]

    first, second = (sorted(map(str, marks(chart))) for chart in charts)
    assert first == second


@pytest.mark.parametrize(
    "domain",
    [RATE, Real(0.0, 1.0), Real(0.7, 0.999, scale="one_minus_log"), Choice([True, False])],
)
@pytest.mark.parametrize("broken", [0, 12])
def test_every_domain_is_drawn_and_described(domain, broken):
    result = grid({"x": domain}, broken=broken)

    assert "svg" in vegalite_to_svg(themed(draw(result), width=340))
    assert caption(result).endswith(".")


def test_a_scientific_range_comes_first():
    study = factories.study({"a": RATE, "width": Real(0.0, 1.0)})
    study = replace(study, merged=("width",))
    records = at_units(study, [[0.2, 0.4]], [0.1])

    result = axis_grids([(study, outcomes(study, records))])[0]

    assert [name for name, _ in result.rows] == ["width", "a"]

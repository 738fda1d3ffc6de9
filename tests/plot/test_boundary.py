from __future__ import annotations

from tests import factories
from tests.analyze.trials import at_units, valley
from tests.factories import RATE
from tests.plot.charts import layers, rows
from vl_convert import vegalite_to_svg

from etude.analyze.checks.boundary import boundary
from etude.analyze.views.outcomes import outcomes
from etude.plot.boundary import caption, draw
from etude.plot.theme import themed

HOSTILE = "</script>\"'\\` ${1} \u2028"


def test_the_best_few_are_numbered_on_every_axis():
    study = factories.study()

    chart = draw(boundary(study, outcomes(study, valley(study, [0.5, 0.4]))))

    assert [row["rank"] for row in rows(chart, "best-rank")] == [
        rank for rank in "54321" for _ in ("learning_rate", "share")
    ]


def test_trials_at_one_spot_stand_beside_each_other_so_that_all_five_are_seen():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, [[0.5]] * 5 + [[k / 40] for k in range(20)], list(range(25)))

    chart = draw(boundary(study, outcomes(study, records)))

    assert sorted(layer["mark"]["yOffset"] for layer in layers(chart, "best")) == [
        -22,
        -11,
        0,
        11,
        22,
    ]


def test_the_name_stands_above_the_bounds_and_not_beside_them():
    chart = draw(boundary(factories.study(), outcomes(factories.study(), [])))

    assert [layer["mark"]["dy"] < -12 for layer in layers(chart, "name")] == [True]


def test_a_side_that_cuts_off_is_marked_and_named():
    study = factories.study()
    result = boundary(study, outcomes(study, valley(study, [1.3, 0.4])))

    assert [row["name"] for row in rows(draw(result), "box")] == ["learning_rate"]
    assert "0.1 \u2192 widen" in [row.get("text") for row in rows(draw(result), "bound")]
    assert "cut off what is good: learning_rate at its upper bound 0.1." in caption(result)


def test_an_interior_optimum_is_told_as_such():
    study = factories.study()

    text = caption(boundary(study, outcomes(study, valley(study, [0.5, 0.4], 40))))

    assert text.endswith("no side cuts off what is good.")


def test_a_study_without_trials_is_drawn_with_its_reason():
    result = boundary(factories.study(), outcomes(factories.study(), []))

    assert draw(result).to_dict()["layer"]
    assert caption(result).startswith("No side can be judged: 0 feasible trials")


def test_a_name_may_hold_any_text():
    study = factories.study({HOSTILE: factories.study().space.domains["share"]})
    result = boundary(
        study, outcomes(study, at_units(study, [[k / 20] for k in range(20)], list(range(20))))
    )

    assert "widen" in vegalite_to_svg(themed(draw(result), width=300))

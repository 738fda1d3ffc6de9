from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom
from tests import factories
from tests.connect.csv_folders import DATA, import_result
from tests.factories import RATE, SHARE, record

from etude.analyze.checks.boundary import boundary, findings
from etude.analyze.checks.boundary_edge import TopTrials
from etude.analyze.checks.boundary_side import Side
from etude.analyze.thresholds import BoundaryThresholds
from etude.analyze.views.outcomes import outcomes, ranked
from etude.record import Record
from etude.search.quasi_random import points
from etude.space import Choice, Domain, Integer, Real
from etude.study import Prior, Study

from ..trials import ORDERED, at_units, valley


def side(study: Study, records: list[Record], name: str, which: str) -> Side:
    sides = {
        (each.hyperparameter, each.side): each
        for each in boundary(study, outcomes(study, records)).sides
    }
    return sides[name, which]  # type: ignore[index]  # low or high


def statuses(study: Study, records: list[Record]) -> set[str]:
    return {each.status for each in boundary(study, outcomes(study, records)).sides}


def problems(study: Study, records: list[Record]) -> list[tuple[str, str]]:
    return [
        (each.hyperparameter, each.side)
        for each in boundary(study, outcomes(study, records)).sides
        if each.status == "problem"
    ]


def random_valley(study: Study, bottom: list[float], count: int = 20) -> list[Record]:
    """Random trials, as quick as they are uneven, over a valley whose lowest point is `bottom`."""
    unit_TxD = np.random.default_rng(study.seed).random((count, len(bottom)))
    losses_T = ((unit_TxD - np.asarray(bottom)) ** 2).sum(axis=1)
    return at_units(study, unit_TxD.tolist(), losses_T.tolist())


def line(count: int) -> list[list[float]]:
    return [[(k + 0.5) / count] for k in range(count)]


@pytest.mark.rule("C1")
@pytest.mark.parametrize("bottom", [1.0, 1.2, 2.0])
@pytest.mark.parametrize("seed", range(10))
def test_a_cut_off_optimum_is_a_problem_on_its_side_only(bottom, seed):
    study = factories.study({"learning_rate": RATE}, seed=seed)

    assert problems(study, valley(study, [bottom])) == [("learning_rate", "high")]


def crowded(study, unit):
    """Trials as a search that adapts leaves them: spread at first, then all at one place."""
    spread = [[0.1, 0.3], [0.3, 0.9], [0.5, 0.5], [0.7, 0.1], [0.8, 0.7]]
    there = [[unit, 0.4 + 0.01 * k] for k in range(10)]
    losses = [1.0 - 0.5 * one[0] for one in spread] + [0.3 + 0.001 * k for k in range(10)]
    return at_units(study, spread + there, losses)


@pytest.mark.parametrize(("unit", "found"), [(1.0, [("learning_rate", "high")]), (0.8, [])])
def test_where_a_search_that_adapts_crowds_at_a_bound_the_space_ends_too_early(unit, found):
    study = replace(factories.study({"learning_rate": RATE, "momentum": SHARE}), search="bayesian")

    assert problems(study, crowded(study, unit)) == found


def test_what_spread_in_earlier_rounds_tells_of_a_crowd_that_learned_little():
    study = replace(factories.study({"learning_rate": RATE, "momentum": SHARE}), search="bayesian")
    crowd = at_units(study, [[1.0, 0.5 + 0.002 * k] for k in range(12)], [0.0] * 6 + [0.001] * 6)
    grid = [[0.05 + 0.1 * k, (0.37 * k) % 1.0] for k in range(10)]
    prior = tuple(Prior(study.space.setting(unit), 1 - unit[0]) for unit in grid)

    assert problems(study, crowd) == []
    assert problems(replace(study, prior=prior), crowd) == [("learning_rate", "high")]


def test_where_a_constraint_may_cut_the_optimum_off_the_range_is_not_blamed():
    free = factories.study({"learning_rate": RATE})
    study = replace(free, space=replace(free.space, constraints=("learning_rate < 9.0",)))

    found = side(study, valley(study, [1.2]), "learning_rate", "high")

    assert found.status == "unclear"
    assert "the constraint `learning_rate < 9.0` bounds it too" in found.reason
    assert found.constrained


def test_a_cut_off_optimum_is_mostly_found_among_two_that_matter_as_much():
    studies = [factories.study(seed=seed) for seed in range(40)]

    found = [
        problems(each, random_valley(each, [1.25, 0.5])) == [("learning_rate", "high")]
        for each in studies
    ]

    assert sum(found) >= 0.9 * len(studies)


@pytest.mark.parametrize("seed", range(20))
def test_an_interior_optimum_is_no_problem(seed):
    study = factories.study(seed=seed)
    records = valley(study, [0.5, 0.4])

    assert "problem" not in statuses(study, records)


@pytest.mark.parametrize("count", [20, 50])
@pytest.mark.parametrize("dimensions", [1, 3, 6])
def test_false_alarms_stay_below_five_percent(dimensions, count):
    domains: dict[str, Domain] = {f"x{k}": Real(0.1, 0.9) for k in range(dimensions)}
    studies = [factories.study(domains, seed=seed) for seed in range(40)]

    alarms = [
        "problem" in statuses(each, random_valley(each, [0.4] * dimensions, count))
        for each in studies
    ]

    assert sum(alarms) <= 0.05 * len(studies)


@pytest.mark.parametrize("domain", [Integer(2, 40), Integer(1, 1024, log=True), ORDERED])
def test_whole_numbers_and_ordered_choices_have_sides_too(domain):
    study = factories.study({"depth": domain})
    units = line(40)
    records = at_units(study, units, [1.0 - unit for (unit,) in units])

    assert side(study, records, "depth", "high").status == "problem"
    assert side(study, records, "depth", "low").status == "ok"


def test_an_optimum_among_whole_numbers_below_the_last_is_not_at_their_bound():
    # By their logarithm the first of few whole numbers has a fifth of the axis, the last a percent.
    domain = Integer(1, 16, log=True)
    study = factories.study({"layers": domain})
    units = line(40)
    bottom = domain.unit(9)
    records = at_units(study, units, [(unit - bottom) ** 2 for (unit,) in units])

    assert side(study, records, "layers", "high").status == "ok"


def test_an_unordered_choice_has_no_sides():
    study = factories.study({"activation": Choice(["relu", "gelu"])})

    assert boundary(study, outcomes(study, valley(study, [0.5]))).sides == ()


@pytest.mark.parametrize(("best", "status"), [(-1.0, "notice"), (0.5, "ok")])
def test_only_the_very_best_near_a_bound_alone_is_a_notice(best, status):
    study = factories.study({"learning_rate": RATE})
    units = line(20)
    # Noise about a mild slope.
    values = [0.5 - 0.2 * k / 19 + 0.5 * (5 * k % 19) / 19 for k in range(19)] + [best]

    found = side(study, at_units(study, units, values), "learning_rate", "high")

    assert (len(found.near_top), found.status) == (1, status)


def test_the_best_alone_against_the_course_of_all_says_nothing():
    study = factories.study({"learning_rate": RATE})
    units = line(20)
    values = [abs(unit - 0.5) for (unit,) in units[:-1]] + [-1.0]

    assert side(study, at_units(study, units, values), "learning_rate", "high").status == "ok"


@pytest.mark.parametrize("which", ["low", "high"])
@pytest.mark.parametrize(
    "domain", [Integer(128, 256), Choice([128, 256], ordered=True), Real(128, 256)]
)
def test_where_only_two_values_were_tried_each_lies_near_a_bound_and_says_nothing(domain, which):
    study = factories.study({"batch_size": domain, "learning_rate": RATE})
    units = [
        [domain.unit(128 if k % 2 else 256), (place + 0.5) / 20]
        for k, place in enumerate(np.random.default_rng(0).permutation(20).tolist())
    ]
    records = at_units(study, units, [abs(unit - 0.5) for _, unit in units])

    assert side(study, records, "batch_size", which).status == "ok"


def test_an_edge_full_of_infeasible_trials_is_a_cliff_and_not_widened():
    study = factories.study({"learning_rate": RATE})
    units = [*line(20), [0.955], [0.965], [0.985], [0.995], [0.999]]
    values = [1.0 - unit for (unit,) in units[:20]] + [None] * 5

    found = side(study, at_units(study, units, values), "learning_rate", "high")

    assert (found.status, found.cliff, len(found.infeasible)) == ("notice", True, 5)


def test_a_cliff_is_told_by_the_best_value_and_the_first_that_breaks():
    study = factories.study({"learning_rate": RATE})
    units = [*line(20), [0.955], [0.965], [0.985], [0.995], [0.999]]
    # The best lies well before the cliff, which begins well before the bound.
    values = [(0.9 - unit) ** 2 if unit < 0.95 else None for (unit,) in units]
    records = at_units(study, units, values)

    found = findings(boundary(study, outcomes(study, records)))[1]

    best = records[17].setting["learning_rate"]
    broken = min(one.setting["learning_rate"] for one in records if one.status == "infeasible")
    told = f"best at {best:.3g}, and training breaks from {broken:.3g} on"
    assert found.headline == f"`learning_rate` is {told}"


@pytest.mark.rule("D3")
def test_the_advice_at_a_cliff_is_to_stabilize():
    study = factories.study({"learning_rate": RATE})
    units = [*line(20), [0.955], [0.965], [0.985], [0.995], [0.999]]
    values = [1.0 - unit for (unit,) in units[:20]] + [None] * 5

    found = findings(boundary(study, outcomes(study, at_units(study, units, values))))[1]

    assert "stabilize training first" in found.advice
    assert "Extend" not in found.advice


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("cut", "bottom"), [(0.9, 0.9), (0.9, 0.85), (0.8, 0.75)])
def test_an_optimum_just_below_where_training_breaks_is_not_widened(cut, bottom, seed):
    study = factories.study({"learning_rate": RATE}, seed=seed)
    (units_T,) = points(1, study.seed, 24).T.tolist()
    values = [None if unit > cut else (unit - bottom) ** 2 for unit in units_T]

    found = side(
        study, at_units(study, [[unit] for unit in units_T], values), "learning_rate", "high"
    )

    assert found.status != "problem"
    assert found.cliff


def test_one_trial_that_broke_elsewhere_leaves_a_cut_off_optimum_found():
    study = factories.study({"learning_rate": RATE})
    values = [None, *(1.0 - unit for (unit,) in line(20)[1:])]

    found = side(study, at_units(study, line(20), values), "learning_rate", "high")

    assert found.status == "problem"


@pytest.mark.rule("C1")
def test_a_natural_limit_is_skipped():
    study = factories.study({"dropout": Real(0.0, 0.5)})
    units = line(20)

    found = side(study, at_units(study, units, [unit for (unit,) in units]), "dropout", "low")

    assert (found.status, found.natural) == ("ok", True)


def test_a_tiny_bound_is_no_natural_limit():
    study = factories.study({"epsilon": Real(1e-12, 1e-6, log=True)})
    units = line(20)

    found = side(study, at_units(study, units, [unit for (unit,) in units]), "epsilon", "low")

    assert (found.status, found.natural) == ("problem", False)


def test_equal_values_are_unclear():
    study = factories.study()

    assert statuses(study, at_units(study, [[0.1, 0.1]] * 20, [0.5] * 20)) == {"unclear"}


def test_ties_with_the_last_of_the_top_belong_to_it():
    study = factories.study({"learning_rate": RATE})
    units = line(20)
    values = [0.5] * 10 + [0.1] * 10

    assert len(side(study, at_units(study, units, values), "learning_rate", "low").top) == 10


@pytest.mark.parametrize("values", [[], [0.1], [0.1] * 4, [None] * 20, [None] * 15 + [0.2] * 5])
def test_too_few_feasible_trials_are_unclear(values):
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(max(len(values), 1))[: len(values)], values)

    assert statuses(study, records) == {"unclear"}


def test_values_that_are_not_finite_do_not_count():
    study = factories.study({"learning_rate": RATE})
    setting = {"learning_rate": 0.01}
    records = [record(study, k, [float("nan"), float("-inf")], setting) for k in range(20)]

    assert boundary(study, outcomes(study, records)).feasible == 0


def test_the_finding_names_study_hyperparameter_and_side():
    study = factories.study({"learning_rate": RATE})
    records = valley(study, [1.2])

    found = next(
        each
        for each in findings(boundary(study, outcomes(study, records)))
        if each.status == "problem"
    )

    assert found.subject == {"study": "all", "hyperparameter": "learning_rate", "side": "high"}
    assert found.advice.startswith("Extend `learning_rate` above")
    assert set(found.evidence["trials"]) <= set(found.evidence["top"])


@given(
    feasible=st.integers(10, 40),
    there=st.integers(0, 40),
    top=st.integers(1, 10),
    hits=st.integers(0, 10),
)
def test_the_chance_is_the_hypergeometric_tail(feasible, there, top, hits):
    there = min(there, feasible)
    study = factories.study({"learning_rate": RATE})
    found = outcomes(study, at_units(study, [[0.5]] * feasible, list(range(feasible))))
    crowd = TopTrials(ranked(found), 1, BoundaryThresholds(top=top))

    tail = hypergeom(feasible, there, top).sf(hits - 1)

    assert crowd.chance(there, hits) == pytest.approx(tail, abs=1e-9)


@pytest.mark.parametrize("dimensions", [4, 6, 8])
def test_a_cut_off_optimum_is_found_among_many_that_matter_as_much(dimensions):
    domains: dict[str, Domain] = {f"x{k}": Real(0.1, 0.9) for k in range(dimensions)}
    studies = [factories.study(domains, seed=seed) for seed in range(20)]
    bottom = [1.25] + [0.5] * (dimensions - 1)

    found = [("x0", "high") in problems(each, random_valley(each, bottom, 50)) for each in studies]

    assert sum(found) >= 0.9 * len(studies)


def test_where_nothing_matters_there_is_hardly_an_alarm():
    studies = [factories.study(seed=seed) for seed in range(60)]
    drawn = [np.random.default_rng(seed) for seed in range(60)]
    units = [rng.random((30, 2)).tolist() for rng in drawn]
    values = [rng.random(30).tolist() for rng in drawn]

    alarms = [
        "problem" in statuses(study, at_units(study, unit, value))
        for study, unit, value in zip(studies, units, values, strict=True)
    ]

    assert sum(alarms) <= 3


def test_the_finding_says_how_surely_the_objective_still_improves():
    study = factories.study()

    found = next(
        each
        for each in findings(boundary(study, outcomes(study, valley(study, [1.4, 0.5], 40))))
        if each.status == "problem"
    )

    assert "the objective still improves there (9" in found.message
    assert "by their values its best lies there (99 % likely)" in found.message
    assert found.evidence["fall"] >= found.evidence["min_fall"]


def test_an_optimum_beyond_where_training_breaks_is_a_notice_of_D3():
    study = factories.study({"learning_rate": RATE})
    values = [None if unit > 0.7 else (1.2 - unit) ** 2 for (unit,) in line(40)]

    found = side(study, at_units(study, line(40), values), "learning_rate", "high")

    assert (found.status, found.cliff, found.falling) == ("notice", True, True)


def test_one_trial_that_broke_next_to_the_bound_is_no_cliff():
    study = factories.study({"learning_rate": RATE})
    values = [(1.2 - unit) ** 2 for (unit,) in line(40)]
    records = at_units(study, line(40), [None, *values[1:-1], None])

    assert side(study, records, "learning_rate", "high").status == "problem"


def test_a_bound_that_was_only_observed_says_so_everywhere():
    study = replace(factories.study(), observed=("share",))

    found = findings(boundary(study, outcomes(study, valley(study, [0.5, 1.3], 30))))

    assert [each.evidence["observed"] for each in found] == [False, False, True, True]
    assert "the largest value tried, 0.9, of `share`" in found[-1].message


def test_a_trial_without_the_metric_is_not_in_the_edge():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(20), [unit for (unit,) in line(20)])
    silent = record(study, 99, [], {"learning_rate": 1e-1}, status="completed")

    assert boundary(study, outcomes(study, [*records, silent])) == boundary(
        study, outcomes(study, records)
    )


def test_the_best_few_stand_on_every_axis():
    study = factories.study()
    records = valley(study, [0.5, 0.4])

    tops = boundary(study, outcomes(study, records)).tops

    assert [top.hyperparameter for top in tops] == ["learning_rate", "share"]
    assert tops[0].trials == side(study, records, "share", "low").top


LAWS = [
    ("shuffled", lambda study, records: (study, records[::-1])),
    ("rescaled", lambda study, records: (study, revalued(records, lambda x: 40 * x - 7))),
    (
        "maximized",
        lambda study, records: (replace(study, maximize=True), revalued(records, lambda x: -x)),
    ),
]


def revalued(records, change):
    def points_of(one):
        rows_P = one.points.rows_P.copy()
        rows_P["value"] = [change(value) for value in rows_P["value"]]
        return replace(one.points, rows_P=rows_P)

    return [replace(one, points=points_of(one)) for one in records]


def noisy(study, bottom, seed, noise=0.05, count=24):
    rng = np.random.default_rng(seed)
    unit_TxD = rng.random((count, len(bottom)))
    losses_T = ((unit_TxD - np.asarray(bottom)) ** 2).sum(axis=1)
    losses_T += rng.normal(0, noise * np.ptp(losses_T), count)
    return at_units(study, unit_TxD.tolist(), losses_T.tolist())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("change", [law for _, law in LAWS], ids=[name for name, _ in LAWS])
def test_order_unit_and_direction_of_the_metric_change_no_side(change, seed):
    study = factories.study(seed=seed)
    records = noisy(study, [1.0 + 0.1 * seed, 0.5], seed)

    plain = boundary(study, outcomes(study, records)).sides
    changed_study, changed = change(study, records)
    other = boundary(changed_study, outcomes(changed_study, changed)).sides

    assert [each.status for each in other] == [each.status for each in plain]


@pytest.mark.parametrize("seed", range(6))
def test_a_mirrored_axis_has_mirrored_sides(seed):
    study = factories.study({"x": Real(0.0, 1.0, limits=None), "y": Real(0.0, 1.0)})
    records = noisy(study, [1.0 + 0.1 * seed, 0.5], seed)
    mirrored = [
        replace(one, setting={**one.setting, "x": round(1.0 - one.setting["x"], 10)})
        for one in records
    ]

    assert side(study, mirrored, "x", "low").status == side(study, records, "x", "high").status


def test_another_name_of_the_same_entry_changes_no_side():
    plain = factories.study({"learning_rate": RATE, "share": SHARE})
    other = factories.study({"lr": RATE, "share": SHARE})

    assert [
        each.status for each in boundary(plain, outcomes(plain, noisy(plain, [1.2, 0.5], 3))).sides
    ] == [
        each.status for each in boundary(other, outcomes(other, noisy(other, [1.2, 0.5], 3))).sides
    ]


def ridge(study, best, count=20):
    """Losses in nats over a rate and a batch: the best rate moves with the batch, steep above."""
    unit_TxD = points(2, 5, count)
    batch_T, rate_T = 2.0 * unit_TxD[:, 0], 1.5 * unit_TxD[:, 1]
    away_T = rate_T - best - 0.7 * (batch_T - 1.0)
    rise_T = np.where(away_T > 0, 1.5, 0.1) * away_T**2 + 0.04 * (batch_T - 1.0) ** 2
    return at_units(study, unit_TxD.tolist(), (2.5 + rise_T).tolist())


RIDGE = {"batch": Real(32, 4096, log=True), "rate": Real(1e-4, 1e-2, log=True)}


@pytest.mark.parametrize("best", [2.0, 2.2])
def test_a_bound_that_costs_a_hundredth_of_a_nat_is_found_on_a_smooth_ridge(best):
    study = factories.study(RIDGE)

    assert ("rate", "high") in problems(study, ridge(study, best))


@pytest.mark.parametrize("best", [0.5, 0.75, 1.0])
def test_a_smooth_ridge_inside_is_no_problem(best):
    study = factories.study(RIDGE)

    assert problems(study, ridge(study, best)) == []


RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]


def listed(choice, values):
    study = factories.study({"lr": choice})
    records = [record(study, k, value, {"lr": rate}) for k, (rate, value) in enumerate(values)]
    return study, records


def test_a_list_of_numbers_ends_too_early_where_its_largest_is_the_best():
    values = [(rate, -place + 0.01 * k) for place, rate in enumerate(RATES) for k in range(5)]
    study, records = listed(Choice(RATES[::-1]), values)

    found = findings(boundary(study, outcomes(study, records)))

    assert problems(study, records) == [("lr", "high")]
    assert found[1].advice == "Add a value above 0.01 to `lr` and run again."


def test_a_list_of_numbers_whose_best_is_an_inner_one_is_wide_enough():
    values = [
        (rate, abs(place - 2) + 0.01 * k) for place, rate in enumerate(RATES) for k in (0, 1, 2, 3)
    ]

    assert problems(*listed(Choice(RATES), values)) == []


def test_two_numbers_may_be_a_switch_and_have_no_sides():
    study, records = listed(Choice([0, 1]), [(k % 2, k % 2 + 0.01 * k) for k in range(20)])

    assert boundary(study, outcomes(study, records)).sides == ()


def sampled(bottom, count=60, seed=0):
    """A study of another tool whose search crowds where it found the best."""
    study = replace(factories.study({"learning_rate": RATE, "share": SHARE}), search="imported")
    rng = np.random.default_rng(seed)
    unit_TxD = rng.random((count, 2))
    unit_TxD[10:, 0] = np.clip(rng.normal(min(bottom, 1.0), 0.08, count - 10), 0, 1)
    losses_T = (unit_TxD[:, 0] - bottom) ** 2 + rng.normal(0, 0.01, count)
    return study, at_units(study, unit_TxD.tolist(), losses_T.tolist())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("bottom", "found"), [(0.85, False), (0.15, False), (1.3, True)])
def test_where_a_sampler_crowds_only_values_are_evidence(bottom, found, seed):
    assert (("learning_rate", "high") in problems(*sampled(bottom, seed=seed))) == found


@pytest.mark.parametrize("bottom", [-0.3, 0.5, 1.3])
@pytest.mark.parametrize("natural", [False, True])
def test_what_is_said_is_short(bottom, natural):
    study = factories.study({"dropout" if natural else "rate": Real(0.0, 0.5)})

    for found in findings(boundary(study, outcomes(study, random_valley(study, [bottom])))):
        assert len(found.headline.split()) <= 14
        assert all(len(sentence.split()) <= 30 for sentence in found.message.split(". "))
        assert "C1" not in found.headline + found.message + found.advice


def imported(case, metric, **options):
    return import_result(shared_case(case), metric, **options)


def shared_case(name):
    path = DATA.parent / "cases" / "import" / name
    if not path.exists():
        pytest.skip(f"../shared/cases/import/{name} is absent")
    return path


def edges(result):
    return {
        (each.subject["hyperparameter"], each.subject["side"])
        for each in result.findings
        if each.check == "boundary" and each.status == "problem"
    }


def test_the_case_choices_of_numbers_is_extended_above():
    result = imported("choices-of-numbers", "score", maximize=True)

    assert edges(result) == {("lr", "high")}
    assert [
        (edit.path, edit.new) for edit in result.next().recommendations if edit.rule == "C1"
    ] == [("nuisance.lr", (1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2))]


def test_the_case_tpe_interior_optimum_has_no_edge_and_its_rate_is_not_raised():
    result = imported("tpe-interior-optimum", "score", maximize=True)

    assert edges(result) == set()
    assert not any(edit.part == "high" for edit in result.next().recommendations)


def test_the_case_uniform_over_two_decades_is_linear_and_has_no_edge():
    result = imported("uniform-over-two-decades", "loss")

    assert result.experiment.nuisance["clip"].scale == "linear"
    assert edges(result) == set()

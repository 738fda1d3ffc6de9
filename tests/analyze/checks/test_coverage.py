from __future__ import annotations

from dataclasses import replace

import pytest
from tests import factories
from tests.factories import RATE, record

from etude.analyze.checks.coverage import coverage, findings
from etude.analyze.views.outcomes import outcomes
from etude.space import Choice, Integer, Real
from etude.study import Prior

from ..trials import at_units, valley


def line(count: int) -> list[list[float]]:
    return [[(k + 0.5) / count] for k in range(count)]


def parabola(count: int) -> list[float]:
    return [(unit - 0.5) ** 2 for (unit,) in line(count)]


def test_many_trials_of_a_smooth_valley_leave_no_doubt():
    study = factories.study({"learning_rate": RATE})

    found = coverage(study, outcomes(study, at_units(study, line(40), parabola(40))))

    assert (found.status, len(found.good), found.doubts) == ("ok", 4, ())


@pytest.mark.rule("C2")
def test_a_clean_report_says_that_density_cannot_be_proven():
    study = factories.study({"learning_rate": RATE})

    found = findings(coverage(study, outcomes(study, at_units(study, line(40), parabola(40)))))[0]

    assert "which cannot be proven" in found.message
    assert found.advice == ""


@pytest.mark.rule("C2")
@pytest.mark.parametrize(("count", "status", "more"), [(10, "problem", 50), (20, "notice", 40)])
def test_few_trials_for_the_dimensions_ask_for_more(count, status, more):
    study = factories.study({f"x{k}": Real(0.1, 0.9) for k in range(6)})

    found = coverage(study, outcomes(study, valley(study, [0.5] * 6, count)))

    assert (found.status, found.more) == (status, more)
    assert f"Run about {more} more trials" in findings(found)[0].advice


def test_infeasible_trials_make_more_of_them_needed():
    study = factories.study()
    values = [0.01 * k if k % 2 else None for k in range(30)]
    units = [[(k + 0.5) / 30, (7 * k % 30 + 0.5) / 30] for k in range(30)]

    found = coverage(study, outcomes(study, at_units(study, units, values)))

    assert (found.feasible, found.needed, found.more) == (15, 20, 10)


def test_good_is_within_the_noise_where_settings_were_trained_again():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(30), [0.5 - 0.01 * k for k in range(30)])
    again = [
        record(study, 100 + k, value, {"learning_rate": 1e-3})
        for k, value in enumerate((0.46, 0.5, 0.54))
    ]

    found = coverage(study, outcomes(study, [*records, *again]))

    assert found.noise == pytest.approx(0.04)
    assert len(found.good) == 5


def test_a_lonely_best_is_a_notice_where_the_noise_is_known():
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(30), [0.5] * 29 + [0.1])
    again = [
        record(study, 100 + k, value, {"learning_rate": 1e-3})
        for k, value in enumerate((0.49, 0.5, 0.51))
    ]

    found = coverage(study, outcomes(study, [*records, *again]))

    assert found.status == "notice"
    assert "nly the best itself lies within" in findings(found)[0].message


def test_a_gap_amid_the_good_trials_is_named():
    study = factories.study({"share": Real(0.0, 1.0)})
    units = [[k / 100] for k in range(30)] + [[0.7 + k / 100] for k in range(30)]
    values = [abs(unit - 0.5) for (unit,) in units]

    found = findings(coverage(study, outcomes(study, at_units(study, units, values))))[0]

    assert found.status == "notice"
    assert "o trial lies between 0.29 and 0.7 of `share`" in found.message


def test_a_value_of_a_choice_without_a_trial_is_named():
    study = factories.study({"activation": Choice(["relu", "gelu"]), "learning_rate": RATE})
    records = at_units(study, [[0.2, unit] for (unit,) in line(40)], parabola(40))

    assert (
        "o trial has gelu for `activation`"
        in findings(coverage(study, outcomes(study, records)))[0].message
    )


def test_a_valley_that_still_pays_says_what_twice_the_trials_would_bring():
    study = factories.study({f"x{k}": Real(0.1, 0.9) for k in range(3)})
    found = coverage(study, outcomes(study, valley(study, [0.3, 0.6, 0.4], 32)))

    twice = coverage(study, outcomes(study, valley(study, [0.3, 0.6, 0.4], 64)))

    assert found.gain is not None
    assert twice.gain is not None
    assert 0 < twice.gain < found.gain


def test_the_gain_is_that_of_the_closed_form():
    study = factories.study({"learning_rate": RATE})
    values = [float(k) for k in range(20)]

    found = coverage(study, outcomes(study, at_units(study, line(20), values)))

    # The mean of the best of k of the numbers 0 to 19 is (20 - k) / (k + 1).
    quarter, half = 15 / 6, 10 / 11
    assert found.gain == pytest.approx(half**2 / (quarter - half))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "0 feasible trials, and 10"),
        ([0.1], "1 feasible trial, and 10"),
        ([None] * 20, "0 feasible trials, and 10"),
        ([float("nan")] * 20, "0 feasible trials, and 10"),
        ([0.3] * 20, "all 20 feasible trials have the same value"),
    ],
)
def test_what_cannot_be_judged_is_unclear_with_its_reason(values, reason):
    study = factories.study({"learning_rate": RATE})
    records = at_units(study, line(20)[: len(values)], values)

    found = findings(coverage(study, outcomes(study, records)))[0]

    assert found.status == "unclear"
    assert reason in found.message


def test_settings_listed_by_hand_are_not_judged():
    study = replace(factories.study({"learning_rate": RATE}), listed=({"learning_rate": 0.1},))

    assert "listed by hand" in coverage(study, outcomes(study, [])).reason


def test_whole_numbers_are_no_gaps():
    study = factories.study({"depth": Integer(1, 4), "learning_rate": RATE})
    units = [[(k % 4 + 0.5) / 4, (k + 0.5) / 40] for k in range(40)]
    values = [k % 4 + 0.001 * k for k in range(40)]

    assert coverage(study, outcomes(study, at_units(study, units, values))).axes[0].gap == 0.0


def test_between_the_values_of_a_grid_there_is_no_hole_of_chance():
    study = factories.study({"weight_decay": Real(0.2, 0.9), "learning_rate": RATE})
    values = [0.2, 0.5, 0.9] * 10
    units = [
        [(k + 0.5) / 30, study.space.domains["weight_decay"].unit(value)]
        for k, value in enumerate(values)
    ]

    found = coverage(
        study,
        outcomes(
            study, at_units(study, units, [abs(v - 0.72) + k / 99 for k, v in enumerate(values)])
        ),
    )

    assert any("only 3 values of `weight_decay` were tried" in doubt for doubt in found.doubts)
    assert not any("no trial lies between" in doubt for doubt in found.doubts)


def test_nothing_can_lie_between_neighbouring_whole_numbers():
    study = factories.study({"layers": Integer(1, 4), "learning_rate": RATE})
    units = [[(k % 4 + 0.5) / 4, (k + 0.5) / 40] for k in range(40)]

    found = coverage(
        study,
        outcomes(study, at_units(study, units, [abs(k % 4 - 1.5) + k / 1e4 for k in range(40)])),
    )

    assert {found.axes[0].low, found.axes[0].high} == {2, 3}
    assert found.axes[0].gap == 0.0


def test_where_the_good_ones_lie_is_a_sentence():
    study = factories.study({"learning_rate": RATE})

    found = findings(coverage(study, outcomes(study, at_units(study, line(40), parabola(40)))))[0]

    assert (
        "4 of 40 feasible trials of the study are good (the best tenth): `learning_rate` from"
        in (found.message)
    )
    assert found.headline == "4 of 40 trials are good, without a gap among them"


@pytest.mark.parametrize("count", [4, 12, 40])
def test_what_is_said_of_density_is_short(count):
    study = factories.study({f"x{k}": RATE for k in range(5)})

    (found,) = findings(coverage(study, outcomes(study, valley(study, [0.5] * 5, count))))

    assert len(found.headline.split()) <= 14
    assert all(len(sentence.split()) <= 30 for sentence in found.message.split(". "))
    assert "C2" not in found.headline + found.message + found.advice


def test_repeats_of_a_setting_count_once_by_their_mean():
    study = factories.study({"learning_rate": RATE})
    once = at_units(study, line(40), parabola(40))
    again = [
        replace(one, id=100 * seed + one.id, seed=100 * seed + one.seed)
        for seed in range(1, 4)
        for one in at_units(study, line(40), [0.01 * seed + value for value in parabola(40)])
    ]

    found = coverage(study, outcomes(study, [*once, *again]))

    assert (found.feasible, found.counted) == (40, "setting")
    assert "of 40 feasible settings of the study are good" in findings(found)[0].message
    alone = coverage(study, outcomes(study, once))
    assert found.needed == alone.needed
    assert found.gain == pytest.approx(alone.gain)


def test_of_a_space_of_few_settings_density_is_no_question():
    study = factories.study({name: Choice(["no", "yes"]) for name in "abcd"})
    units = [[0.25 + 0.5 * (k >> bit & 1) for bit in range(4)] for k in range(15)]

    (found,) = findings(
        coverage(study, outcomes(study, at_units(study, units, [0.1 * k for k in range(15)])))
    )

    assert (found.status, found.advice) == ("ok", "")
    assert found.headline == "15 of all 16 settings were tried: density is no question"


def test_changes_of_one_thing_of_a_baseline_are_no_sample():
    study = factories.study({f"x{k}": Real(0.0, 1.0) for k in range(5)})
    base = [0.5] * 5
    units = [base, *([*base[:k], unit, *base[k + 1 :]] for k in range(5) for unit in (0.2, 0.8))]

    (found,) = findings(
        coverage(study, outcomes(study, at_units(study, units, [0.1 * k for k in range(11)])))
    )

    assert (found.status, found.advice) == ("ok", "")
    assert "each of 11 settings changes one thing of a baseline" in found.message


@pytest.mark.parametrize("domain", [Choice([8, 16, 32]), Integer(8, 32)])
def test_between_listed_values_there_is_no_gap(domain):
    study = factories.study({"channels": domain, "learning_rate": RATE})
    units = [[domain.unit(8 if k % 2 else 32), (k + 0.5) / 60] for k in range(60)]
    records = at_units(study, units, [abs(k - 30) + k / 99 for k in range(60)])

    for each in (study, replace(study, observed=("channels",))):
        found = coverage(each, outcomes(each, records))
        assert found.axes[0].gap == 0.0
        assert not any("between" in doubt for doubt in found.doubts)


def of_a_list(search):
    """Twenty trials at the best value of a list, and what a search knew of the others before."""
    rates = Choice([1e-4, 1e-3, 1e-2, 1e-1], ordered=True)
    study = factories.study({"learning_rate": rates, "share": Real(0.1, 0.9)}, search=search)
    # Some lie where the range of another hyperparameter reaches no more.
    before = [Prior({"learning_rate": rate, "share": share}, loss) for rate, share, loss in PRIORS]
    settings = [{"learning_rate": 1e-2, "share": 0.2 + 0.03 * trial} for trial in range(20)]
    settings[1]["learning_rate"] = 1e-1
    records = [record(study, trial, 0.3 + 0.01 * trial, settings[trial]) for trial in range(20)]
    return coverage(replace(study, prior=tuple(before)), outcomes(study, records))


PRIORS = [(1e-4, 0.5, 0.9), (1e-3, 0.95, 0.6), (1e-2, 0.6, 0.4), (1e-1, 0.7, None)]


def test_a_search_that_adapts_has_tried_what_it_began_with():
    found = of_a_list("bayesian")

    assert not [doubt for doubt in found.doubts if "no trial has" in doubt]
    assert found.warm == 2
    assert "no trial has 0.0001, 0.001" in " ".join(of_a_list("quasi_random").doubts)
